//! The costs at list prices, computed from the counted requests and measured durations.

use tests::{Browser, HARBOR, PushService, TableUsage, TestStack};

use crate::contestant::Task;
use crate::scene::{Fixture, MARIA, PAGES};

/// US dollars in us-east-1, each with the AWS page that lists it.
mod price {
    /// aws.amazon.com/lambda/pricing: arm64.
    pub(super) const GB_SECOND: f64 = 0.000_013_333_4;
    pub(super) const INVOCATION: f64 = 0.20 / 1e6;
    /// aws.amazon.com/api-gateway/pricing: HTTP APIs.
    pub(super) const API_REQUEST: f64 = 1.00 / 1e6;
    /// aws.amazon.com/api-gateway/pricing: WebSocket APIs, messages of up to 32 KB in either direction and minutes of a
    /// connection.
    pub(super) const SOCKET_MESSAGE: f64 = 1.00 / 1e6;
    pub(super) const SOCKET_MINUTE: f64 = 0.25 / 1e6;
    /// aws.amazon.com/cloudfront/pricing: HTTPS requests, North America and Europe.
    pub(super) const PORTAL_REQUEST: f64 = 0.01 / 1e4;
    /// aws.amazon.com/cloudwatch/pricing, X-Ray: traces recorded.
    pub(super) const TRACE: f64 = 5.00 / 1e6;
    /// aws.amazon.com/dynamodb/pricing/on-demand: request units.
    pub(super) const WRITE_UNIT: f64 = 0.625 / 1e6;
    pub(super) const READ_UNIT: f64 = 0.125 / 1e6;
    /// aws.amazon.com/sns/pricing: requests of a standard topic. Deliveries to SQS are free.
    pub(super) const TOPIC_REQUEST: f64 = 0.50 / 1e6;
    /// aws.amazon.com/sqs/pricing: requests of a standard queue.
    pub(super) const QUEUE_REQUEST: f64 = 0.40 / 1e6;
    /// aws.amazon.com/cloudwatch/pricing: logs ingested.
    pub(super) const LOG_GB: f64 = 0.50;
}

/// The size in bytes of a line of the API's access log. Functions log nothing on success, and Lambda's own lines are
/// turned off.
const LOGGED_BYTES: f64 = 250.0;
/// The additional latency in milliseconds of a table request in an AWS region, compared with this machine. DynamoDB
/// documents single-digit milliseconds. AWS bills the function for this time.
const AWAY_MS: f64 = 5.0;
/// The response time of the slowest of several push services, and the core time of another push (`push/run`), in
/// milliseconds.
const PUSH_SERVICE_MS: f64 = 100.0;
const PUSH_MS: f64 = 0.13;
/// The memory in MB with which a function gets a whole core.
const FULL_CORE_MB: f64 = 1769.0;
/// The number of browsers that are notified, which equals the number of open pages.
const BROWSERS: usize = PAGES;
/// The fraction of messages or requests that X-Ray traces at ten a second. It traces the first of each second, and 5%
/// of the others.
const TRACED_OF_TEN_A_SECOND: f64 = 0.145;

/// The table requests and capacity units of each operation.
#[derive(Clone, Copy)]
pub(crate) struct MeasuredCapacity {
    inbound: (f64, f64),
    refresh: (f64, f64),
    authorize: (f64, f64),
    show: (f64, f64),
    push: (f64, f64),
    connect: (f64, f64),
    bell: (f64, f64),
}

impl MeasuredCapacity {
    /// Counts the requests and capacity units of repeated operations in warm functions.
    ///
    /// Uses a new stack, because a conditional refresh would find the writes of other benchmarks.
    pub(crate) async fn in_a_stack() -> Self {
        let service = &PushService::open().await;
        let stack = &TestStack::with_push_service(service).await;
        let scene = &Fixture::set_up(stack).await;
        let count = async |function: &str, asked: Task| {
            let mut usage = None;
            for n in 0..2 {
                let before = stack.usage().await;
                let answer = stack.invoke(function, &asked.event(scene, n)).await;
                assert!(asked.is_done_by(&answer.payload, n), "{function}: {}", answer.payload);
                usage = Some(stack.usage().await.since(&before));
            }
            requests_and_units(&usage.unwrap_or_else(|| unreachable!()))
        };
        Self {
            // Before the inbound message, which a refresh would find.
            refresh: count("list-notifications", Task::RefreshAgain).await,
            authorize: count("authorize", Task::Authorize).await,
            inbound: count("inbound-sms", Task::Inbound).await,
            connect: count("live-connection", Task::Socket).await,
            show: measure_show(stack).await,
            push: pushed(stack, service).await,
            bell: rung(stack).await,
        }
    }
}

