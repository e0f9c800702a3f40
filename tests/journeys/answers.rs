//! A reply is an answer only if the carrier accepted it and has not reported it as undelivered. Until then every screen
//! shows that the customer waits.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Browser, CustomerPhone, HARBOR, ManualClock, PushService, StaffClient, TestStack};

const MARIA: &str = "+14255550182";

/// Returns Dana, Maria, and their conversation, in which Maria waits for an answer.
async fn open_with_question(stack: &TestStack) -> (StaffClient<'_>, CustomerPhone<'_>, String) {
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    let conversation = dana.hears_from(MARIA).await;
    (dana, maria, conversation)
}

/// Returns Maria's count of unanswered entries, and whether the last message to her was not delivered. Asserts that the
/// feed, the inbox and their screens agree, and that the screens mark her row accordingly.
async fn stands(dana: &StaffClient<'_>) -> (u64, bool) {
    let told = |item: &Value| (item["unanswered"].as_u64().unwrap(), item["not_delivered"].as_bool().unwrap());
    let feed = told(&dana.notifications().await.items()[0]);
    assert_eq!(told(&dana.get("/api/conversations").await.items()[0]), feed, "the inbox and the feed");
    for path in ["/api/notifications", "/api/conversations"] {
        let screen = dana.screen(path).await.body;
        assert_eq!(screen.to_lowercase().contains("needs an answer"), feed.0 > 0, "{path}: {screen}");
        assert_eq!(screen.to_lowercase().contains("not delivered"), feed.1, "{path}: {screen}");
    }
    feed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_service_refuses_answers_nothing() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    assert_eq!(stands(&dana).await, (1, false));
    for why in
        ["invalid-number", "not-verified", "blocked-country", "blocked-number", "spend-limit", "price", "body", "line"]
    {
        maria.next_is(why).await;
        assert_eq!(dana.replies(&conversation, "Yes").await.status, 422, "{why}");
        assert_eq!(stands(&dana).await, (1, true), "{why}");
    }
    maria.texts(HARBOR, "Hello?").await;
    assert_eq!(stands(&dana).await, (2, false), "what is said last is theirs");
    assert_eq!(dana.replies(&conversation, "Yes").await.status, 201);
    assert_eq!(stands(&dana).await, (0, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_of_what_is_theirs_to_mend_and_of_no_number_or_text() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    for (cause, reasons) in [
        ("Message", vec!["invalid-number", "blocked-country", "blocked-number", "price", "body"]),
        ("Ours", vec!["not-verified", "spend-limit", "line"]),
        ("Service", vec!["silent"]),
    ] {
        for why in &reasons {
            maria.next_is(why).await;
            dana.replies(&conversation, "Yes").await;
        }
        let counted = stack.metrics_of("send-reply").await;
        assert_eq!(counted[format!("SendFailed {cause}")], reasons.len(), "{counted}");
    }
    assert_eq!(stack.metrics_of("send-reply").await["SendFailed"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_which_nobody_knows_answers_nothing_until_it_is_known_to_have_been_taken() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    maria.next_is("silent").await;
    // The manual clock stands still, and the order of two messages of the same time is undefined.
    clock.passes(1);
    assert_eq!(dana.replies(&conversation, "Yes").await.status, 202);
    assert_eq!(stands(&dana).await, (1, true));
    maria.receipt("TEXT_SUCCESSFUL", true).await;
    assert_eq!(stands(&dana).await, (0, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_given_back_is_none_and_one_that_arrives_after_all_is() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    assert_eq!(dana.replies(&conversation, "Yes").await.status, 201);
    assert_eq!(stands(&dana).await, (0, false));
    let mut socket = dana.goes_live().await;
    maria.receipt("TEXT_UNREACHABLE", true).await;
    let seen = socket.sees("Answer not delivered").await;
    assert!(seen.contains("needs an answer"), "{seen}");
    assert_eq!(stands(&dana).await, (1, true));
    maria.texts(HARBOR, "Hello?").await;
    assert_eq!(stands(&dana).await, (2, false));
    maria.receipt("TEXT_DELIVERED", true).await;
    assert_eq!(stands(&dana).await, (1, false), "what came after it waits still");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_answers_one_that_stands_is_enough() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    dana.replies(&conversation, "One").await;
    maria.next_is("price").await;
    dana.replies(&conversation, "Two").await;
    assert_eq!(stands(&dana).await, (0, true), "the first one answers her; the second one is not there");
    dana.replies(&conversation, "Three").await;
    assert_eq!(stands(&dana).await, (0, false));
    maria.receipt("TEXT_UNREACHABLE", true).await;
    assert_eq!(stands(&dana).await, (0, true), "the first one does still");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_of_several_answers_is_given_back_the_customer_waits_with_everything_since() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    dana.replies(&conversation, "Yes").await;
    maria.texts(HARBOR, "And at 4?").await;
    dana.replies(&conversation, "Yes, too").await;
    let sent = dana.messages(&conversation).await.items();
    let replies: Vec<_> = sent.iter().filter(|message| message["direction"] == "outbound").collect();
    let give_back = async |message: &Value, event: &str| {
        let receipt = json!({
            "eventType": event, "eventVersion": "1.0", "eventTimestamp": 1_700_000_000_000_u64, "isFinal": true,
            "destinationPhoneNumber": MARIA, "messageId": provider_id(&stack, message).await,
            "context": {"company": "harbor-dental", "conversation": conversation, "message": message["id"]},
        });
        let batch = json!({"Records": [tests::record("r", &json!({"Message": receipt.to_string()}).to_string())]});
        let invoked = stack.invoke("delivery-receipt", &batch).await;
        assert_eq!(invoked.payload["batchItemFailures"], json!([]));
    };
    give_back(replies[1], "TEXT_UNREACHABLE").await;
    assert_eq!(stands(&dana).await, (0, false), "the second one answers both");
    give_back(replies[0], "TEXT_UNREACHABLE").await;
    assert_eq!(stands(&dana).await, (2, true));
    give_back(replies[1], "TEXT_DELIVERED").await;
    assert_eq!(stands(&dana).await, (1, true), "the first one was there, and what she asked then is answered");
    give_back(replies[0], "TEXT_DELIVERED").await;
    assert_eq!(stands(&dana).await, (0, false));
}

/// Returns the provider message id of a message, as stored in the table.
async fn provider_id(stack: &TestStack, message: &Value) -> Value {
    let pk = format!("CONVERSATION#harbor-dental#{}", message["conversation"].as_str().unwrap());
    let sk = format!("EVENT#{}", message["id"].as_str().unwrap());
    let item = stack.table("GetItem", json!({"Key": {"pk": {"S": pk}, "sk": {"S": sk}}})).await;
    item["Item"]["progress"]["M"]["provider_id"]["S"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_taken_after_a_later_one_was_refused_stands() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    maria.next_is("throttle").await;
    maria.next_is("price").await;
    let first = dana.replies(&conversation, "One");
    let second = async {
        while dana.messages(&conversation).await.items()[0]["text"] != "One" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The carrier's answer to the first message is still pending, so it is retried later.
        dana.replies(&conversation, "Two").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status, second.status), (201, 422));
    assert_eq!(stands(&dana).await, (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_of_an_opt_out_answers_nothing_whatever_becomes_of_it() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let (dana, maria, _) = open_with_question(&stack).await;
    maria.texts(HARBOR, "STOP").await;
    maria.texts(HARBOR, "START").await;
    maria.texts(HARBOR, "Are you open?").await;
    assert_eq!(stands(&dana).await, (1, false));
    for event in ["TEXT_DELIVERED", "TEXT_UNREACHABLE"] {
        maria.receipt(event, true).await;
        assert_eq!(stands(&dana).await, (1, false), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writer_of_what_was_not_delivered_is_told_in_their_browsers_and_nobody_else_is() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let (dana, maria, conversation) = open_with_question(&stack).await;
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    let danas = service.browser("ok", "dana");
    let others = service.browser("ok", "marcus");
    turns_on(&dana, &danas.browser, &danas.subscription()).await;
    turns_on(&marcus, &others.browser, &others.subscription()).await;
    maria.next_is("price").await;
    dana.replies(&conversation, "Yes").await;
    let shown = &service.sends(&danas, 1).await[0];
    assert_eq!(shown["kind"], "not-delivered");
    assert!(shown["body"].as_str().unwrap().starts_with("Not sent: a text to this number costs more"), "{shown}");
    assert_eq!((&shown["conversation"], &shown["unanswered"]), (&json!(conversation), &json!(1)));
    dana.replies(&conversation, "Yes").await;
    maria.receipt("TEXT_UNREACHABLE", true).await;
    let shown = &service.sends(&danas, 2).await[1];
    assert!(shown["body"].as_str().unwrap().starts_with("Not delivered: the phone"), "{shown}");
    maria.next_is("silent").await;
    dana.replies(&conversation, "Yes").await;
    let shown = &service.sends(&danas, 3).await[2];
    assert!(shown["body"].as_str().unwrap().starts_with("We don't know whether this went out"), "{shown}");
    maria.receipt("TEXT_UNREACHABLE", true).await;
    let known = &service.sends(&danas, 4).await[3];
    assert!(
        known["body"].as_str().unwrap().starts_with("Not delivered: the phone"),
        "once more, now that it is known: {known}"
    );
    assert_ne!(known["id"], shown["id"], "a browser would take it for a repeat");
    maria.texts(HARBOR, "Hello?").await;
    let shown = service.sends(&others, 1).await;
    assert_eq!((shown.len(), &shown[0]["kind"]), (1, &json!("message")), "Marcus is told of hers only");
}

async fn turns_on(desk: &StaffClient<'_>, browser: &Browser, subscription: &Value) {
    assert!(desk.puts_subscription(browser, subscription).await.status < 300);
}
