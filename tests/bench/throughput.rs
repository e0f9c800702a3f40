//! How fast the local stack is, and whether the size of the store shows: `cargo bench`.
//!
//! Everything goes through the doors that users have, from four clients at a time. The machine's own
//! speed is in every figure, so compare those of one run: the last column is what matters.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it prints figures, and has failed if it cannot go on")]

use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use tests::{Desk, HARBOR, House, Sms, ago, by_queue};

const CLIENTS: usize = 4;
const SMALL: usize = 10;
const LARGE: usize = 100_000;
/// Customers who wrote them, each as often as the others.
const CUSTOMERS: usize = 1000;
const BATCH: usize = 10;
const ASKED: usize = 3000;
const DELIVERED: usize = 3000;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let (large, asked, delivered) = if std::env::args().any(|argument| argument == "--bench") {
        (LARGE, ASKED, DELIVERED)
    } else {
        (SMALL * 10, 20, 20)
    };
    let house = House::open().await;
    let dana = house.dana().await;
    let mut store = Store { house: &house, stored: 0 };

    store.fill(SMALL).await;
    let small = measure(&mut store, &dana, asked, delivered).await;
    let filled = store.fill(large).await;
    let large = measure(&mut store, &dana, asked, delivered).await;

    println!("{:34} {:>14} {:>14} {:>8}", "", format!("{SMALL} stored"), format!("{LARGE} stored"), "ratio");
    for ((what, few), (_, many)) in small.into_iter().zip(large) {
        println!("{what:34} {few:>12.0}/s {many:>12.0}/s {:>8.2}", many / few);
    }
    println!("{:34} {:>14} {filled:>12.0}/s", "inbound SMS, while the store fills", "");
    house.close().await;
}

struct Store<'a> {
    house: &'a House,
    stored: usize,
}

impl Store<'_> {
    /// Delivers messages, in batches as SQS hands them over, until so many are stored. Gives how
    /// many it were in a second.
    async fn fill(&mut self, target: usize) -> f64 {
        let count = target.saturating_sub(self.stored);
        let messages: Vec<_> = (self.stored..self.stored + count).map(sms).collect();
        self.stored += count;
        let batches = messages.chunks(BATCH).map(by_queue).collect::<Vec<_>>();
        let begun = Instant::now();
        stream::iter(&batches)
            .map(async |batch| assert!(self.house.deliver(batch).await.is_empty()))
            .buffer_unordered(CLIENTS)
            .collect::<Vec<()>>()
            .await;
        rate(count, begun)
    }
}

fn sms(n: usize) -> Sms {
    let from = format!("+1425{:07}", 5_550_000 + n % CUSTOMERS);
    let later = u64::try_from(n / 20).unwrap_or_default();
    Sms::new(&n.to_string(), &from, HARBOR, "Could we move it to half past three?").at(ago(20_000 - later.min(19_000)))
}

async fn measure(store: &mut Store<'_>, dana: &Desk<'_>, asked: usize, delivered: usize) -> [(&'static str, f64); 4] {
    let feed = "/api/notifications?limit=10".to_owned();
    let tag = dana.screen(&feed).await.header("etag").unwrap().to_owned();
    let conversation =
        dana.get("/api/conversations?limit=1").await.items()[0]["conversation"].as_str().unwrap().to_owned();
    let thread = format!("/api/conversations/{conversation}/messages");
    let refreshes = ask(dana, &feed, None, 200, asked).await;
    let unchanged = ask(dana, &feed, Some(&tag), 304, asked).await;
    let pages = ask(dana, &thread, None, 200, asked).await;
    // Last, since it changes how much is stored, though not by much.
    let inbound = store.fill(store.stored + delivered).await;
    [
        ("refreshes of 10 notifications", refreshes),
        ("the same, unchanged (304)", unchanged),
        ("pages of a conversation", pages),
        ("inbound SMS by Invoke, in tens", inbound),
    ]
}

async fn ask(dana: &Desk<'_>, path: &str, tag: Option<&str>, status: u16, times: usize) -> f64 {
    let begun = Instant::now();
    stream::iter(0..times)
        .map(async |_| {
            let mut request = dana.request(reqwest::Method::GET, path).header("accept", "text/html");
            if let Some(tag) = tag {
                request = request.header("if-none-match", tag);
            }
            assert_eq!(dana.send(request).await.status, status);
        })
        .buffer_unordered(CLIENTS)
        .collect::<Vec<()>>()
        .await;
    rate(times, begun)
}

#[allow(clippy::cast_precision_loss, reason = "a figure to read")]
fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}
