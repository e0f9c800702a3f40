use reqwest::Method;
use serde_json::{Value, json};
use tests::{SendOptions, StaffClient, TestStack};

use crate::command::{listed, on};

/// Runs a command that prints an API client's cookie, and returns a client that sends it.
async fn program<'a>(stack: &'a TestStack, command: &[&str]) -> StaffClient<'a> {
    let said = on(stack, &[command, &["--company", "harbor-dental", "--json"]].concat()).await.succeeds();
    let said: Value = serde_json::from_str(&said).unwrap();
    StaffClient { stack, cookie: said["program"]["cookie"].as_str().unwrap().to_owned() }
}

const ADD: [&str; 5] = ["program", "add", "scheduling", "--name", "Scheduling system"];

fn appointment(start: &str) -> Value {
    json!({"name": "Maria Lopez", "number": "+14255550182", "start": start, "minutes": 30})
}

async fn puts(desk: &StaffClient<'_>, body: &Value) -> tests::TestResponse {
    let request = desk.request(Method::PUT, "/api/appointments/A-1").header("accept", "application/json");
    desk.send(request.json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_client_writes_appointments_and_staff_see_its_name() {
    let stack = TestStack::open().await;
    let scheduling = program(&stack, &ADD).await;
    let now = tests::ago(0);
    let put = puts(&scheduling, &appointment(&now)).await;
    assert_eq!((put.status, &put.json()["changed_by"]), (201, &json!("Scheduling system")), "{}", put.body);
    assert_eq!(puts(&scheduling, &appointment(&now)).await.json()["version"], 1, "the same again changes nothing");
    let dana = stack.dana().await;
    assert_eq!(dana.get("/api/appointments/A-1").await.json()["name"], "Maria Lopez");
    assert_eq!(scheduling.get("/api/appointments").await.items()[0]["id"], "A-1");
    let providers = scheduling.get("/api/staff").await.items();
    assert!(
        !providers.is_empty() && providers.iter().all(|it| it["id"] != "scheduling"),
        "nobody has an appointment with it"
    );
    assert_eq!(stack.josie().await.get("/api/appointments/A-1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_client_reads_and_sends_no_messages_and_opens_no_page() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone("+14255550182").texts(tests::HARBOR, "hello").await;
    let conversation = dana.conversation_with("+14255550182").await;
    let scheduling = program(&stack, &ADD).await;
    for path in [
        "/api/notifications",
        "/api/conversations",
        &format!("/api/conversations/{conversation}/messages"),
        "/api/push-subscriptions",
        "/api/drafts/new-message",
        "/api/session",
    ] {
        let refused = scheduling.get(path).await;
        assert_eq!((refused.status, refused.code()), (404, "not-for-programs".to_owned()), "{path}");
    }
    let refused =
        scheduling.post("/api/messages", &json!({"to": "+14255550182", "text": "hi"}), SendOptions::default()).await;
    assert_eq!(refused.code(), "not-for-programs");
    assert_eq!(scheduling.replies(&conversation, "hi").await.code(), "not-for-programs");
    let draft = json!({"fields": {"text": "hi"}});
    assert_eq!(scheduling.saves_draft("new-message", &draft).await.code(), "not-for-programs");
    assert!(stack.phone("+14255550182").received_messages().await.is_empty());
    assert_eq!(scheduling.open_with_headers(&[]).await.err(), Some(tests::HandshakeRejection(403)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_api_client_ends_when_it_is_replaced_or_the_client_is_removed() {
    let stack = TestStack::open().await;
    let first = program(&stack, &ADD).await;
    assert_eq!(first.get("/api/appointments").await.status, 200);
    let second = program(&stack, &["program", "token", "scheduling"]).await;
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(second.get("/api/appointments").await.status, 200);
    // The gateway caches the authorizer's response to the first token for a minute, so the test calls the authorizer.
    let verdict =
        stack.invoke("authorize", &json!({"headers": {"cookie": first.cookie}, "cookies": [first.cookie]})).await;
    assert_eq!(verdict.payload["context"]["session"], "ended");
    let staff = listed(&stack, &["staff", "list", "--company", "harbor-dental"]).await;
    assert!(
        staff.iter().any(|it| it["id"] == "scheduling" && it["login"]["program"] == "harbor-dental/scheduling"),
        "{staff:?}"
    );
    on(&stack, &["staff", "remove", "scheduling", "--company", "harbor-dental", "--yes"]).await.succeeds();
    let verdict = stack.invoke("authorize", &json!({"cookies": [second.cookie]})).await;
    assert_eq!(verdict.payload["context"]["session"], "ended");
    let person = on(&stack, &["program", "token", "dana", "--company", "harbor-dental"]).await.fails();
    assert!(person.contains("is a person"), "{person}");
}
