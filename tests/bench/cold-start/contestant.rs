//! The programs that the benchmark compares, and how they are started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::scene::{self, Fixture};

pub(crate) struct BenchmarkTarget {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<PathBuf>,
    pub(crate) zip: Option<PathBuf>,
    pub(crate) asked: Task,
}

/// What a contestant does in one invocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Does nothing. The event is the same as for `Query`.
    Nothing,
    /// Makes the DynamoDB query of `fetch-conversation`. The event contains the query's input.
    Query,
    Page,
    Conversations,
    /// Fetches a customer's history.
    History,
    /// Refreshes the notifications once, and then conditionally. The conditional refreshes find nothing new.
    RefreshAgain,
    Inbound,
    Reply,
    Authorize,
    Appointment,
    Call,
    /// Handles a delivery receipt for a message that does not exist, so that each invocation sends the same requests to
    /// the table.
    Receipt,
    Session,
    Browsers,
    /// Opens a WebSocket.
    Socket,
    /// Shows a text on open pages, from its stream record.
    ShowChange,
    /// Handles the same stream record in a company in which nobody has turned notifications on. The stack allows no
    /// push service.
    PushChange,
}

/// The settings with which a contestant is started.
pub(crate) struct BenchmarkEnvironment<'a> {
    pub(crate) runtime_api: String,
    pub(crate) endpoint: &'a str,
    /// The trusted root certificates, as many as in a deployment.
    pub(crate) roots: &'a Path,
    /// The value of `PATH`.
    pub(crate) path: &'a OsStr,
}

impl Task {
    pub(crate) fn event(self, scene: &Fixture, n: usize) -> Value {
        match self {
            Self::Nothing | Self::Query => scene.query(),
            Self::Page => scene.page(),
            Self::Conversations => scene.conversations(),
            Self::History => scene.history(),
            Self::RefreshAgain if n > 0 => scene.refresh_again(),
            Self::RefreshAgain => scene.refresh(),
            Self::Inbound => scene::inbound(unique()),
            Self::Reply => scene.reply(unique()),
            Self::Authorize => scene.cookie(),
            Self::Appointment => scene.appointment(),
            Self::Call => scene::confirmed(unique()),
            Self::Receipt => scene::receipt(),
            Self::Session => scene.session(),
            Self::Browsers => scene.browsers(),
            Self::Socket => scene.socket(unique()),
            Self::ShowChange | Self::PushChange => scene.change(),
        }
    }

    /// Returns whether the invocation succeeded. Otherwise a contestant could win by failing.
    pub(crate) fn is_done_by(self, answer: &Value, n: usize) -> bool {
        let body = || answer["body"].as_str().unwrap_or_default();
        match self {
            Self::Nothing => answer["limit"] == 32,
            Self::Query => answer["statusCode"] == 200 && body().contains("half past three"),
            Self::RefreshAgain if n > 0 => answer["statusCode"] == 304,
            Self::Page | Self::Conversations | Self::RefreshAgain => {
                answer["statusCode"] == 200 && body().contains("half past three")
            }
            Self::History => answer["statusCode"] == 200 && body().contains("entered the appointment"),
            Self::Inbound | Self::Receipt | Self::ShowChange | Self::PushChange => {
                answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty)
            }
            Self::Reply => answer["statusCode"] == 201,
            Self::Authorize => answer["context"]["session"] == "live",
            Self::Appointment => answer["statusCode"] == 200 && body().contains("Maria Lopez"),
            Self::Call => answer["result"] == "confirmed",
            Self::Session => answer["statusCode"] == 200 && body().contains("Dana Whitfield"),
            Self::Browsers => answer["statusCode"] == 200 && body().contains("push-settings"),
            Self::Socket => answer["statusCode"] == 200,
        }
    }
}

/// Returns a number that no other invocation has used.
fn unique() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl BenchmarkTarget {
    pub(crate) fn start(&self, with: &BenchmarkEnvironment<'_>) -> Child {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", with.path)
            .env("LANG", "C.UTF-8")
            .env("AWS_LAMBDA_RUNTIME_API", &with.runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", self.name.replace([' ', ','], "-"))
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "it")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "it")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_ENDPOINT_URL", with.endpoint)
            .env("SSL_CERT_FILE", with.roots)
            .env("NODE_EXTRA_CA_CERTS", with.roots)
            .env("AWS_CA_BUNDLE", with.roots)
            .env("SWITCHBOARD_TABLE", local::TABLE)
            .env("SWITCHBOARD_SMS_PROVIDER", "EndUserMessaging")
            // All invocations are requests of one person.
            .env("SWITCHBOARD_STAFF_LIMITS", "999999/999999")
            .env("SWITCHBOARD_COMPANY_LIMITS", "999999/999999")
            .env("SWITCHBOARD_NUMBER_LIMITS", "999999/999999")
            .env("SWITCHBOARD_LIVE_ENDPOINT", format!("{}/local/live", with.endpoint))
            .env("SWITCHBOARD_SIGN_IN_SECRET", "switchboard/sign-in")
            .env("SWITCHBOARD_PUSH_SECRET", "switchboard/push")
            .env("SWITCHBOARD_PUSH_RETRIES", format!("{}/local/push-retries", with.endpoint))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()))
    }
}