/// Counts the requests and capacity units of `live-updates` for a text with open pages.
async fn measure_show(stack: &TestStack) -> (f64, f64) {
    let dana = stack.dana().await;
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        pages.push(dana.goes_live().await);
    }
    let mut usage = None;
    for text in ["Is it warm?", "It is."] {
        let before = stack.usage_of("live-updates").await;
        stack.phone(MARIA).texts(HARBOR, text).await;
        for page in &mut pages {
            page.sees(text).await;
        }
        usage = Some(stack.usage_of("live-updates").await.since(&before));
    }
    requests_and_units(&usage.unwrap_or_else(|| unreachable!()))
}

/// Counts the requests and capacity units of `dispatch-push` for a text with several browsers.
async fn pushed(stack: &TestStack, service: &PushService) -> (f64, f64) {
    const TEXTS: f64 = 2.0;
    let dana = stack.dana().await;
    for n in 0..BROWSERS {
        let subscriber = service.browser("ok", &n.to_string());
        dana.puts_subscription(&subscriber.browser, &subscriber.subscription()).await;
    }
    let mut usage = None;
    // Deliveries are recorded only once in a while. Two texts are sent, so that all effects of the first are counted.
    for texts in [["Is it cold?", "It was."], ["Is it warm?", "It is."]] {
        let before = stack.usage_of("dispatch-push").await;
        for text in texts {
            let pushes = service.pushed().len();
            stack.phone(MARIA).texts(HARBOR, text).await;
            service.until(text, |all| all.len() >= pushes + BROWSERS).await;
        }
        usage = Some(stack.usage_of("dispatch-push").await.since(&before));
    }
    let (requests, units) = requests_and_units(&usage.unwrap_or_else(|| unreachable!()));
    (requests / TEXTS, units / TEXTS)
}

/// Counts the requests and capacity units of `push-subscriptions` for an opening page with notifications turned on.
async fn rung(stack: &TestStack) -> (f64, f64) {
    let dana = stack.dana().await;
    let browser = Browser::firefox("bell");
    dana.is_notified_in(&browser).await;
    let before = stack.usage_of("push-subscriptions").await;
    dana.is_notified_in(&browser).await;
    requests_and_units(&stack.usage_of("push-subscriptions").await.since(&before))
}

#[allow(clippy::cast_precision_loss, reason = "a count to reckon with")]
fn requests_and_units(usage: &TableUsage) -> (f64, f64) {
    (usage.requests.iter().map(|(_, count)| *count).sum::<u64>() as f64, usage.units)
}

/// The durations of warm functions with a given amount of memory.
pub(crate) struct MeasuredDurations {
    pub(crate) memory_mb: f64,
    pub(crate) inbound_ms: f64,
    pub(crate) refresh_ms: f64,
    pub(crate) authorize_ms: f64,
    pub(crate) show_ms: f64,
    pub(crate) push_ms: f64,
    pub(crate) connect_ms: f64,
    pub(crate) bell_ms: f64,
}

/// An item of a bill.
struct CostItem {
    what: &'static str,
    how_many: f64,
    each: f64,
}

fn line(what: &'static str, how_many: f64, each: f64) -> CostItem {
    CostItem { what, how_many, each }
}

/// Returns the cost of an invocation's duration. Lambda rounds up to whole milliseconds.
fn lambda(memory_mb: f64, ms: f64, requests: f64) -> f64 {
    let billed = (ms + requests * AWAY_MS).ceil();
    memory_mb / 1024.0 * billed / 1000.0 * price::GB_SECOND
}

/// Returns the cost of a million inbound messages. Each message arrives alone, which is the most expensive case.
fn million_inbound(counted: &MeasuredCapacity, measured: &MeasuredDurations) -> Vec<CostItem> {
    const MILLION: f64 = 1e6;
    let (requests, units) = counted.inbound;
    vec![
        line("SNS: published", MILLION, price::TOPIC_REQUEST),
        line("SQS: sent, received, deleted", 3.0 * MILLION, price::QUEUE_REQUEST),
        line("Lambda: invocations", MILLION, price::INVOCATION),
        line("Lambda: time", MILLION, lambda(measured.memory_mb, measured.inbound_ms, requests)),
        line("DynamoDB: write units", units * MILLION, price::WRITE_UNIT),
        line("X-Ray: traces, with 10 messages a second", TRACED_OF_TEN_A_SECOND * MILLION, price::TRACE),
    ]
}

