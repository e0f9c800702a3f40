//! Delivery receipts: late, repeated and in any order.

use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use serde_json::{Value, json};
use tests::{CustomerPhone, StaffClient, TestStack, record};

const MARIA: &str = "+14255550182";

/// Returns Dana, Maria, and their conversation, in which Dana has replied.
async fn replied(stack: &TestStack) -> (StaffClient<'_>, CustomerPhone<'_>, String) {
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    let conversation = dana.hears_from(MARIA).await;
    assert_eq!(dana.replies(&conversation, "Hello Maria").await.status, 201);
    (dana, maria, conversation)
}

/// Returns the newest message's delivery status and reason.
async fn newest(dana: &StaffClient<'_>, conversation: &str) -> (String, String) {
    let message = dana.messages(conversation).await.items()[0].clone();
    let field = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    (field("status"), field("reason"))
}

/// Returns a delivery receipt for a message as an SQS batch of one. `changed` replaces fields.
fn receipt(message: &Value, changed: &[(&str, Value)]) -> Value {
    let mut event = json!({
        "eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": 1_700_000_000_000_u64, "isFinal": true,
        "destinationPhoneNumber": MARIA, "messageId": "of-the-carrier",
        "context": {"company": "harbor-dental", "conversation": message["conversation"], "message": message["id"]},
    });
    for (field, value) in changed {
        event[*field] = value.clone();
    }
    json!({"Records": [record("record", &json!({"Message": event.to_string()}).to_string())]})
}

