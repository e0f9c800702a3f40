//! A number that staff have blocked: its messages are stored, and staff are not notified until it is unblocked.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    Call, HARBOR, PushService, SendOptions, SmsEvent, StaffClient, TIDEWATER, TableUsage, TestResponse, TestStack, ago,
    by_queue,
};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const WORDS: &str = "This number is blocked. Unblock it to text it.";

async fn asks(desk: &StaffClient<'_>, method: Method, conversation: &str) -> TestResponse {
    let request = desk.request(method, &format!("/api/conversations/{conversation}/block"));
    desk.send(request.header("accept", "application/json")).await
}

async fn blocks(desk: &StaffClient<'_>, conversation: &str) -> Value {
    let blocked = asks(desk, Method::PUT, conversation).await;
    assert_eq!(blocked.status, 200, "{}", blocked.body);
    blocked.json()
}

async fn unblocks(desk: &StaffClient<'_>, conversation: &str) {
    let unblocked = asks(desk, Method::DELETE, conversation).await;
    assert_eq!((unblocked.status, &unblocked.json()["blocked"]), (200, &Value::Null), "{}", unblocked.body);
}

async fn inbox(desk: &StaffClient<'_>) -> Vec<(Value, Value)> {
    let items = desk.get("/api/conversations").await.items();
    items.iter().map(|item| (item["last"]["text"].clone(), item["unanswered"].clone())).collect()
}

async fn blocked(desk: &StaffClient<'_>) -> Vec<Value> {
    desk.get("/api/conversations?filter=blocked").await.items()
}

