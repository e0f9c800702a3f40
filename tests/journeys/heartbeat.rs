//! The text that a deployment sends to itself.

use std::time::{Duration, Instant};

use domain::heartbeat;
use serde_json::{Value, json};
use tests::{HARBOR, SmsEvent, TestStack, ago, by_queue};

/// Returns the keys of the heartbeat's items, and the number of all other items.
async fn items(stack: &TestStack) -> (Vec<String>, usize) {
    let all = stack.table("Scan", json!({})).await["Items"].as_array().unwrap().clone();
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let line = format!("LINE#{}", heartbeat::line().number);
    let guard = format!("GUARD#inbound#{}", heartbeat::message());
    let is_its = |item: &Value| {
        let pk = text(item, "pk");
        pk.contains(heartbeat::company().as_str()) || pk == line || pk == guard
    };
    let (its, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_its);
    for other in &others {
        assert!(!other.to_string().contains(heartbeat::company().as_str()), "{other}");
    }
    let mut keys: Vec<_> = its.iter().map(|item| format!("{} {}", text(item, "pk"), text(item, "sk"))).collect();
    keys.sort();
    (keys, others.len())
}

async fn heartbeats(stack: &TestStack) -> u64 {
    stack.metrics_of("dispatch-push").await["Heartbeat"].as_u64().unwrap_or_default()
}

async fn is_heard(stack: &TestStack, times: u64) {
    let patience = Instant::now() + Duration::from_mins(2);
    while heartbeats(stack).await < times {
        assert!(Instant::now() < patience, "not heard for the {times}th time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn beats(stack: &TestStack) -> u64 {
    let invoked = stack.invoke("heartbeat", &json!({})).await;
    assert!(!invoked.failed, "{}", invoked.payload);
    invoked.payload["removed"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_comes_through_is_counted_and_is_gone_with_the_next() {
    let stack = TestStack::open().await;
    let (before, others) = items(&stack).await;
    assert!(before.is_empty());
    assert_eq!(beats(&stack).await, 0);
    is_heard(&stack, 1).await;
    let (first, _) = items(&stack).await;
    assert_eq!(first.len(), 4, "line, entry, conversation and the record that makes a repeat harmless: {first:?}");
    for times in 2..=5 {
        assert_eq!(beats(&stack).await, 1);
        is_heard(&stack, times).await;
    }
    let (last, still) = items(&stack).await;
    assert_eq!((last.len(), still), (4, others), "nothing piles up: {last:?}");
    assert_ne!(last, first, "what is there is the last one's");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_anything_of_a_heartbeat() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let lists = ["/local/lines", "/local/staff"];
    let mut before = Vec::new();
    for list in lists {
        before.push(stack.get(list).await.json());
    }
    let mut socket = dana.goes_live().await;
    beats(&stack).await;
    is_heard(&stack, 1).await;
    for (list, before) in lists.into_iter().zip(before) {
        assert_eq!(stack.get(list).await.json(), before);
    }
    for staff in [&dana, &stack.josie().await] {
        assert!(staff.notifications().await.items().is_empty());
        assert!(staff.get("/api/conversations").await.items().is_empty());
    }
    let path = format!("/api/conversations/{}/messages", heartbeat::conversation());
    assert_eq!(dana.get(&path).await.status, 404);
    stack.phone("+14255550182").texts(HARBOR, "Is anybody there?").await;
    loop {
        let frame = socket.next().await.unwrap();
        assert!(!frame.contains(heartbeat::TEXT), "{frame}");
        if frame.contains("Is anybody there?") {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_comes_late_or_again_is_not_heard() {
    let stack = TestStack::open().await;
    beats(&stack).await;
    is_heard(&stack, 1).await;
    let text = |id: &str, seconds| {
        let line = heartbeat::line().number.to_string();
        SmsEvent::new(id, heartbeat::customer().as_str(), &line, heartbeat::TEXT).with_time(ago(seconds))
    };
    let late = [text("late", heartbeat::FRESH_SECS + 1), text(heartbeat::INBOUND_ID, 0)];
    assert!(stack.deliver(&by_queue(&late)).await.is_empty());
    assert!(stack.deliver(&by_queue(&[text("in time", 0)])).await.is_empty());
    is_heard(&stack, 2).await;
    assert_eq!(heartbeats(&stack).await, 2);
    // The heartbeat deletes all of its items, however they were created.
    assert_eq!(beats(&stack).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_does_not_text_a_company_that_has_its_number() {
    let stack = TestStack::open().await;
    stack.adds_line(heartbeat::line().number.as_str()).await;
    let invoked = stack.invoke("heartbeat", &json!({})).await;
    assert!(invoked.failed, "{}", invoked.payload);
    assert!(stack.dana().await.notifications().await.items().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_costs_five_requests_and_a_look_at_lines_one() {
    let stack = TestStack::open().await;
    beats(&stack).await;
    is_heard(&stack, 1).await;
    let before = stack.usage_of("heartbeat").await;
    beats(&stack).await;
    let asked = stack.usage_of("heartbeat").await.since(&before);
    assert_eq!(asked.counts(), [("DeleteItem", 3), ("PutItem", 1), ("Query", 1)]);
    is_heard(&stack, 2).await;
    // The local stack has no SMS service that returns the settings of lines.
    let before = stack.usage_of("heartbeat").await;
    assert!(stack.invoke("heartbeat", &json!({"check": "lines"})).await.failed);
    let asked = stack.usage_of("heartbeat").await.since(&before);
    assert_eq!(asked.requests.iter().find(|(name, _)| name == "Query"), Some(&("Query".to_owned(), 1)));
}
