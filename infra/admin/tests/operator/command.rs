use std::collections::BTreeMap;

use serde_json::Value;
use tests::TestStack;
use tokio::process::Command;

/// The output and exit code of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl CommandOutput {
    /// Asserts that the command succeeded, and returns its output.
    #[track_caller]
    pub(crate) fn succeeds(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// Asserts that the command was refused or failed, and returns its error message.
    #[track_caller]
    pub(crate) fn fails(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        self.err
    }
}

/// Runs the command without a terminal, as a script would.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> CommandOutput {
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard-admin"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    CommandOutput { code: output.status.code().expect("it ends"), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the command on a local stack.
pub(crate) async fn on(stack: &TestStack, arguments: &[&str]) -> CommandOutput {
    let local = format!("--local={}", stack.origin());
    run(&[&[local.as_str()], arguments].concat(), &[]).await
}

/// Returns the list that a command prints as JSON.
pub(crate) async fn listed(stack: &TestStack, arguments: &[&str]) -> Vec<Value> {
    let listed = on(stack, &[arguments, &["--json"]].concat()).await.succeeds();
    serde_json::from_str(&listed).unwrap_or_else(|_| panic!("not a list: {listed}"))
}

/// Returns all companies, lines and staff of a stack.
pub(crate) async fn everything(stack: &TestStack) -> BTreeMap<&'static str, Vec<Value>> {
    let mut all = BTreeMap::new();
    for what in ["company", "line", "staff"] {
        all.insert(what, listed(stack, &[what, "list"]).await);
    }
    all
}
