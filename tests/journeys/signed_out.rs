//! Requests in a session that has ended, or from a page that was made for another person.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Browser, HARBOR, PushService, SendOptions, StaffClient, TestResponse, TestStack};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const NO_BROWSER: &str = "00000000000000000000000000000000";

/// Sends every kind of write that staff can make. Returns the responses by kind.
async fn writes_all(
    desk: &StaffClient<'_>,
    conversation: &str,
    failed: &Value,
    browser: &Browser,
) -> Vec<(&'static str, TestResponse)> {
    let of = |what: &str| format!("/api/conversations/{conversation}/{what}");
    let post = async |path: &str, body: Value| desk.post(path, &body, SendOptions::default()).await;
    let booking =
        json!({"name": "Sam", "number": SAM, "start": "2027-03-01T17:00:00Z", "minutes": 30, "service": "Cleaning"});
    let draft = json!({"fields": {"to": SAM, "text": "Kept after all"}});
    let erasing = desk.request(Method::DELETE, &of("customer-data")).header("accept", "application/json");
    vec![
        ("a reply", post(&of("messages"), json!({"text": "Sent after all"})).await),
        ("another try", post(&of("messages"), json!({"again": failed["id"]})).await),
        ("a first message", post("/api/messages", json!({"to": SAM, "text": "Sent after all"})).await),
        ("done", post(&of("done"), json!({"through": failed["id"]})).await),
        ("an opt-out", post(&of("opt-out"), json!({})).await),
        ("a booking", post("/api/appointments", booking).await),
        ("a draft", desk.saves_draft("new-message", &draft).await),
        ("a draft's end", desk.deletes_draft("new-message").await),
        ("a browser", desk.is_notified_in(browser).await),
        ("settings", desk.sets_pushes(&json!({"messages": "mine"})).await),
        ("a browser's test", desk.tests_browser(NO_BROWSER).await),
        ("a browser's end", desk.removes_browser(NO_BROWSER).await),
        ("a session elsewhere", desk.ends_session(NO_BROWSER).await),
        ("the sessions elsewhere", desk.ends_sessions("?others=true").await),
        ("all sessions", desk.ends_sessions("").await),
        ("an export", post(&of("customer-data"), json!({})).await),
        ("an erasure", desk.send(erasing).await),
    ]
}

/// Returns a message that failed and can be sent again.
async fn fails_to_reply(desk: &StaffClient<'_>, conversation: &str) -> Value {
    desk.stack.phone(MARIA).next_is("price").await;
    desk.replies(conversation, "Not sent").await;
    desk.messages(conversation).await.items().remove(0)
}

/// Asserts that every kind of write is rejected because the session has ended.
async fn is_refused_everything(desk: &StaffClient<'_>, conversation: &str, failed: &Value, browser: &Browser) {
    for (what, answer) in writes_all(desk, conversation, failed, browser).await {
        assert_eq!((answer.status, answer.code()), (401, "session-ended".to_owned()), "{what}");
    }
}

/// Asserts that none of the writes had an effect.
async fn nothing_is_done(stack: &TestStack, conversation: &str) {
    let drafts = json!({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "DRAFT#harbor-dental"}}});
    assert_eq!(stack.table("Query", drafts).await["Count"], 0);
    let priya = stack.sign_in("harbor-dental.priya").await;
    assert!(
        stack.phone(MARIA).received_messages().await.is_empty()
            && stack.phone(SAM).received_messages().await.is_empty()
    );
    let messages = priya.messages(conversation).await.json();
    assert_eq!((messages["items"].as_array().unwrap().len(), &messages["opted_out"]), (2, &Value::Null));
    assert_eq!(priya.get("/api/appointments?day=2027-03-01").await.items(), Vec::<Value>::new());
    let inbox = priya.get("/api/conversations").await.items();
    assert_eq!((inbox.len(), &inbox[0]["unanswered"]), (1, &json!(1)));
    assert_eq!(priya.browsers().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_nothing_is_done_though_the_gateway_remembers_the_session() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let failed = fails_to_reply(&dana, &conversation).await;
    let browser = service.browser("ok", "dana").browser;
    let out = dana.send(dana.request(Method::POST, "/api/sign-out")).await;
    assert_eq!(out.status, 303);
    assert_eq!(dana.notifications().await.status, 200, "the gateway remembers her");
    is_refused_everything(&dana, &conversation, &failed, &browser).await;
    nothing_is_done(&stack, &conversation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_anything_for_somebody_who_is_no_longer_staff_or_was_signed_out_everywhere() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let failed = fails_to_reply(&dana, &conversation).await;
    let browser = service.browser("ok", "dana").browser;
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#dana"}});
    let later = json!({"N": "99999999999999"});
    let signed_out = json!({"Key": key, "UpdateExpression": "SET sessions_since = :since", "ExpressionAttributeValues": {":since": later}});
    for (operation, request) in [("UpdateItem", signed_out), ("DeleteItem", json!({"Key": key}))] {
        stack.table(operation, request).await;
        is_refused_everything(&dana, &conversation, &failed, &browser).await;
    }
    nothing_is_done(&stack, &conversation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_asks_is_done_only_for_whom_it_was_made() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let conversation = dana.hears_from(MARIA).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let asks = async |desk: &StaffClient<'_>, method: Method, whose: &str| {
        let request = desk.request(method.clone(), &path).header("accept", "application/json").header("x-staff", whose);
        let text = json!({"text": format!("by {whose}")});
        desk.send(if method == Method::POST { request.json(&text) } else { request }).await
    };
    for method in [Method::GET, Method::POST] {
        for whose in ["harbor-dental/dana", "tidewater-physio/marcus", "harbor-dental/", "marcus", ""] {
            let answer = asks(&marcus, method.clone(), whose).await;
            assert_eq!((answer.status, answer.code()), (409, "another-person".to_owned()), "{method} {whose:?}");
            assert_eq!(answer.header("x-staff"), Some("harbor-dental/marcus"), "it says who is signed in");
        }
    }
    assert_eq!(asks(&marcus, Method::GET, "harbor-dental/marcus").await.status, 200);
    assert_eq!(asks(&marcus, Method::POST, "harbor-dental/marcus").await.status, 201);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["by harbor-dental/marcus"]);
    assert_eq!(dana.notifications().await.header("x-staff"), Some("harbor-dental/dana"));
    let unchanged = dana.notifications().await.header("etag").unwrap().to_owned();
    let request = dana.request(Method::GET, "/api/notifications").header("accept", "application/json");
    let unchanged = dana.send(request.header("if-none-match", unchanged)).await;
    assert_eq!((unchanged.status, unchanged.header("x-staff")), (304, Some("harbor-dental/dana")));
    assert_eq!(stack.get("/api/notifications").await.header("x-staff"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_says_whose_session_its_socket_was_opened_with() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let mut hers = dana.goes_live().await;
    let mut theirs = josie.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    let frame = hers.sees("Running late").await;
    assert!(frame.starts_with(r#"<template data-staff="harbor-dental/dana"></template><template"#), "{frame}");
    stack.phone(MARIA).texts(tests::TIDEWATER, "Running late").await;
    assert!(theirs.sees("late").await.starts_with(r#"<template data-staff="tidewater-physio/josie"></template>"#));
}
