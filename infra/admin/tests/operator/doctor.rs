//! Tests the findings of `doctor` on a local stack.

use serde_json::{Value, json};
use tests::TestStack;

use crate::command::{on, run};

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_nothing_wrong_with_a_stack_that_works() {
    let stack = TestStack::open().await;
    let said = on(&stack, &["doctor"]).await.succeeds();
    for check in ["stack", "table", "sign-in", "issuer", "push-keys", "portal", "directory"] {
        assert!(said.lines().any(|line| line.starts_with(&format!("ok     {check} "))), "{check}: {said}");
    }
    for door in
        ["/api reaches the functions, which require a session", "/live reaches the WebSockets, which require a session"]
    {
        assert!(said.contains(&format!("ok     portal       {door}\n")), "{door}: {said}");
    }
    assert!(said.ends_with("\nNothing is wrong.\n") && !said.contains('?'), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_reports_what_is_missing_and_what_to_do() {
    let stack = TestStack::open().await;
    for staff in ["josie", "tom"] {
        on(&stack, &["staff", "remove", staff, "--company", "tidewater-physio", "--yes"]).await.succeeds();
    }
    let findings = findings(&stack).await;
    let wrong: Vec<_> = findings.iter().filter(|finding| finding["verdict"] == "wrong").collect();
    assert_eq!(
        wrong,
        [&json!({
            "check": "directory", "verdict": "wrong",
            "says": "tidewater-physio has no staff: its inbound messages are not read",
            "do": "switchboard-admin staff add ID --company tidewater-physio --name NAME --email ADDRESS",
        })]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_reports_an_empty_directory() {
    let stack = TestStack::open().await;
    for (company, staff) in
        [("harbor-dental", &["dana", "marcus", "priya"][..]), ("tidewater-physio", &["josie", "tom"])]
    {
        for staff in staff {
            on(&stack, &["staff", "remove", staff, "--company", company, "--yes"]).await.succeeds();
        }
        on(&stack, &["company", "remove", company, "--yes"]).await.succeeds();
    }
    let said = on(&stack, &["doctor"]).await;
    assert_eq!(said.code, 1);
    assert!(said.out.contains("WRONG  directory    there is no company"), "{}", said.out);
    assert!(
        said.out.contains("-> switchboard-admin company add") && said.out.ends_with("\n1 wrong.\n"),
        "{}",
        said.out
    );
    assert!(on(&stack, &["company", "list"]).await.succeeds().contains("`company add` adds one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_stack_that_does_not_run_is_reported() {
    let stack = TestStack::open().await;
    let local = format!("--local={}", stack.origin());
    stack.close().await;
    for command in [&["doctor"][..], &["company", "list"], &["staff", "remove", "a", "--company", "b", "--yes"]] {
        let said = run(&[command, &[&local]].concat(), &[]).await.fails();
        assert!(said.starts_with("No local stack answers at http://localhost:"), "{command:?}: {said}");
    }
}

async fn findings(stack: &TestStack) -> Vec<Value> {
    let said = on(stack, &["doctor", "--json"]).await;
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("not a list: {}{}", said.out, said.err))
}
