//! The notifications: the ten newest, and pages of all others.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{Call, HARBOR, SmsEvent, StaffClient, TestStack, ago, by_queue};

const DAY: u64 = 24 * 60 * 60;

async fn fill(stack: &TestStack, count: u64) {
    let texts: Vec<_> = (0..count)
        .map(|n| {
            let from = format!("+1425555{:04}", n % 50);
            SmsEvent::new(&format!("old-{n}"), &from, HARBOR, &format!("old {n}")).with_time(ago(60 + count - n))
        })
        .collect();
    for batch in texts.chunks(100) {
        assert!(stack.deliver(&by_queue(batch)).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_notifications_are_the_ten_newest_newest_first() {
    let stack = TestStack::open().await;
    fill(&stack, 25).await;
    let expected: Vec<_> = (15..25).rev().map(|n| format!("old {n}")).collect();
    assert_eq!(stack.dana().await.notifications().await.texts(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_are_all_reached_by_paging_while_new_ones_come_in() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    fill(&stack, 1000).await;
    let mut seen = Vec::new();
    let mut next = Some("/api/notifications?limit=37".to_owned());
    let mut came = 0;
    while let Some(path) = next {
        let page = dana.get(&path).await;
        seen.extend(page.texts());
        next = page.next();
        came += 1;
        stack
            .deliver(&by_queue(&[SmsEvent::new(
                &format!("new-{came}"),
                "+14255550199",
                HARBOR,
                &format!("new {came}"),
            )]))
            .await;
    }
    let expected: Vec<_> = (0..1000).rev().map(|n| format!("old {n}")).collect();
    assert_eq!(seen, expected, "none missing, none doubled, newest first");
    assert_eq!(came, 28);
    let all: BTreeSet<_> =
        dana.everything("/api/notifications?limit=100").await.iter().map(|item| item["id"].to_string()).collect();
    assert_eq!(all.len(), 1028);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_came_in_the_same_millisecond_are_both_shown_by_pages_of_one() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let at = ago(10);
    let texts: Vec<_> = (0..5)
        .map(|n| {
            SmsEvent::new(&n.to_string(), &format!("+1425555010{n}"), HARBOR, &n.to_string()).with_time(at.clone())
        })
        .collect();
    stack.deliver(&by_queue(&texts)).await;
    let all: BTreeSet<_> =
        dana.everything("/api/notifications?limit=1").await.iter().map(|item| item["text"].to_string()).collect();
    assert_eq!(all.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_older_than_thirty_days_is_shown_though_it_is_still_stored() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack
        .deliver(&by_queue(&[
            SmsEvent::new("1", "+14255550101", HARBOR, "too old, alone").with_time(ago(30 * DAY + 5)),
            SmsEvent::new("2", "+14255550102", HARBOR, "too old").with_time(ago(31 * DAY)),
            SmsEvent::new("3", "+14255550102", HARBOR, "just within").with_time(ago(30 * DAY - 60)),
        ]))
        .await;
    let stored = stack
        .table(
            "Scan",
            json!({"FilterExpression": "begins_with(sk, :e)", "ExpressionAttributeValues": {":e": {"S": "EVENT#"}}}),
        )
        .await;
    assert_eq!(stored["Count"], 3, "TTL has not deleted them yet");

    assert_eq!(dana.notifications().await.texts(), ["just within"]);
    let conversations = dana.get("/api/conversations").await.items();
    assert_eq!(
        (conversations.len(), &conversations[0]["unanswered"]),
        (1, &json!(1)),
        "nobody waits for an answer to what is not shown"
    );
    let conversation = conversations[0]["conversation"].as_str().unwrap();
    assert_eq!(dana.messages(conversation).await.texts(), ["just within"]);
    // A cursor from before the retention returns no more.
    let reach = format!("/api/conversations/{conversation}/messages?after=0000000000000-{}", "0".repeat(32));
    assert_eq!(dana.get(&reach).await.texts(), ["just within"]);
    let reach = format!("/api/notifications?before={}", position(&ago(30 * DAY - 30)));
    assert!(dana.get(&reach).await.items().is_empty());
}

/// Returns the cursor for a time as AWS writes it.
fn position(at: &str) -> String {
    let millis = domain::Timestamp::from_rfc3339(at).unwrap().as_millis();
    format!("{millis:013}-{}", "0".repeat(32))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_beyond_thirty_days_is_as_one_that_never_was_until_the_customer_returns() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let maria = stack.phone("+14255550182");
    maria.texts(HARBOR, "hello").await;
    let conversation = dana.conversation_with("+14255550182").await;
    assert_eq!(dana.replies(&conversation, "hi").await.status, 201);
    maria.texts(HARBOR, "are you there?").await;
    // Thirty days pass: the conversation summary is that old, and TTL has not deleted it yet.
    let key = json!({"pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, "sk": {"S": "HEAD"}});
    let then = position(&ago(30 * DAY + 5));
    stack
        .table(
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET #l = :l", "ExpressionAttributeNames": {"#l": "last"},
                "ExpressionAttributeValues": {":l": {"S": then}}}),
        )
        .await;
    assert_eq!(dana.messages(&conversation).await.status, 404);
    assert_eq!(dana.replies(&conversation, "hello?").await.status, 404);
    assert_eq!(maria.texts_received().await, ["hi"]);

    maria.texts(HARBOR, "me again").await;
    let head = &dana.get("/api/conversations").await.items()[0];
    assert_eq!((&head["unanswered"], &head["last"]["text"]), (&json!(1), &json!("me again")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_with_nothing_new_is_304_with_no_body() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    fill(&stack, 3).await;
    for accept in ["text/html", "application/json"] {
        let ask = |tag: Option<String>| {
            let request = dana.request(reqwest::Method::GET, "/api/notifications?limit=10").header("accept", accept);
            match tag {
                Some(tag) => request.header("if-none-match", tag),
                None => request,
            }
        };
        let first = dana.send(ask(None)).await;
        let tag = first.header("etag").unwrap().to_owned();
        let second = dana.send(ask(Some(tag.clone()))).await;
        assert_eq!((second.status, second.body.as_str()), (304, ""));
        stack.phone("+14255550111").texts(HARBOR, accept).await;
        let third = dana.send(ask(Some(tag))).await;
        assert_eq!(third.status, 200);
        assert!(third.body.contains(accept));
    }
}

/// Returns the rows of the Dashboard: the text of each, and the number of further entries of the customer.
async fn dashboard(dana: &StaffClient<'_>) -> Vec<(String, u64)> {
    let items = dana.get("/api/notifications?by=customer&limit=10").await.items();
    items.iter().map(|item| (item["text"].as_str().unwrap().to_owned(), item["more"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_customer_who_writes_much_is_one_of_the_ten_with_a_count() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let quiet =
        (0..12).map(|n| SmsEvent::new(&format!("q{n}"), &format!("+14255550{n:03}"), HARBOR, &format!("quiet {n}")));
    let quiet: Vec<_> = quiet.zip(0..).map(|(sms, n)| sms.with_time(ago(900 - n))).collect();
    stack.deliver(&by_queue(&quiet)).await;
    let loud =
        |n: u64| SmsEvent::new(&format!("l{n}"), "+14255550182", HARBOR, &format!("loud {n}")).with_time(ago(800 - n));
    stack.deliver(&by_queue(&(0..40).map(loud).collect::<Vec<_>>())).await;
    let expected: Vec<_> =
        std::iter::once(("loud 39".to_owned(), 39)).chain((3..12).rev().map(|n| (format!("quiet {n}"), 0))).collect();
    assert_eq!(dashboard(&dana).await, expected);
    let page = dana.screen("/api/notifications?by=customer&limit=10").await.body;
    assert_eq!((page.matches("<li ").count(), page.matches("and 39 more").count()), (10, 1), "{page}");
    let all = dana.everything("/api/notifications?limit=100").await;
    assert_eq!(all.len(), 52, "the message centre has a row for each");
    // A new entry of a customer moves their row to the top, and a call counts as an entry.
    stack.phone("+14255550007").texts(HARBOR, "quiet no more").await;
    assert_eq!(dashboard(&dana).await[0], ("quiet no more".to_owned(), 1));
    stack.has_appointment("harbor-dental", "A-1", Some("+14255550007")).await;
    stack.contact_events(&[Call::new("c", HARBOR, "+14255550007", "A-1").ended_event("HUMAN_ANSWERED")]).await;
    assert_eq!(dashboard(&dana).await[0].1, 2);
    // The customer's oldest entry arrives late. It is counted at the position of its time.
    stack
        .deliver(&by_queue(&[loud(0), SmsEvent::new("late", "+14255550182", HARBOR, "late").with_time(ago(799))]))
        .await;
    assert_eq!(dashboard(&dana).await[1], ("loud 39".to_owned(), 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_hundred_are_looked_at_for_the_ten() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.deliver(&by_queue(&[SmsEvent::new("q", "+14255550101", HARBOR, "quiet").with_time(ago(900))])).await;
    let loud =
        |n: u64| SmsEvent::new(&format!("l{n}"), "+14255550182", HARBOR, &format!("loud {n}")).with_time(ago(800 - n));
    let texts: Vec<_> = (0..100).map(loud).collect();
    stack.deliver(&by_queue(&texts[..99])).await;
    assert_eq!(dashboard(&dana).await, [("loud 98".to_owned(), 98), ("quiet".to_owned(), 0)]);
    stack.deliver(&by_queue(&texts[99..])).await;
    assert_eq!(dashboard(&dana).await, [("loud 99".to_owned(), 99)]);
    let bad = dana.get("/api/notifications?by=number").await;
    assert_eq!((bad.status, bad.code()), (400, "bad-choice".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_page_or_limit_has_a_clear_answer() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone("+14255550182").texts(HARBOR, "hello").await;
    let conversation = dana.conversation_with("+14255550182").await;
    for path in ["/api/notifications?", "/api/conversations?", &format!("/api/conversations/{conversation}/messages?")]
    {
        for bad in ["before=x", "before=0", "before=1732250000123", "before=%00", "before=1732250000123-../../x"] {
            let answer = dana.get(&format!("{path}{bad}")).await;
            assert_eq!((answer.status, answer.code()), (400, "bad-page".to_owned()), "{path}{bad}");
            assert!(answer.sentence().starts_with("This is not the address of a page"));
        }
        for bad in ["limit=0", "limit=101", "limit=-1", "limit=ten", "limit=1.5"] {
            assert_eq!(dana.get(&format!("{path}{bad}")).await.code(), "bad-limit", "{path}{bad}");
        }
    }
    assert_eq!(dana.get(&format!("/api/conversations/{conversation}/messages?after=x")).await.code(), "bad-page");
}
