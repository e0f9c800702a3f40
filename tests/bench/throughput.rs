//! Throughput of the local stack, and whether it depends on the size of the table: `cargo bench`.
//!
//! Two stacks, one with few messages and one with many, get the same requests alternately, through HTTP and Lambda's
//! Invoke API, from four clients at a time. Each figure depends on the machine's speed and its other load. Only the
//! ratio of the two stacks matters. Alternating rounds expose both stacks to the same load.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it prints figures, and has failed if it cannot go on")]

use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use local::TABLE;
use serde_json::{Value, json};
use tests::{HARBOR, SmsEvent, StaffClient, TestStack, ago, by_queue};

const CLIENTS: usize = 4;
const FEW: usize = 10;
const MANY: usize = 100_000;
/// The number of customers whose messages fill the large stack. Each customer sends equally many.
const CUSTOMERS: usize = 1000;
const TURNS: usize = 15;
const ASKED_A_TURN: usize = 300;
const DELIVERED_A_TURN: usize = 200;
/// The batch size of SQS.
const BATCH: usize = 10;

const MARIA: &str = "+14255550182";

#[tokio::main]
async fn main() {
    // `cargo test` runs only a small benchmark, as a check that it works.
    let whole = std::env::args().any(|argument| argument == "--bench");
    let (many, turns) = if whole { (MANY, TURNS) } else { (FEW * 10, 1) };
    let (small_house, large_house) = (TestStack::open().await, TestStack::open().await);
    fill(&large_house, many - FEW).await;
    let mut small = ThroughputBench::begin(&small_house).await;
    let mut large = ThroughputBench::begin(&large_house).await;
    for turn in 0..turns {
        small.turn(turn).await;
        large.turn(turn).await;
    }
    println!("{:32} {:>12} {:>16} {:>8}", "medians", format!("{FEW} stored"), format!("{many} stored"), "ratio");
    for (what, few, many) in [
        ("refreshes of 10 notifications", &mut small.refreshes, &mut large.refreshes),
        ("the same, unchanged (304)", &mut small.unchanged, &mut large.unchanged),
        ("pages of a conversation", &mut small.pages, &mut large.pages),
        ("inbound SMS by Invoke, in tens", &mut small.inbound, &mut large.inbound),
    ] {
        let (few, many) = (median(few), median(many));
        println!("{what:32} {few:>10.0}/s {many:>14.0}/s {:>8.2}", many / few);
    }
}

/// The measured throughput of one stack, in operations per second for each round.
struct ThroughputBench<'a> {
    desk: StaffClient<'a>,
    page: String,
    refreshes: Vec<f64>,
    unchanged: Vec<f64>,
    pages: Vec<f64>,
    inbound: Vec<f64>,
}

impl<'a> ThroughputBench<'a> {
    /// Stores the few messages. All are from Maria and the newest of both stacks, so that responses have the same size.
    async fn begin(stack: &'a TestStack) -> Self {
        let texts: Vec<_> = (0..FEW).map(|n| sms(&format!("maria-{n}"), MARIA)).collect();
        assert!(stack.deliver(&by_queue(&texts)).await.is_empty());
        let desk = stack.dana().await;
        let page = format!("/api/conversations/{}/messages?limit=10", desk.conversation_with(MARIA).await);
        Self { desk, page, refreshes: vec![], unchanged: vec![], pages: vec![], inbound: vec![] }
    }

    async fn turn(&mut self, turn: usize) {
        const FEED: &str = "/api/notifications?limit=10";
        let tag = self.desk.screen(FEED).await.header("etag").unwrap().to_owned();
        self.refreshes.push(self.ask(FEED, None, 200).await);
        self.unchanged.push(self.ask(FEED, Some(&tag), 304).await);
        self.pages.push(self.ask(&self.page, None, 200).await);
        self.inbound.push(self.deliver(turn).await);
    }

    async fn ask(&self, path: &str, tag: Option<&str>, status: u16) -> f64 {
        each(0..ASKED_A_TURN, async |_| {
            let mut request = self.desk.request(reqwest::Method::GET, path).header("accept", "text/html");
            if let Some(tag) = tag {
                request = request.header("if-none-match", tag);
            }
            assert_eq!(self.desk.send(request).await.status, status);
        })
        .await
    }

    /// Delivers more of Maria's messages, which are then the newest.
    async fn deliver(&self, turn: usize) -> f64 {
        let texts: Vec<_> = (0..DELIVERED_A_TURN).map(|n| sms(&format!("{turn}-{n}"), MARIA)).collect();
        let batches: Vec<_> = texts.chunks(BATCH).map(by_queue).collect();
        each(batches, async |batch| assert!(self.desk.stack.deliver(&batch).await.is_empty())).await * as_float(BATCH)
    }
}

/// Runs `work` for each item with a few clients at a time. Returns the items per second.
async fn each<T>(all: impl IntoIterator<Item = T>, work: impl AsyncFn(T)) -> f64 {
    let begun = Instant::now();
    let done = stream::iter(all).map(|one| work(one)).buffer_unordered(CLIENTS).count().await;
    as_float(done) / begun.elapsed().as_secs_f64()
}

/// Stores messages of many customers. The first message of each customer is delivered. The others are copies of it with
/// earlier sort keys, which are written directly to the table. Delivering all of them would take most of an hour,
/// because dynoxide scans the request tokens of the last ten minutes in each transaction.
async fn fill(stack: &TestStack, count: usize) {
    let customers = CUSTOMERS.min(count);
    let texts: Vec<_> = (0..customers).map(|n| sms(&n.to_string(), &format!("+1425{:07}", 5_560_000 + n))).collect();
    each(texts.chunks(BATCH), async |texts| assert!(stack.deliver(&by_queue(texts)).await.is_empty())).await;
    let mut events = Vec::new();
    let mut from = Value::Null;
    loop {
        let mut scan =
            json!({"FilterExpression": "begins_with(sk, :e)", "ExpressionAttributeValues": {":e": {"S": "EVENT#"}}});
        if !from.is_null() {
            scan["ExclusiveStartKey"] = from;
        }
        let mut scanned = stack.table("Scan", scan).await;
        events.extend(scanned["Items"].as_array().unwrap().iter().cloned());
        from = scanned["LastEvaluatedKey"].take();
        if from.is_null() {
            break;
        }
    }
    assert_eq!(events.len(), customers);
    let copies: Vec<_> = (customers..count).map(|n| earlier(&events[n % customers], n)).collect();
    each(copies.chunks(25), async |copies| {
        let answer = stack.table("BatchWriteItem", json!({"RequestItems": {TABLE: copies}})).await;
        assert_eq!(answer["UnprocessedItems"], json!({}));
    })
    .await;
}

/// Returns a `PutRequest` for a copy of a message, with a unique sort key some hours earlier.
fn earlier(event: &Value, n: usize) -> Value {
    let place = event["position"]["S"].as_str().unwrap();
    let at = place[..13].parse::<usize>().unwrap() - 40_000_000 - n;
    let place = format!("{at:013}-{n:032x}");
    let mut copy = event.clone();
    copy["position"]["S"] = json!(place);
    copy["recent_sk"]["S"] = json!(place);
    copy["sk"]["S"] = json!(format!("EVENT#{place}"));
    json!({"PutRequest": {"Item": copy}})
}

fn sms(id: &str, from: &str) -> SmsEvent {
    SmsEvent::new(id, from, HARBOR, "Could we move it to half past three?").with_time(ago(0))
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[allow(clippy::cast_precision_loss, reason = "a figure to read")]
fn as_float(count: usize) -> f64 {
    count as f64
}
