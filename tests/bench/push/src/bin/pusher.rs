//! Sends push notifications as `dispatch-push` does. `contestant.rs` describes its input and output.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "it says when it is done, and has failed if it cannot go on"
)]

use std::io::stdin;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, PushEndpoint, PushSubscription, Timestamp};
use futures_util::stream::{self, StreamExt};
use push::{Push, PushOutcome, PushServices, Pusher, VapidKeys};
use serde_json::{Value, json};

#[allow(clippy::disallowed_methods, reason = "there is no function around it that has a clock")]
fn clock() -> Clock {
    let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Clock::new(move || Timestamp::from_millis(since().as_millis().try_into().unwrap()))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage: Value = serde_json::from_slice(&std::fs::read(std::env::args().nth(1).unwrap()).unwrap()).unwrap();
    let text = |name: &str| stage[name].as_str().unwrap();
    let secret = json!({"subject": stage["subject"], "keys": [{"private": stage["private"]}]});
    let keys = VapidKeys::parse(&secret.to_string()).unwrap();
    let services = PushServices::from_setting(text("service")).unwrap();
    let subscriptions: Vec<_> = stage["subscriptions"].as_array().unwrap().iter().map(subscription(&keys)).collect();
    let together = stage["together"].as_u64().unwrap().try_into().unwrap();
    let push = Push {
        payload: text("payload").as_bytes(),
        ttl_secs: stage["ttl"].as_u64().unwrap().try_into().unwrap(),
        topic: Some(text("topic")),
    };
    let pusher = Pusher::new(clock());
    println!("ready");
    for line in stdin().lines() {
        let messages = subscriptions.iter().cycle().take(line.unwrap().parse().unwrap());
        let sent = stream::iter(messages).map(|subscription| async {
            // Checks the endpoint for each push, as `dispatch-push` does.
            let to = services.check_endpoint(subscription).unwrap();
            pusher.push(&to, &keys, &push).await
        });
        let outcomes = sent.buffer_unordered(together);
        runtime.block_on(outcomes.for_each(async |outcome| assert_eq!(outcome, PushOutcome::Delivered)));
        println!("done");
    }
}

fn subscription(keys: &VapidKeys) -> impl Fn(&Value) -> PushSubscription {
    |value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        PushSubscription {
            endpoint: PushEndpoint::new(text(&value["endpoint"])),
            p256dh: text(&value["keys"]["p256dh"]),
            auth: text(&value["keys"]["auth"]),
            key: keys.current().to_owned(),
        }
    }
}
