//! A member of staff can send an undelivered message again, once, as a new message.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{CustomerPhone, HARBOR, StaffClient, TestStack};

const MARIA: &str = "+14255550182";

/// Returns Dana, Maria, and their conversation.
async fn talking(stack: &TestStack) -> (StaffClient<'_>, CustomerPhone<'_>, String) {
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    let conversation = dana.hears_from(MARIA).await;
    (dana, maria, conversation)
}

async fn newest(dana: &StaffClient<'_>, conversation: &str) -> Value {
    dana.messages(conversation).await.items()[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_as_a_message_of_its_own_that_says_so() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = talking(&stack).await;
    let mut socket = dana.goes_live().await;
    maria.next_is("spend-limit").await;
    dana.replies(&conversation, "See you at 3").await;
    let failed = newest(&dana, &conversation).await;
    assert!(socket.sees("Send again").await.contains("See you at 3"));

    let again = dana.sends_again(&failed).await;
    assert_eq!((again.status, &again.json()["status"]), (201, &json!("sent")));
    assert_eq!((&again.json()["text"], &again.json()["again"]), (&json!("See you at 3"), &failed["id"]));
    assert_ne!(again.json()["id"], failed["id"]);
    assert_eq!(maria.texts_received().await, ["See you at 3"]);
    let thread = dana.messages(&conversation).await.items();
    assert_eq!((&thread[0], &thread[1]["tried_again"]), (&again.json(), &again.json()["id"]));
    assert_eq!(thread[1]["status"], "failed", "what became of the first is told as before");
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(
        screen.contains("sent again") && screen.contains("Sent again.") && !screen.contains("Send again"),
        "{screen}"
    );
    assert!(socket.sees("Sent again.").await.contains("See you at 3"), "nobody is offered it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_is_sent_again_once_by_however_many_at_once() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = talking(&stack).await;
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    dana.replies(&conversation, "See you at 3").await;
    maria.receipt("TEXT_UNREACHABLE", true).await;
    let failed = newest(&dana, &conversation).await;
    let tries = (0..8).map(|n| if n % 2 == 0 { dana.sends_again(&failed) } else { marcus.sends_again(&failed) });
    let answers = join_all(tries.map(Box::pin)).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (201, answers[0].json()));
    }
    assert_eq!(maria.texts_received().await, ["See you at 3", "See you at 3"]);
    let late = dana.sends_again(&failed).await;
    assert_eq!((late.status, late.json()), (201, answers[0].json()), "and later is answered with what was sent then");
    assert_eq!(maria.received_messages().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_try_that_fails_too_can_be_sent_again_itself() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = talking(&stack).await;
    maria.next_is("price").await;
    dana.replies(&conversation, "See you at 3").await;
    let first = newest(&dana, &conversation).await;
    maria.next_is("price").await;
    assert_eq!(dana.sends_again(&first).await.code(), "too-expensive");
    let second = newest(&dana, &conversation).await;
    assert_eq!((&second["again"], &second["status"]), (&first["id"], &json!("failed")));
    assert_eq!(dana.sends_again(&second).await.status, 201);
    assert_eq!(maria.texts_received().await, ["See you at 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_or_has_arrived_is_not_sent_again() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = talking(&stack).await;
    let hello = newest(&dana, &conversation).await;
    dana.replies(&conversation, "sent").await;
    let sent = newest(&dana, &conversation).await;
    maria.receipt("TEXT_DELIVERED", true).await;
    let delivered = newest(&dana, &conversation).await;
    maria.next_is("silent").await;
    dana.replies(&conversation, "on its way").await;
    let unconfirmed = newest(&dana, &conversation).await;
    let before = maria.received_messages().await.len();
    for message in [&hello, &sent, &delivered, &unconfirmed] {
        let refused = dana.sends_again(message).await;
        assert_eq!((refused.status, refused.code()), (409, "not-again".to_owned()), "{message}");
    }
    let nothing = json!({"conversation": conversation, "id": format!("{:013}-{:032x}", 1, 1)});
    assert_eq!(dana.sends_again(&nothing).await.code(), "no-message");
    assert_eq!(dana.sends_again(&json!({"conversation": conversation, "id": "x"})).await.code(), "unreadable-body");
    assert_eq!(maria.received_messages().await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sends_again_what_another_company_wrote_or_to_whom_opted_out() {
    let stack = TestStack::open().await;
    let (dana, maria, conversation) = talking(&stack).await;
    maria.next_is("price").await;
    dana.replies(&conversation, "See you at 3").await;
    let failed = newest(&dana, &conversation).await;
    assert_eq!(stack.josie().await.sends_again(&failed).await.code(), "no-message");
    maria.texts(HARBOR, "STOP").await;
    assert_eq!(dana.sends_again(&failed).await.code(), "opted-out");
    assert!(maria.received_messages().await.is_empty());
}
