//! Pages of a conversation.

use tests::{HARBOR, SmsEvent, TestStack, ago, by_queue};

const MARIA: &str = "+14255550182";

async fn send_texts(stack: &TestStack, count: u64) {
    let texts: Vec<_> = (0..count)
        .map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, &n.to_string()).with_time(ago(600 - n)))
        .collect();
    assert!(stack.deliver(&by_queue(&texts)).await.is_empty());
}

fn newest_first(range: std::ops::Range<u64>) -> Vec<String> {
    range.rev().map(|n| n.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_pages_follow_each_other_with_none_missing_or_doubled() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    send_texts(&stack, 100).await;
    let conversation = dana.conversation_with(MARIA).await;
    let newest = dana.messages(&conversation).await;
    assert_eq!(newest.texts(), newest_first(70..100));
    let all = dana.everything(&format!("/api/conversations/{conversation}/messages?limit=9")).await;
    let texts: Vec<_> = all.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, newest_first(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_ends_exactly_at_the_beginning_says_so() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    send_texts(&stack, 20).await;
    let conversation = dana.conversation_with(MARIA).await;
    for (limit, pages) in [(20, 1), (10, 2), (19, 2)] {
        let mut next = Some(format!("/api/conversations/{conversation}/messages?limit={limit}"));
        let mut count = 0;
        while let Some(path) = next {
            let page = dana.get(&path).await;
            assert!(!page.items().is_empty());
            next = page.next();
            count += 1;
        }
        assert_eq!(count, pages, "pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_message_there_is_only_what_came_after_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    send_texts(&stack, 50).await;
    let conversation = dana.conversation_with(MARIA).await;
    let messages = dana.get(&format!("/api/conversations/{conversation}/messages?limit=50")).await.items();
    let fortieth = messages[9]["id"].as_str().unwrap();
    let after = format!("/api/conversations/{conversation}/messages?after={fortieth}");
    assert_eq!(dana.get(&after).await.texts(), newest_first(41..50));
    let by_fours = dana.everything(&format!("{after}&limit=4")).await;
    let texts: Vec<_> = by_fours.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, newest_first(41..50));
    let newest = messages[0]["id"].as_str().unwrap();
    assert!(dana.get(&format!("/api/conversations/{conversation}/messages?after={newest}")).await.items().is_empty());
    let oldest = messages[49]["id"].as_str().unwrap();
    let before = dana.get(&format!("/api/conversations/{conversation}/messages?before={oldest}")).await;
    assert_eq!((before.status, before.items().len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_longest_texts_is_whole() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    // Together more than one megabyte, the limit of one `Query` response.
    let long = "字".repeat(30_000);
    for n in 0..20 {
        stack
            .deliver(&by_queue(&[
                SmsEvent::new(&n.to_string(), MARIA, HARBOR, &format!("{n} {long}")).with_time(ago(60 - n))
            ]))
            .await;
    }
    let conversation = dana.conversation_with(MARIA).await;
    for path in
        [format!("/api/conversations/{conversation}/messages?limit=20"), "/api/notifications?limit=20".to_owned()]
    {
        let all = dana.everything(&path).await;
        let texts: Vec<_> =
            all.iter().map(|item| item["text"].as_str().unwrap().split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(texts, newest_first(0..20), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_conversation_is_not_found() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for id in ["0", "x", &"0".repeat(32), &"G".repeat(32), "%00", "..%2f.."] {
        for path in [
            format!("/api/conversations/{id}/messages"),
            format!("/api/conversations/{id}/messages?before=1732250000123-{}", "0".repeat(32)),
        ] {
            let answer = dana.get(&path).await;
            assert_eq!((answer.status, answer.code()), (404, "no-conversation".to_owned()), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_texts_that_take_much_room_has_fewer_of_them_and_none_is_lost() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let wide = "\u{202e}".repeat(1600);
    let texts: Vec<_> =
        (0..100).map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, &wide).with_time(ago(200 - n))).collect();
    for batch in texts.chunks(10) {
        assert!(stack.deliver(&by_queue(batch)).await.is_empty());
    }
    let conversation = dana.conversation_with(MARIA).await;
    for path in [format!("/api/conversations/{conversation}/messages?limit=100"), "/api/notifications?limit=100".into()]
    {
        let screen = dana.screen(&path).await;
        assert_eq!(screen.status, 200, "{path}");
        // Lambda limits a response to 6 MB, including its JSON escapes.
        let bytes = serde_json::to_string(&screen.body).unwrap().len();
        assert!((2_000_000..6 * 1024 * 1024).contains(&bytes), "{path}: {bytes} bytes");
        assert!(screen.body.contains("before="), "it goes on: {path}");
        assert_eq!(dana.everything(&path).await.len(), 100, "{path}");
    }
}