async fn failures(stack: &TestStack, batch: &Value) -> usize {
    let invoked = stack.invoke("delivery-receipt", batch).await;
    assert!(!invoked.failed, "{}", invoked.payload);
    invoked.payload["batchItemFailures"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_sent_until_its_receipt_says_that_it_was_delivered() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    let mut socket = dana.goes_live().await;
    assert_eq!(newest(&dana, &conversation).await.0, "sent");
    maria.receipt("TEXT_SUCCESSFUL", true).await;
    assert_eq!(newest(&dana, &conversation).await.0, "sent", "a carrier has it, and may never say more");
    maria.receipt("TEXT_DELIVERED", true).await;
    assert_eq!(newest(&dana, &conversation).await.0, "delivered");
    assert!(socket.sees("Delivered at").await.contains("Hello Maria"), "every screen learns of it");
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(screen.contains("Delivered at"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_switched_on_has_its_texts_delivered_and_one_that_is_off_has_not() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    for (fate, told) in [("delivered", "delivered"), ("unreachable", "failed"), ("blocked", "failed")] {
        maria.is(fate).await;
        dana.replies(&conversation, fate).await;
        let mut seen = newest(&dana, &conversation).await;
        for _ in 0..200 {
            if seen.0 != "sent" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen = newest(&dana, &conversation).await;
        }
        assert_eq!(seen.0, told, "{fate}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_counts_when_it_is_final_and_has_a_reason_in_words() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    for (event, words) in [
        ("TEXT_UNREACHABLE", "switched off or out of reach"),
        ("TEXT_INVALID", "does not take texts"),
        ("TEXT_BLOCKED", "blocks texts from your number"),
        ("TEXT_SPAM", "held it back"),
        ("TEXT_CARRIER_BLOCKED", "held it back"),
        ("TEXT_INVALID_MESSAGE", "does not accept this text"),
        ("TEXT_CARRIER_UNREACHABLE", "carrier could not be reached"),
        ("TEXT_TTL_EXPIRED", "in time"),
        ("TEXT_PROTECT_BLOCKED", "settings block"),
    ] {
        assert_eq!(dana.replies(&conversation, event).await.status, 201);
        maria.receipt(event, false).await;
        assert_eq!(newest(&dana, &conversation).await.0, "sent", "{event} is still being tried");
        maria.receipt(event, true).await;
        let (status, reason) = newest(&dana, &conversation).await;
        assert_eq!(status, "failed", "{event}");
        assert!(reason.starts_with("Not delivered:") && reason.contains(words), "{event}: {reason}");
        let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
        assert!(screen.contains(&reason.replace('\'', "&#39;")) || screen.contains(&reason), "{screen}");
    }
    let counted = stack.metrics_of("delivery-receipt").await;
    // The alarm watches the cause `Service` only, that is, messages that were held back. Unreachable phones and invalid
    // numbers need no operator.
    let times = ["Undelivered", "Undelivered Service", "Undelivered Message"].map(|name| counted[name].clone());
    assert_eq!(times, [9, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_nobody_knew_of_is_settled_by_its_receipt() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    maria.next_is("silent").await;
    assert_eq!(dana.replies(&conversation, "lost?").await.status, 202);
    assert_eq!(newest(&dana, &conversation).await.0, "unconfirmed");
    maria.receipt("TEXT_SENT", false).await;
    assert_eq!(newest(&dana, &conversation).await.0, "sent");
    maria.receipt("TEXT_DELIVERED", true).await;
    assert_eq!(newest(&dana, &conversation).await.0, "delivered");
    assert_eq!(maria.texts_received().await, ["Hello Maria", "lost?"], "and it was not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_in_every_order_and_number_come_to_the_same_end() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    let events = ["TEXT_PENDING", "TEXT_SENT", "TEXT_UNREACHABLE", "TEXT_DELIVERED", "TEXT_UNKNOWN"];
    let orders = proptest::collection::vec(0..events.len(), 1..8);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..24 {
        let order = orders.new_tree(&mut runner).unwrap().current();
        assert_eq!(dana.replies(&conversation, "again").await.status, 201);
        let mut best = 0;
        for event in order.iter().map(|event| events[*event]) {
            maria.receipt(event, true).await;
            best = best.max(match event {
                "TEXT_DELIVERED" => 2,
                "TEXT_UNREACHABLE" => 1,
                _ => 0,
            });
            let told = ["sent", "failed", "delivered"][best];
            assert_eq!(newest(&dana, &conversation).await.0, told, "{event} of {order:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_is_of_no_message_of_ours_changes_nothing_and_is_not_asked_for_again() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = replied(&stack).await;
    let message = dana.messages(&conversation).await.items()[0].clone();
    let customers = dana.messages(&conversation).await.items()[1].clone();
    let context = |company: &str, message: &Value| json!({"company": company, "conversation": conversation, "message": message["id"]});
    for (why, changed) in [
        ("it has another id at the carrier", vec![]),
        ("another program sent it", vec![("context", json!({"account": "bar"}))]),
        ("it has no context", vec![("context", json!({}))]),
        ("it is another company's", vec![("context", context("tidewater-vets", &message))]),
        ("the customer wrote it", vec![("context", context("harbor-dental", &customers))]),
        ("it is gone", vec![("context", context("harbor-dental", &json!({"id": format!("{:013}-{:032x}", 1, 1)})))]),
    ] {
        let mut undelivered = changed.clone();
        undelivered.push(("eventType", json!("TEXT_INVALID")));
        for changed in [changed, undelivered] {
            assert_eq!(failures(&stack, &receipt(&message, &changed)).await, 0, "{why}");
        }
        assert_eq!(newest(&dana, &conversation).await.0, "sent", "{why}");
    }
    let person = json!({"pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, "sk": {"S": "PERSON"}});
    let known = stack.table("GetItem", json!({"Key": person})).await;
    assert!(known["Item"].is_null(), "and nothing is held against the number: {known}");
    maria.receipt("TEXT_DELIVERED", true).await;
    assert_eq!(newest(&dana, &conversation).await.0, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_receipt_fails_alone() {
    let stack = TestStack::open().await;
    let (dana, _, conversation) = replied(&stack).await;
    let id = stack.phone(MARIA).received_messages().await[0]["id"].clone();
    let message = dana.messages(&conversation).await.items()[0].clone();
    let good = receipt(&message, &[("messageId", id)])["Records"][0].clone();
    let mut records = vec![good];
    for (n, body) in ["", "{", "[]", "{\"Message\": \"\"}", "{\"Message\": 1}", "{\"eventType\": \"TEXT_SENT\"}"]
        .into_iter()
        .enumerate()
    {
        records.push(record(&format!("bad-{n}"), body));
    }
    let invoked = stack.invoke("delivery-receipt", &json!({"Records": records})).await;
    let mut failed: Vec<_> = invoked.payload["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
        .collect();
    failed.sort();
    assert_eq!(failed, ["bad-0", "bad-1", "bad-2", "bad-3", "bad-4", "bad-5"]);
    assert_eq!(newest(&dana, &conversation).await.0, "delivered");
    assert!(stack.invoke("delivery-receipt", &json!({"no": "batch"})).await.failed);
}
