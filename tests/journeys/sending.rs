//! Staff send a reply or a first message: each is sent once, and shown with its true delivery status.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tests::{HARBOR, SendOptions, StaffClient, TestStack};

const MARIA: &str = "+14255550182";

/// Returns Dana and her conversation with Maria, who has sent a text.
async fn talking(stack: &TestStack) -> (StaffClient<'_>, String) {
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    (dana, conversation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_reaches_the_customers_phone_and_the_thread() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let answer = dana.replies(&conversation, "No problem, see you soon").await;
    assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("sent")));
    let received = stack.phone(MARIA).received_messages().await;
    assert_eq!((&received[0]["text"], &received[0]["from"]), (&json!("No problem, see you soon"), &json!(HARBOR)));
    let newest = &dana.messages(&conversation).await.items()[0];
    assert_eq!(newest, &answer.json());
    assert_eq!((&newest["direction"], &newest["by"]), (&json!("outbound"), &json!("Dana Whitfield")));
    assert_eq!(dana.notifications().await.texts(), ["hello"], "our own messages are no notifications");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sends_as_json_does_and_is_answered_with_the_message() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let answer = dana.send(dana.request(Method::POST, &path).form(&[("text", "two\r\nlines & <b>more</b>")])).await;
    assert_eq!(answer.status, 201);
    assert!(
        answer.body.contains("two\nlines &amp; &lt;b&gt;more&lt;/b&gt;")
            && answer.body.contains("class=\"message ours\"")
    );
    assert_eq!(stack.phone(MARIA).texts_received().await, ["two\nlines & <b>more</b>"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_posted_twice_with_one_key_is_sent_once_and_answered_the_same() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let send = SendOptions { key: Some("3f1c") };
    let first = dana.replies_with(&conversation, "once", send).await;
    let second = dana.replies_with(&conversation, "once", send).await;
    assert_eq!((first.status, first.json()), (second.status, second.json()));
    assert_eq!(stack.phone(MARIA).texts_received().await, ["once"]);
    assert_eq!(dana.messages(&conversation).await.texts(), ["once", "hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_posted_many_times_at_once_with_one_key_is_sent_once_and_answered_the_same() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let answers =
        join_all((0..12).map(|_| dana.replies_with(&conversation, "once", SendOptions { key: Some("3f1c") }))).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (201, answers[0].json()));
    }
    assert_eq!(stack.phone(MARIA).texts_received().await, ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_posted_twice_with_one_key_is_sent_once() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let body = json!({"to": MARIA, "text": "hello"});
    let answers = join_all((0..6).map(|_| dana.post("/api/messages", &body, SendOptions { key: Some("k") }))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.json() == answers[0].json()));
    assert_eq!(stack.phone(MARIA).texts_received().await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_cannot_be_used_for_another_message_but_another_person_may_use_it() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let send = SendOptions { key: Some("1") };
    assert_eq!(dana.replies_with(&conversation, "one", send).await.status, 201);
    let other = dana.replies_with(&conversation, "two", send).await;
    assert_eq!((other.status, other.code()), (409, "idempotency-key-used".to_owned()));
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.replies_with(&conversation, "one", send).await.status, 201);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["one", "one"]);
    for bad in [String::new(), "x".repeat(201)] {
        assert_eq!(
            dana.replies_with(&conversation, "three", SendOptions { key: Some(&bad) }).await.code(),
            "bad-idempotency-key"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_begins_the_conversation_that_the_answer_then_joins() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let answer = dana.writes_first("(425) 555-0182", "Your crown is ready").await;
    assert_eq!(answer.status, 201);
    let conversation = answer.json()["conversation"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("hx-redirect"), Some(&*format!("/conversation.html?c={conversation}")));
    stack.phone(MARIA).texts(HARBOR, "Thank you!").await;
    assert_eq!(dana.messages(&conversation).await.texts(), ["Thank you!", "Your crown is ready"]);
    assert_eq!(dana.get("/api/conversations").await.items()[0]["number_shown"], "(425) 555-0182");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_as_the_companys_people_write_them_and_shown_so() {
    let stack = TestStack::open().await;
    let josie = stack.josie().await;
    for written in ["0491 570 156", "+61 491 570 156", "0491570156"] {
        assert_eq!(josie.writes_first(written, "hi").await.status, 201, "{written}");
    }
    let conversations = josie.get("/api/conversations").await.items();
    assert_eq!(conversations.len(), 1);
    assert_eq!(
        (&conversations[0]["number"], &conversations[0]["number_shown"]),
        (&json!("+61491570156"), &json!("0491 570 156"))
    );
    josie.writes_first(MARIA, "hi").await;
    assert_eq!(josie.get("/api/conversations").await.items()[0]["number_shown"], "+1 425-555-0182");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_a_mobile_is_refused_with_a_sentence() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    for (desk, number, says) in [
        (&dana, "", "That is not a phone number"),
        (&dana, "hello", "That is not a phone number"),
        (&dana, "12345", "is not a number that exists"),
        (&dana, "(800) 555-0199", "cannot receive an SMS. Use a mobile number."),
        (&josie, "(02) 9374 4000", "(02) 9374 4000 is a landline"),
        (&dana, "425-555-0182x12", "“12” after the number is an extension or a second number."),
        (&dana, "425-555-0182;ext=12", "“12” after the number"),
        (&dana, "425-555-0182#12", "“12” after the number"),
        (&dana, "425-555-0182,,12", "“12” after the number"),
        (&dana, "4255550182;2065550101", "“2065550101” after the number"),
        (&dana, "4255550182 or 2065550101", "That is not a phone number"),
        (&dana, "4255550182/2065550101", "That is not a phone number"),
    ] {
        let answer = desk.writes_first(number, "hi").await;
        assert_eq!((answer.status, answer.code()), (422, "not-a-mobile-number".to_owned()), "{number}");
        assert!(answer.sentence().contains(says), "{number}: {}", answer.sentence());
    }
    assert!(dana.get("/api/conversations").await.items().is_empty(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_1600_characters_of_any_script_go_out_whole_and_longer_ones_do_not() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let texts = [
        "字".repeat(1600),
        "👍".repeat(1600),
        "نعم ".repeat(400).trim().to_owned(),
        "a + b & c = d % \" ' < >".to_owned(),
    ];
    for text in &texts {
        assert_eq!(dana.replies(&conversation, text).await.status, 201);
    }
    assert_eq!(stack.phone(MARIA).texts_received().await, texts);
    let answer = dana.replies(&conversation, &"字".repeat(1601)).await;
    assert_eq!((answer.status, answer.code()), (422, "text-too-long".to_owned()));
    assert!(answer.sentence().contains("1601 characters"), "{}", answer.sentence());
    for empty in ["", " \r\n\t "] {
        assert_eq!(dana.replies(&conversation, empty).await.code(), "empty-text");
    }
    assert_eq!(stack.phone(MARIA).received_messages().await.len(), texts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_has_a_clear_answer() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let post = |kind: &str, body: &'static [u8]| {
        dana.send(
            dana.request(Method::POST, &path)
                .header("accept", "application/json")
                .header("content-type", kind)
                .body(body),
        )
    };
    for (kind, body) in [
        ("application/json", &b"{"[..]),
        ("application/json", b"{}"),
        ("application/json", b"{\"text\": 1}"),
        ("application/json", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"words=1"),
    ] {
        let answer = post(kind, body).await;
        assert_eq!((answer.status, answer.code()), (400, "unreadable-body".to_owned()), "{kind} {body:?}");
    }
    assert_eq!(post("text/plain", b"hello").await.status, 415);
    assert_eq!(dana.request(Method::POST, &path).send().await.unwrap().status(), 415);
    let huge = dana.request(Method::POST, &path).header("content-type", "application/json").body(vec![b'x'; 7_000_000]);
    assert_eq!(dana.send(huge).await.status, 413);
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_carrier_refused_is_failed_with_its_reason() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    for (answer, code, words) in [
        ("invalid-number", "invalid-number", "does not accept this number"),
        ("not-verified", "number-not-verified", "numbers that were verified"),
        ("blocked-country", "country-blocked", "does not text to this country"),
        ("blocked-number", "number-blocked", "settings block texts to this number"),
        ("spend-limit", "spend-limit", "budget for texts is used up"),
        ("price", "too-expensive", "costs more than your company allows"),
        ("body", "text-not-accepted", "does not accept this text"),
        ("line", "line-cannot-send", "number cannot send this text"),
        ("opted-out", "opted-out", "replying STOP"),
    ] {
        stack.phone(MARIA).next_is(answer).await;
        let refused = dana.replies(&conversation, "hello").await;
        assert_eq!((refused.status, &*refused.code()), (422, code));
        assert!(refused.sentence().contains(words), "{answer}: {}", refused.sentence());
        let newest = &dana.messages(&conversation).await.items()[0];
        assert_eq!((&newest["status"], newest["reason"].as_str()), (&json!("failed"), Some(&*refused.sentence())));
    }
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
    stack.phone(MARIA).texts(HARBOR, "START").await;
    assert_eq!(dana.replies(&conversation, "hello").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_only_too_early_is_offered_again_by_itself_and_sent_once() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    for _ in 0..2 {
        stack.phone(MARIA).next_is("throttle").await;
    }
    let answer = dana.replies(&conversation, "hello").await;
    assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("sent")));
    assert_eq!(stack.phone(MARIA).texts_received().await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_stays_too_early_is_failed_with_its_reason_while_somebody_waits() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    for _ in 0..20 {
        stack.phone(MARIA).next_is("throttle").await;
    }
    let refused = dana.replies(&conversation, "hello").await;
    assert_eq!((refused.status, refused.code()), (422, "throttled".to_owned()));
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_leaves_by_sns_where_that_is_the_provider() {
    let stack = TestStack::sending_by_sns().await;
    let (dana, conversation) = talking(&stack).await;
    let answer = dana.replies(&conversation, "No problem").await;
    assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("sent")));
    assert_eq!(stack.phone(MARIA).received_messages().await[0]["from"], json!(HARBOR));
    for (answer, code) in [("invalid-number", "invalid-number"), ("line", "refused"), ("opted-out", "opted-out")] {
        stack.phone(MARIA).next_is(answer).await;
        assert_eq!(dana.replies(&conversation, "hello").await.code(), code);
    }
    stack.phone(MARIA).texts(HARBOR, "START").await;
    stack.phone(MARIA).next_is("throttle").await;
    assert_eq!(dana.replies(&conversation, "again").await.status, 201);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["No problem", "again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_knows_whether_it_went_out_it_is_not_sent_again_and_says_so_at_once() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    for (steer, arrived) in [("fail", 0), ("silent", 1)] {
        stack.phone(MARIA).next_is(steer).await;
        let answer = dana.replies(&conversation, steer).await;
        assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("unconfirmed")), "{steer}");
        assert_eq!(
            stack.phone(MARIA).received_messages().await.len(),
            arrived,
            "{steer}: handed over once and not again"
        );
    }
    let message = dana.messages(&conversation).await.items()[0].clone();
    assert_eq!(message["status"], "unconfirmed");
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(screen.contains("We don't know whether this went out."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_write() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let from = |headers: &[(&'static str, &'static str)]| {
        let request = dana.request(Method::POST, &path).header("accept", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        dana.send(request.json(&json!({"text": "hi"})))
    };
    for foreign in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
    ] {
        let answer = from(foreign).await;
        assert_eq!((answer.status, answer.code()), (400, "foreign-origin".to_owned()), "{foreign:?}");
    }
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
    assert_eq!(from(&[("origin", "http://localhost"), ("sec-fetch-site", "same-origin")]).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_cannot_be_read_whole_is_sent_with_what_can_be() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let request = dana.request(Method::POST, &format!("/api/conversations/{conversation}/messages"));
    let request = request.header("accept", "application/json").header("content-type", "application/json");
    let answer = dana.send(request.body(r#"{"text": "See you \ud83d"}"#)).await;
    assert_eq!((answer.status, &answer.json()["text"]), (201, &json!("See you \u{fffd}")), "{}", answer.body);
    assert_eq!(stack.phone(MARIA).received_messages().await[0]["text"], "See you \u{fffd}");
}