/// Returns the texts of the feed, with one row for each entry and with one for each customer.
async fn feeds(desk: &StaffClient<'_>) -> [Vec<String>; 2] {
    [desk.notifications().await.texts(), desk.get("/api/notifications?by=customer").await.texts()]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_number_sends_is_kept_and_in_no_feed_count_or_inbox() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    stack.phone(SAM).texts(HARBOR, "Is it open today?").await;
    let said = blocks(&dana, &conversation).await;
    assert_eq!((&said["conversation"], &said["blocked"]["by"]), (&json!(conversation), &json!("Dana Whitfield")));
    let open = json!("Is it open today?");
    // Earlier messages of the customer leave the lists, too.
    assert_eq!(feeds(&dana).await, [["Is it open today?"], ["Is it open today?"]]);
    let text = SmsEvent::new("spam", MARIA, HARBOR, "buy now");
    for _ in 0..2 {
        assert!(stack.deliver(&by_queue(std::slice::from_ref(&text))).await.is_empty());
    }
    assert!(
        stack
            .deliver(&by_queue(&[SmsEvent::new("late", MARIA, HARBOR, "buy before").with_time(ago(3600))]))
            .await
            .is_empty()
    );
    assert_eq!(feeds(&dana).await, [["Is it open today?"], ["Is it open today?"]]);
    assert_eq!(inbox(&dana).await, [(open.clone(), json!(1))]);

    let kept = dana.messages(&conversation).await;
    assert_eq!(kept.texts(), ["buy now", "hello", "buy before"], "once, in their places");
    assert_eq!(kept.json()["blocked"], said["blocked"]);
    let marks: Vec<_> = kept.items().iter().map(|item| item["while_blocked"].as_bool().unwrap()).collect();
    assert_eq!(marks, [true, false, true]);
    let list = blocked(&dana).await;
    assert_eq!((list.len(), &list[0]["number"], &list[0]["last"]["text"]), (1, &json!(MARIA), &json!("buy now")));
    assert_eq!((&list[0]["unanswered"], &list[0]["blocked"]), (&json!(0), &said["blocked"]));

    unblocks(&dana, &conversation).await;
    assert_eq!(blocked(&dana).await, [] as [Value; 0]);
    assert_eq!(inbox(&dana).await, [(json!("buy now"), json!(0)), (open, json!(1))], "it is in the inbox again");
    let both = ["Is it open today?".to_owned(), "hello".to_owned()];
    assert_eq!(
        feeds(&dana).await,
        [both.clone(), both],
        "what came while blocked stays out, what came before does not"
    );
    stack.phone(MARIA).texts(HARBOR, "sorry").await;
    assert_eq!(inbox(&dana).await[0], (json!("sorry"), json!(1)), "and what comes from now on is told of");
    assert_eq!(feeds(&dana).await[1], ["sorry", "Is it open today?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_texts_a_blocked_number_until_it_is_unblocked() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let conversation = dana.hears_from(MARIA).await;
    stack.phone(MARIA).next_is("spend-limit").await;
    dana.replies(&conversation, "hello?").await;
    let failed = dana.messages(&conversation).await.items().remove(0);
    blocks(&dana, &conversation).await;
    for refused in [
        marcus.replies(&conversation, "one").await,
        marcus.writes_first("(425) 555-0182", "two").await,
        marcus.sends_again(&failed).await,
    ] {
        assert_eq!((refused.status, refused.code(), refused.sentence()), (409, "blocked".into(), WORDS.to_owned()));
    }
    assert_eq!(stack.phone(MARIA).received_messages().await.len(), 0);
    assert_eq!(dana.messages(&conversation).await.items().len(), 2, "nothing of ours was recorded");
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    let texting = dana.get("/api/appointments/A-1").await.json()["texting"].clone();
    assert_eq!((&texting["reason"], &texting["message"]), (&json!("blocked"), &json!(WORDS)));
    unblocks(&marcus, &conversation).await;
    assert_eq!(marcus.replies(&conversation, "three").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocking_twice_is_blocking_once_and_both_stand_in_the_history() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let conversation = dana.hears_from(MARIA).await;
    unblocks(&dana, &conversation).await;
    let first = blocks(&dana, &conversation).await;
    assert_eq!(blocks(&marcus, &conversation).await, first, "who blocked it first, and when");
    unblocks(&marcus, &conversation).await;
    unblocks(&dana, &conversation).await;
    let history = dana.get(&format!("/api/conversations/{conversation}/history")).await.items();
    let done: Vec<_> = history.iter().map(|item| (item["by"].clone(), item["done"].clone())).collect();
    assert_eq!(done, [(json!("Marcus Bell"), json!("unblocked")), (json!("Dana Whitfield"), json!("blocked"))]);
    let nobody = "0".repeat(32);
    for method in [Method::PUT, Method::DELETE] {
        let answer = asks(&dana, method, &nobody).await;
        assert_eq!((answer.status, answer.code()), (404, "no-conversation".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_of_one_company_and_a_session_that_is_over_blocks_nothing() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let conversation = dana.hears_from(MARIA).await;
    stack.phone(MARIA).texts(TIDEWATER, "hello").await;
    assert_eq!(asks(&josie, Method::PUT, &conversation).await.status, 404);
    blocks(&dana, &conversation).await;
    assert_eq!(asks(&josie, Method::DELETE, &conversation).await.status, 404);
    assert_eq!((blocked(&josie).await.len(), blocked(&dana).await.len()), (0, 1));
    stack.phone(MARIA).texts(TIDEWATER, "and to you").await;
    assert_eq!(josie.notifications().await.texts(), ["and to you", "hello"]);
    let left = stack.sign_in("harbor-dental.marcus").await;
    left.get("/api/session").await;
    left.post("/api/sign-out", &json!({}), SendOptions::default()).await;
    for method in [Method::PUT, Method::DELETE] {
        assert_eq!(asks(&left, method, &conversation).await.status, 401);
    }
    assert_eq!(blocked(&dana).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_is_heard_and_confirmed_from_a_blocked_number_too() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    blocks(&dana, &conversation).await;
    stack.phone(MARIA).texts(HARBOR, "STOP").await;
    assert_eq!(stack.phone(MARIA).received_messages().await.len(), 1, "the one text that the law has for it");
    assert_eq!(dana.messages(&conversation).await.json()["opted_out"]["keyword"], "STOP");
    unblocks(&dana, &conversation).await;
    let refused = dana.replies(&conversation, "hello").await;
    assert_eq!((refused.status, refused.code()), (422, "opted-out".to_owned()));
    assert!(feeds(&dana).await.iter().all(|feed| *feed == ["hello"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_a_blocked_number_is_as_quiet_and_its_appointment_has_the_answer() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    let conversation = dana.get("/api/appointments/A-1").await.json()["conversation"].as_str().unwrap().to_owned();
    // The conversation has no messages yet. It exists because of the appointment.
    blocks(&dana, &conversation).await;
    let call = Call::new("c-1", HARBOR, MARIA, "A-1");
    stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")]).await;
    stack.flow(&call.pressed("2")).await;
    assert_eq!(feeds(&dana).await, [[] as [String; 0], []]);
    assert_eq!(inbox(&dana).await.len(), 0);
    assert_eq!(dana.messages(&conversation).await.items()[0]["while_blocked"], true);
    assert_eq!(dana.get("/api/appointments/A-1").await.json()["status"], "declined");
    unblocks(&dana, &conversation).await;
    assert_eq!(inbox(&dana).await[0].1, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_outlives_what_was_said_and_what_is_erased() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    blocks(&dana, &conversation).await;
    let pk = format!("CONVERSATION#harbor-dental#{conversation}");
    let item =
        stack.table("GetItem", json!({"Key": {"pk": {"S": pk}, "sk": {"S": "NUMBERBLOCK"}}})).await["Item"].clone();
    assert!(item["expires_at"].is_null(), "{item}");
    // Deletes the conversation summary, as if it had expired.
    stack.table("DeleteItem", json!({"Key": {"pk": {"S": pk}, "sk": {"S": "HEAD"}}})).await;
    let list = blocked(&dana).await;
    assert_eq!((list.len(), &list[0]["number"]), (1, &json!(MARIA)));
    assert_eq!(dana.messages(&conversation).await.json()["blocked"]["by"], "Dana Whitfield", "it can be looked at");
    assert_eq!(dana.writes_first(MARIA, "hello").await.code(), "blocked");
    stack.phone(MARIA).texts(HARBOR, "it is me").await;
    assert_eq!((feeds(&dana).await, inbox(&dana).await), ([vec![], vec![]], vec![]));

    let path = format!("/api/conversations/{conversation}/customer-data");
    let erased = dana.send(dana.request(Method::DELETE, &path).header("accept", "application/json")).await;
    assert_eq!(erased.status, 200, "{}", erased.body);
    let list = blocked(&dana).await;
    assert_eq!((list.len(), &list[0]["number"]), (1, &Value::Null), "blocked still, and nothing says who it was");
    stack.phone(MARIA).texts(HARBOR, "still me").await;
    assert_eq!((feeds(&dana).await, inbox(&dana).await), ([vec![], vec![]], vec![]));
    unblocks(&dana, &conversation).await;
    assert_eq!(inbox(&dana).await, [(json!("still me"), json!(0))]);
}

/// Texts arrive while the number is blocked and unblocked. Each text either notifies staff, or is stored without a
/// notification.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_comes_at_the_moment_of_blocking_is_told_of_or_kept_quietly_and_never_half() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let texts: Vec<_> = (0..24)
        .map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, &format!("text {n}")).with_time(ago(60 - n)))
        .collect();
    let coming = async {
        for text in texts.chunks(4) {
            assert!(stack.deliver(&by_queue(text)).await.is_empty());
        }
    };
    let blocking = async {
        for _ in 0..3 {
            blocks(&dana, &conversation).await;
            unblocks(&dana, &conversation).await;
        }
    };
    tokio::join!(coming, blocking);
    let items = dana.everything(&format!("/api/conversations/{conversation}/messages")).await;
    assert_eq!(items.len(), 25, "nothing is lost");
    let told: Vec<_> =
        items.iter().filter(|item| item["while_blocked"] == false).map(|it| it["text"].clone()).collect();
    let feed: Vec<_> =
        dana.everything("/api/notifications?limit=100").await.iter().map(|it| it["text"].clone()).collect();
    assert_eq!(feed, told, "what was told of is in the feed, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_see_at_once_that_a_number_is_blocked_and_that_it_is_no_more() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let mut socket = marcus.goes_live().await;
    let conversation = dana.hears_from(MARIA).await;
    socket.sees("hello").await;
    blocks(&dana, &conversation).await;
    let frame = socket.sees("data-blocked").await;
    assert!(frame.contains("by Dana Whitfield"), "{frame}");
    assert!(
        frame.contains(&format!(r#"<template data-live="not-listed" data-conversation="{conversation}">"#)),
        "{frame}"
    );
    stack.phone(MARIA).texts(HARBOR, "buy now").await;
    let frame = socket.sees("buy now").await;
    assert!(frame.contains("came while blocked"), "{frame}");
    for list in ["notifications", "recent", "conversations"] {
        assert!(!frame.contains(&format!(r#"data-live="{list}""#)), "{list} in {frame}");
    }
    unblocks(&dana, &conversation).await;
    let frame = socket.sees(r#"data-live="notifications" data-refresh"#).await;
    assert!(frame.contains(r#"data-live="conversations""#) && !frame.contains("data-blocked"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_number_is_pushed_to_nobody() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let browser = service.browser("ok", "hers");
    dana.puts_subscription(&browser.browser, &browser.subscription()).await;
    let conversation = dana.hears_from(MARIA).await;
    assert_eq!(service.sends(&browser, 1).await[0]["body"], "hello");
    blocks(&dana, &conversation).await;
    stack.phone(MARIA).texts(HARBOR, "buy now").await;
    stack.phone(SAM).texts(HARBOR, "Is it open today?").await;
    let pushed = service.sends(&browser, 2).await;
    assert_eq!((&pushed[1]["body"], &pushed[1]["unanswered"]), (&json!("Is it open today?"), &json!(1)));
    unblocks(&dana, &conversation).await;
    stack.phone(MARIA).texts(HARBOR, "sorry").await;
    assert_eq!(service.sends(&browser, 3).await[2]["body"], "sorry");
}

/// Customers whose numbers are blocked do not take rows from the ten newest customers.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_has_ten_customers_whoever_is_blocked() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let texts: Vec<_> = (0..15)
        .map(|n| {
            SmsEvent::new(&n.to_string(), &format!("+142555501{n:02}"), HARBOR, &format!("text {n}"))
                .with_time(ago(90 - n))
        })
        .collect();
    stack.deliver(&by_queue(&texts)).await;
    for n in [14, 12] {
        let conversation = dana.conversation_with(&format!("+142555501{n:02}")).await;
        blocks(&dana, &conversation).await;
    }
    let expected: Vec<_> = [13, 11, 10, 9, 8, 7, 6, 5, 4, 3].map(|n| format!("text {n}")).into();
    assert_eq!(dana.get("/api/notifications?by=customer&limit=10").await.texts(), expected);
}

async fn cost<T>(stack: &TestStack, work: impl Future<Output = T>) -> TableUsage {
    let before = stack.usage().await;
    work.await;
    stack.usage().await.since(&before)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_a_blocked_number_is_two_requests_and_its_repeat_one() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    dana.get("/api/session").await;
    let block = cost(&stack, blocks(&dana, &conversation)).await;
    assert_eq!(block.counts(), [("BatchGetItem", 1), ("TransactWriteItems", 1)]);
    let text = by_queue(&[SmsEvent::new("1", MARIA, HARBOR, "buy now")]);
    assert_eq!(cost(&stack, stack.deliver(&text)).await.counts(), [("TransactWriteItems", 2)]);
    assert_eq!(cost(&stack, stack.deliver(&text)).await.counts(), [("TransactWriteItems", 1)]);
    let list = cost(&stack, blocked(&dana)).await;
    assert_eq!(list.counts(), [("BatchGetItem", 1), ("Query", 1)]);
}
