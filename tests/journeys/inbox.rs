//! The inbox: the conversations with their customers, and which customers wait for an answer.

use serde_json::{Value, json};
use tests::{HARBOR, HARBOR_SECOND, SmsEvent, TestStack, ago, by_queue};

fn numbers(conversations: &[Value]) -> Vec<&str> {
    conversations.iter().map(|conversation| conversation["number"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_with_the_latest_message_is_first_whoever_wrote_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let [one, two, three] = ["+14255550101", "+14255550102", "+14255550103"];
    for (n, number) in [one, two, three].iter().enumerate() {
        stack.deliver(&by_queue(&[SmsEvent::new(number, number, HARBOR, "hello").with_time(ago(60 - n as u64))])).await;
    }
    assert_eq!(numbers(&dana.get("/api/conversations").await.items()), [three, two, one]);
    let conversation = dana.conversation_with(one).await;
    dana.replies(&conversation, "hello yourself").await;
    let conversations = dana.get("/api/conversations").await.items();
    assert_eq!(numbers(&conversations), [one, three, two]);
    assert_eq!(conversations[0]["last"]["direction"], "outbound");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_the_waiting_and_the_next_text_begins_it_again() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let maria = stack.phone("+14255550182");
    let unanswered = async || dana.get("/api/conversations").await.items()[0]["unanswered"].clone();
    maria.texts(HARBOR, "one").await;
    maria.texts(HARBOR, "two").await;
    assert_eq!(unanswered().await, json!(2));
    let conversation = dana.conversation_with("+14255550182").await;
    dana.replies(&conversation, "answer").await;
    assert_eq!(unanswered().await, json!(0));
    maria.texts(HARBOR, "three").await;
    assert_eq!(unanswered().await, json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_cut_between_characters_and_says_that_it_goes_on() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let family = "👩‍👩‍👧‍👦";
    for (n, (text, preview)) in [
        ("x".repeat(160), "x".repeat(160)),
        ("x".repeat(161), format!("{}…", "x".repeat(157))),
        // The cut falls within six flags of two code points each, or within what people see as one character.
        (format!("{}{}", "x".repeat(151), "🇲🇽".repeat(6)), format!("{}{}…", "x".repeat(151), "🇲🇽".repeat(4))),
        (format!("{}{family}{family}", "x".repeat(150)), format!("{}{family}…", "x".repeat(150))),
        (format!("{}{}", "x".repeat(155), "e\u{301}".repeat(5)), format!("{}e\u{301}…", "x".repeat(155))),
    ]
    .iter()
    .enumerate()
    {
        stack.deliver(&by_queue(&[SmsEvent::new(&n.to_string(), "+14255550101", HARBOR, text)])).await;
        let last = dana.get("/api/conversations").await.items()[0]["last"].clone();
        assert_eq!(last["text"], json!(preview), "of {text}");
        assert!(preview.chars().count() <= 160);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_conversations_are_reached_by_paging() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let texts: Vec<_> = (0..60)
        .map(|n| SmsEvent::new(&n.to_string(), &format!("+142555501{n:02}"), HARBOR, "hello").with_time(ago(100 - n)))
        .collect();
    stack.deliver(&by_queue(&texts)).await;
    let all = dana.everything("/api/conversations?limit=7").await;
    let expected: Vec<_> = (0..60).rev().map(|n| format!("+142555501{n:02}")).collect();
    assert_eq!(numbers(&all), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_goes_out_from_the_line_that_the_customer_last_wrote_to() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let maria = stack.phone("+14255550182");
    let lines = async || {
        maria.received_messages().await.iter().map(|sms| sms["from"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    maria.texts(HARBOR, "to one line").await;
    let conversation = dana.conversation_with("+14255550182").await;
    dana.replies(&conversation, "from one").await;
    maria.texts(HARBOR_SECOND, "to the other").await;
    // The function has sent in this conversation before and has cached its earlier line.
    dana.replies(&conversation, "from the other").await;
    dana.writes_first("+14255550182", "and again").await;
    assert_eq!(lines().await, [HARBOR, HARBOR_SECOND, HARBOR_SECOND]);
}