/// Returns the additional cost of a million inbound messages: each is shown on open pages and pushed to browsers.
#[allow(clippy::cast_precision_loss, reason = "a few")]
fn million_followed(counted: &MeasuredCapacity, measured: &MeasuredDurations) -> Vec<CostItem> {
    const MILLION: f64 = 1e6;
    let (looks, looked) = counted.show;
    let (asks, asked) = counted.push;
    let showing = lambda(measured.memory_mb, measured.show_ms, looks);
    let encrypting = PUSH_MS * BROWSERS as f64 * FULL_CORE_MB / measured.memory_mb;
    let pushing = lambda(measured.memory_mb, measured.push_ms + encrypting + PUSH_SERVICE_MS, asks);
    vec![
        line("Lambda: invocations of live-updates", MILLION, price::INVOCATION),
        line("Lambda: their time", MILLION, showing),
        line("API Gateway: messages to pages", PAGES as f64 * MILLION, price::SOCKET_MESSAGE),
        line("Lambda: invocations of dispatch-push", MILLION, price::INVOCATION),
        line("Lambda: their time", MILLION, pushing),
        line("DynamoDB: read units", (looked + asked) * MILLION, price::READ_UNIT),
        line("X-Ray: traces, with 10 messages a second", 2.0 * TRACED_OF_TEN_A_SECOND * MILLION, price::TRACE),
    ]
}

/// Returns the cost of an open Dashboard for eight hours. The Dashboard refreshes every five seconds and finds nothing
/// new.
fn working_day(counted: &MeasuredCapacity, measured: &MeasuredDurations) -> Vec<CostItem> {
    const REFRESHES: f64 = 8.0 * 3600.0 / 5.0;
    // The gateway caches the authorizer's result for a minute.
    const AUTHORIZED: f64 = 8.0 * 60.0;
    // Includes conversations and appointments: each page opens a new socket and reports its browser's
    // subscription.
    const LOADED: f64 = 50.0;
    const PINGS: f64 = 8.0 * 60.0 / 5.0;
    let (connects, connected) = counted.connect;
    let (rings, rung) = counted.bell;
    let (looks, looked) = counted.refresh;
    let (checks, checked) = counted.authorize;
    vec![
        line("CloudFront: requests", REFRESHES, price::PORTAL_REQUEST),
        line("API Gateway: requests", REFRESHES, price::API_REQUEST),
        line("Lambda: refreshes", REFRESHES, price::INVOCATION),
        line("Lambda: their time", REFRESHES, lambda(measured.memory_mb, measured.refresh_ms, looks)),
        line("Lambda: authorizer", AUTHORIZED, price::INVOCATION),
        line("Lambda: its time", AUTHORIZED, lambda(measured.memory_mb, measured.authorize_ms, checks)),
        line("API Gateway: minutes of a WebSocket", 8.0 * 60.0, price::SOCKET_MINUTE),
        line("API Gateway: pings and pongs", 2.0 * PINGS, price::SOCKET_MESSAGE),
        line("Lambda: sockets that open, close and ping", 2.0 * LOADED + PINGS, price::INVOCATION),
        line("Lambda: their time", LOADED, lambda(measured.memory_mb, measured.connect_ms, connects)),
        line("Lambda: their authorizer", LOADED, price::INVOCATION),
        line("API Gateway and CloudFront: the bell", LOADED, price::API_REQUEST + price::PORTAL_REQUEST),
        line("Lambda: the bell", LOADED, price::INVOCATION),
        line("Lambda: its time", LOADED, lambda(measured.memory_mb, measured.bell_ms, rings)),
        line("DynamoDB: write units", connected * LOADED, price::WRITE_UNIT),
        line("DynamoDB: read units", looked * REFRESHES + checked * AUTHORIZED + rung * LOADED, price::READ_UNIT),
        line("CloudWatch: GB of logs", LOGGED_BYTES * REFRESHES / 1e9, price::LOG_GB),
        // All requests of a single Dashboard are traced. With a hundred Dashboards, one request in ten is traced.
        line("X-Ray: traces", REFRESHES + AUTHORIZED, price::TRACE),
    ]
}

pub(crate) fn print(counted: &MeasuredCapacity, by_memory: &[MeasuredDurations]) {
    for measured in by_memory {
        let memory = measured.memory_mb;
        print_bill(&format!("1 million inbound messages, {memory} MB"), &million_inbound(counted, measured));
        let followed = million_followed(counted, measured);
        print_bill(&format!("The same million, on {PAGES} pages and in {BROWSERS} browsers, {memory} MB"), &followed);
        print_bill(&format!("A working day of one Dashboard, {memory} MB"), &working_day(counted, measured));
    }
}

fn print_bill(what: &str, bill: &[CostItem]) {
    println!("\n{what}\n\n| | how many | $ |\n| --- | ---: | ---: |");
    for CostItem { what, how_many, each } in bill {
        println!("| {what} | {how_many:.2} | {:.5} |", how_many * each);
    }
    println!("| **all** | | **{:.5}** |", bill.iter().map(|line| line.how_many * line.each).sum::<f64>());
}
