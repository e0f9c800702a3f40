//! Inbound messages: each way in which they can be delivered, and each fault that they can have.

use futures_util::future::join_all;
use serde_json::json;
use tests::{HARBOR, SmsEvent, TIDEWATER, TestStack, ago, by_queue, by_queue_raw, by_topic, record};

const MARIA: &str = "+14255550182";

#[tokio::test(flavor = "multi_thread")]
async fn a_text_shows_as_a_notification_a_conversation_and_a_message() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "Running 10 min late, ok?").await;

    let notification = &dana.notifications().await.items()[0];
    assert_eq!(notification["text"], "Running 10 min late, ok?");
    assert_eq!(notification["number"], MARIA);
    assert_eq!(notification["number_shown"], "(425) 555-0182");
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(notification["conversation"], conversation.as_str());
    let messages = dana.messages(&conversation).await.items();
    assert_eq!((messages.len(), &messages[0]["direction"]), (1, &json!("inbound")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_a_raw_message_and_a_plain_sns_event_all_arrive() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    assert!(stack.deliver(&by_queue(&[SmsEvent::new("1", MARIA, HARBOR, "envelope")])).await.is_empty());
    assert!(stack.deliver(&by_queue_raw(&[SmsEvent::new("2", MARIA, HARBOR, "raw")])).await.is_empty());
    assert!(stack.deliver(&by_topic(&[SmsEvent::new("3", MARIA, HARBOR, "topic")])).await.is_empty());
    let mut texts = dana.notifications().await.texts();
    texts.sort();
    assert_eq!(texts, ["envelope", "raw", "topic"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivered_text_is_one_message_one_notification_and_one_unanswered() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let sms = SmsEvent::new("cae173d2", MARIA, HARBOR, "once");
    for _ in 0..3 {
        assert!(stack.deliver(&by_queue(&[sms.clone(), sms.clone()])).await.is_empty());
        // The SMS service can publish a message again, in an envelope with another time.
        assert!(stack.deliver(&by_topic(&[sms.clone().with_time(ago(30))])).await.is_empty());
        assert!(stack.deliver(&by_queue_raw(std::slice::from_ref(&sms))).await.is_empty());
    }
    only_once(&dana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_delivered_many_times_at_once_is_one_message() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let event = by_queue(&[SmsEvent::new("cae173d2", MARIA, HARBOR, "once")]);
    let failures = join_all((0..20).map(|_| stack.deliver(&event))).await;
    assert!(failures.iter().all(Vec::is_empty), "{failures:?}");
    only_once(&dana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_redelivered_after_a_restart_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let event = by_queue(&[SmsEvent::new("cae173d2", MARIA, HARBOR, "once")]);
    let stack = TestStack::open_in(folder.path()).await;
    assert!(stack.deliver(&event).await.is_empty());
    stack.close().await;
    let stack = TestStack::open_in(folder.path()).await;
    assert!(stack.deliver(&event).await.is_empty());
    only_once(&stack.dana().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_redelivered_when_its_guard_has_expired_is_still_shown_once() {
    let stack = TestStack::open().await;
    let event = by_queue(&[SmsEvent::new("cae173d2", MARIA, HARBOR, "once").with_time(ago(60))]);
    assert!(stack.deliver(&event).await.is_empty());
    let guards = stack
        .table("Scan", json!({"FilterExpression": "sk = :g", "ExpressionAttributeValues": {":g": {"S": "GUARD"}}}))
        .await;
    let guard = &guards["Items"][0];
    stack.table("DeleteItem", json!({"Key": {"pk": guard["pk"], "sk": guard["sk"]}})).await;
    assert!(stack.deliver(&event).await.is_empty());
    assert_eq!(stack.dana().await.notifications().await.texts(), ["once"]);
}

async fn only_once(dana: &tests::StaffClient<'_>) {
    assert_eq!(dana.notifications().await.texts(), ["once"]);
    let conversations = dana.get("/api/conversations").await.items();
    assert_eq!((conversations.len(), &conversations[0]["unanswered"]), (1, &json!(1)));
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.messages(&conversation).await.texts(), ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_one_customer_delivered_at_once_all_arrive() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let texts: Vec<_> = (0..24)
        .map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, &format!("text {n}")).with_time(ago(100 - n)))
        .collect();
    let events: Vec<_> = texts.chunks(4).map(by_queue).collect();
    let failures = join_all(events.iter().map(|event| stack.deliver(event))).await;
    assert!(failures.iter().all(Vec::is_empty), "{failures:?}");
    let conversation = dana.conversation_with(MARIA).await;
    let expected: Vec<_> = (0..24).rev().map(|n| format!("text {n}")).collect();
    assert_eq!(dana.messages(&conversation).await.texts(), expected);
    let head = &dana.get("/api/conversations").await.items()[0];
    assert_eq!((&head["unanswered"], &head["last"]["text"]), (&json!(24), &json!("text 23")));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_arrive_out_of_order_are_shown_in_order() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for (id, seconds) in [("b", 20), ("d", 5), ("a", 30), ("c", 10)] {
        stack.deliver(&by_queue(&[SmsEvent::new(id, MARIA, HARBOR, id).with_time(ago(seconds))])).await;
    }
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.messages(&conversation).await.texts(), ["d", "c", "b", "a"]);
    assert_eq!(dana.notifications().await.texts(), ["d", "c", "b", "a"]);
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    let places: Vec<_> =
        ["a", "b", "c", "d"].iter().map(|text| screen.find(&format!(">{text}</bdi>")).unwrap()).collect();
    assert!(places.is_sorted(), "oldest first on the screen");
    let head = &dana.get("/api/conversations").await.items()[0];
    assert_eq!((&head["last"]["text"], &head["unanswered"]), (&json!("d"), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_text_waits_for_an_answer_though_staff_have_written_since() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.deliver(&by_queue(&[SmsEvent::new("1", MARIA, HARBOR, "first").with_time(ago(60))])).await;
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.replies(&conversation, "answer").await.status, 201);
    stack.deliver(&by_queue(&[SmsEvent::new("2", MARIA, HARBOR, "stored late").with_time(ago(30))])).await;
    assert_eq!(dana.messages(&conversation).await.texts(), ["answer", "stored late", "first"]);
    let head = &dana.get("/api/conversations").await.items()[0];
    assert_eq!((&head["last"]["text"], &head["unanswered"]), (&json!("answer"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_record_fails_alone_and_its_batch_goes_on() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut event =
        by_queue(&[SmsEvent::new("good-1", MARIA, HARBOR, "first"), SmsEvent::new("good-2", MARIA, HARBOR, "last")]);
    let bad = [
        record("not-json", "not json"),
        record("not-an-sms", "{}"),
        record("no-number", &json!({"Type": "Notification", "Message": "{\"messageBody\": 1}"}).to_string()),
        record("no-sender", &SmsEvent::new("x", "", HARBOR, "x").payload().to_string()),
        json!({"messageId": "no-body"}),
    ];
    let records = event["Records"].as_array_mut().unwrap();
    records.splice(1..1, bad);
    let mut failed = stack.deliver(&event).await;
    failed.sort();
    assert_eq!(failed, ["no-body", "no-number", "no-sender", "not-an-sms", "not-json"]);
    assert_eq!(dana.notifications().await.items().len(), 2);
}

/// Values of `messageBody` in JSON, and the text that is read from each.
const HARD_TO_READ: [(&str, &str); 9] = [
    (r#""Running late \ud83d""#, "Running late \u{fffd}"),
    (r#""\ude0a see you""#, "\u{fffd} see you"),
    (r#""a \ud83db""#, "a \u{fffd}b"),
    (r#""\ud83d\ud83d""#, "\u{fffd}\u{fffd}"),
    (r#""\ud83d\ude0a whole""#, "😊 whole"),
    ("\"two\nlines\"", "two\nlines"),
    ("null", ""),
    (r#""""#, ""),
    ("42", "42"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_read_whole_is_recorded_with_what_can_be_by_each_way() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let numbers = ["+14255550101", "+14255550102", "+14255550103"];
    let payload = |id: &str, from: &str, body: &str| {
        let whole = SmsEvent::new(id, from, HARBOR, "BODY").payload().to_string();
        assert!(whole.contains("\"BODY\""));
        whole.replace("\"BODY\"", body)
    };
    let envelope = |message: &str| json!({"Type": "Notification", "Message": message, "Timestamp": ago(5)}).to_string();
    for _ in 0..2 {
        for (place, (body, _)) in HARD_TO_READ.iter().enumerate() {
            let id = |way: &str| format!("{way}-{place}");
            // SNS escapes control characters in the envelope, so an unescaped one is only possible in the message
            // inside.
            let mut event = by_queue(&[SmsEvent::new(&id("neighbour"), "+14255550104", HARBOR, "neighbour")]);
            let records = event["Records"].as_array_mut().unwrap();
            records.push(record("queue", &envelope(&payload(&id("queue"), numbers[0], body))));
            records.push(record("raw", &format!("\u{feff}{}", payload(&id("raw"), numbers[1], body))));
            assert!(stack.deliver(&event).await.is_empty(), "{body}");
            let mut event = by_topic(&[SmsEvent::new("topic", MARIA, HARBOR, "")]);
            event["Records"][0]["Sns"]["Message"] = json!(payload(&id("topic"), numbers[2], body));
            assert!(stack.deliver(&event).await.is_empty(), "{body}");
        }
    }
    let mut expected: Vec<_> = HARD_TO_READ.iter().map(|(_, text)| *text).collect();
    expected.sort_unstable();
    for number in numbers {
        let conversation = dana.conversation_with(number).await;
        let mut texts = dana.messages(&conversation).await.texts();
        texts.sort();
        assert_eq!(texts, expected, "each once, by way of {number}");
        let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
        assert_eq!(screen.matches("(no text)").count(), 2);
    }
    let neighbours = dana.messages(&dana.conversation_with("+14255550104").await).await.texts();
    assert_eq!(neighbours, ["neighbour"; HARD_TO_READ.len()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_longer_than_an_item_can_hold_is_recorded_as_far_as_one_can() {
    let stack = TestStack::open().await;
    let long = SmsEvent::new("1", MARIA, HARBOR, &"x".repeat(200_000));
    assert!(stack.deliver(&by_queue(&[long])).await.is_empty());
    let dana = stack.dana().await;
    let texts = dana.messages(&dana.conversation_with(MARIA).await).await.texts();
    assert_eq!(texts.iter().map(String::len).collect::<Vec<_>>(), [100_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_to_an_unknown_line_fails_and_arrives_once_the_line_is_there() {
    let stack = TestStack::open().await;
    let event = by_queue(&[SmsEvent::new("1", MARIA, "+12065550199", "is anybody there?")]);
    assert_eq!(stack.deliver(&event).await, ["1"]);
    stack.adds_line("+12065550199").await;
    assert!(stack.deliver(&event).await.is_empty());
    assert_eq!(stack.dana().await.notifications().await.texts(), ["is anybody there?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_sns_event_that_fails_is_the_functions_error_and_says_why() {
    let stack = TestStack::open().await;
    let invoked =
        stack.invoke("inbound-sms", &by_topic(&[SmsEvent::new("1", MARIA, "+12065550199", "secret text")])).await;
    assert!(invoked.failed);
    let message = invoked.payload["errorMessage"].as_str().unwrap();
    assert!(message.contains("no company has the line"), "{message}");
    assert!(!message.contains("2065550199") && !message.contains("secret"), "{message}");
    assert!(stack.invoke("inbound-sms", &json!({"hello": 1})).await.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_write_comes_through_whole() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let long = "Ünïcödé 字 ".repeat(160);
    let said = ["👩‍👩‍👧‍👦 🦷", "نعم، سآتي غداً", "明天见", "two\nlines", "\u{0} \u{7f} \u{202e}abc", &long[..], ""];
    for (n, text) in said.iter().enumerate() {
        stack.deliver(&by_queue(&[SmsEvent::new(&n.to_string(), MARIA, HARBOR, text)])).await;
    }
    let conversation = dana.conversation_with(MARIA).await;
    let mut texts = dana.messages(&conversation).await.texts();
    texts.sort();
    let mut expected = said.to_vec();
    expected.sort_unstable();
    assert_eq!(texts, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_write_is_shown_as_text() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "<script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}gnp.exe\u{0}").await;
    let conversation = dana.conversation_with(MARIA).await;
    for path in [
        "/api/notifications".to_owned(),
        "/api/conversations".to_owned(),
        format!("/api/conversations/{conversation}/messages"),
    ] {
        let screen = dana.screen(&path).await.body;
        assert!(screen.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
        assert!(!screen.contains("<script") && !screen.contains("<img"), "{path}");
        assert!(!screen.contains('\u{202e}') && !screen.contains('\0'), "{path}");
        assert!(screen.contains("RLO") && screen.contains("NUL"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_receipt_in_the_future_does_not_hold_a_text_above_later_ones() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack
        .deliver(&by_queue(&[
            SmsEvent::new("1", MARIA, HARBOR, "from a wrong clock").with_time("2099-01-01T00:00:00.000Z".into())
        ]))
        .await;
    stack.phone(MARIA).texts(HARBOR, "after it").await;
    assert_eq!(dana.notifications().await.texts(), ["after it", "from a wrong clock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_a_customer_writes_to_decides_the_company() {
    let stack = TestStack::open().await;
    stack.phone(MARIA).texts(TIDEWATER, "hello Tidewater").await;
    assert!(stack.dana().await.notifications().await.items().is_empty());
    assert_eq!(stack.josie().await.notifications().await.texts(), ["hello Tidewater"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_no_phone_number_is_in_the_feed_and_has_a_conversation_that_cannot_be_answered() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for (id, sender) in
        [("code", "68849"), ("name", "SUPPORT"), ("national", "4255550182"), ("hostile", "<b>\u{202e}x")]
    {
        let event = by_queue(&[SmsEvent::new(id, sender, HARBOR, "Your code is 123456").with_time(ago(5))]);
        for _ in 0..2 {
            assert!(stack.deliver(&event).await.is_empty(), "{sender}");
        }
        let feed = dana.notifications().await.items();
        let rows: Vec<_> = feed.iter().filter(|row| row["number_shown"] == sender).collect();
        assert_eq!(rows.len(), 1, "{sender}: {feed:?}");
        assert_eq!((&rows[0]["number"], &rows[0]["text"]), (&json!(null), &json!("Your code is 123456")));
        let conversation = rows[0]["conversation"].as_str().unwrap();
        let messages = dana.messages(conversation).await;
        assert_eq!(messages.texts(), ["Your code is 123456"]);
        assert_eq!(messages.json()["no_texting"]["reason"], "not-a-number");
        let refused = dana.replies(conversation, "Who is this?").await;
        assert_eq!((refused.status, refused.code()), (422, "not-textable".to_owned()), "{sender}");
        assert!(
            refused.sentence().contains("is not a phone number, so it cannot be answered"),
            "{}",
            refused.sentence()
        );
        for path in [
            format!("/api/conversations/{conversation}/messages"),
            "/api/conversations".into(),
            "/api/notifications".into(),
        ] {
            let screen = dana.screen(&path).await;
            assert_eq!(screen.status, 200);
            assert!(!screen.body.contains("<b>"), "{path}");
        }
        assert!(
            dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body.contains("data-opted-out")
        );
    }
    assert_eq!(dana.get("/api/conversations").await.items().len(), 4, "each has its own");
}
