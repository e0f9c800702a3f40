//! How many push notifications a core encrypts and sends, compared with other libraries. `tests/bench/push/run` builds
//! and installs them all and runs this. `tests/bench/README.md` has the figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "it prints figures, and has failed if it cannot go on"
)]

mod contestant;
mod service;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use contestant::{BenchmarkProcess, RunTiming};
use ece::EcKeyComponents;
use push::VapidKeys;
use serde_json::{Value, json};
use service::{RunTraffic, Service};

#[derive(Parser)]
struct Arguments {
    /// How many times each contestant runs.
    #[arg(long, default_value_t = 9)]
    turns: usize,
    /// How many messages a contestant sends in each run.
    #[arg(long, default_value_t = 5000)]
    messages: usize,
    /// The `node` program. The folder `node` has its `node_modules`.
    #[arg(long)]
    node: PathBuf,
    /// The interpreter of an environment with `python/requirements.txt` installed.
    #[arg(long)]
    python: PathBuf,
}

/// The host of the push service. `run` maps it to an address.
const HOST: &str = "push.example.com";

/// The number of subscriptions, all of one origin.
const SUBSCRIPTIONS: usize = 1000;

/// The number of concurrent requests of a contestant that supports them, as in `dispatch-push`.
const BATCH_SIZE: usize = 100;

const PAYLOAD: &str = concat!(
    r#"{"id":"2026-01-31T12:00:00.000Z-0000000000000001","kind":"message","#,
    r#""conversation":"4be1c8a0b7f24d0f9e3a51c6d2e8f704","title":"Maria Lopez","#,
    r#""body":"Could I come at 3 instead of 2:30 on Tuesday? My daughter has school until then. Thank you!","#,
    r#""at":"2026-01-31T12:00:00.000Z","unanswered":3}"#
);

/// The private key of RFC 8291's example.
const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const SUBJECT: &str = "mailto:push@example.com";

const OURS: &str = "Switchboard";
const WEB_PUSH: &str = "web-push";
const PYWEBPUSH: [&str; 2] = ["pywebpush, `requests`", "pywebpush, `aiohttp`"];

/// A browser that can decrypt its push notifications.
struct Browser {
    keys: EcKeyComponents,
    auth: [u8; 16],
}

/// The medians of a contestant's runs.
struct TurnMedians {
    name: &'static str,
    /// The number of distinct signatures in the first run, in which each subscription gets one message.
    signatures: usize,
    connections: usize,
    per_sec: f64,
    own_micros: f64,
    own_busy: f64,
    service_busy: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir().unwrap();
    let (stage, certificate) = (folder.path().join("stage.json"), folder.path().join("authority.pem"));
    let browsers = browsers();
    std::fs::write(&stage, staged(&browsers).to_string()).unwrap();
    let service = Service::open(HOST, &certificate).await;
    let mut contestants = contestants(&arguments, &stage, &certificate).await;
    let mut firsts = Vec::new();
    for contestant in &mut contestants {
        contestant.send(SUBSCRIPTIONS).await;
        let seen = service.take();
        read_all(contestant.name, &seen, &browsers);
        firsts.push(seen);
    }
    let mut turns: Vec<Vec<RunTiming>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..arguments.turns {
        for (contestant, turns) in contestants.iter_mut().zip(&mut turns) {
            turns.push(contestant.send(arguments.messages).await);
            assert_eq!(service.take().messages, arguments.messages, "{}", contestant.name);
        }
    }
    let figures = contestants.iter().zip(&firsts).zip(&turns);
    let figures: Vec<_> = figures
        .map(|((contestant, first), turns)| TurnMedians::medians_of(contestant.name, first, turns, arguments.messages))
        .collect();
    if print(&figures) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn contestants(arguments: &Arguments, stage: &Path, certificate: &Path) -> Vec<BenchmarkProcess> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ours = std::env::current_exe().unwrap().with_file_name("pusher");
    let (in_node, in_python) = (here.join("node/contestant.mjs"), here.join("python/contestant.py"));
    let [ours, in_node, in_python, node, python] =
        [&ours, &in_node, &in_python, &arguments.node, &arguments.python].map(|path| path.to_str().unwrap());
    let commands: [(&'static str, &[&str]); 6] = [
        (OURS, &[ours]),
        (WEB_PUSH, &[node, in_node, "each"]),
        (PYWEBPUSH[0], &[python, in_python, "requests", "each"]),
        (PYWEBPUSH[1], &[python, in_python, "aiohttp", "each"]),
        ("web-push, signed once by hand", &[node, in_node, "once"]),
        ("pywebpush, `aiohttp`, signed once by hand", &[python, in_python, "aiohttp", "once"]),
    ];
    let mut contestants = Vec::new();
    for (name, command) in commands {
        contestants.push(BenchmarkProcess::start(name, command, stage, certificate).await);
    }
    contestants
}

/// Returns browsers by path. The paths are as long as those of real push services.
fn browsers() -> BTreeMap<String, Browser> {
    let browser = |number| {
        let (pair, auth) = ece::generate_keypair_and_auth_secret().unwrap();
        (format!("/wpush/v2/{number:0180}"), Browser { keys: pair.raw_components().unwrap(), auth })
    };
    (0..SUBSCRIPTIONS).map(browser).collect()
}

/// Returns the file that the contestants read.
fn staged(browsers: &BTreeMap<String, Browser>) -> Value {
    let subscription = |(path, browser): (&String, &Browser)| {
        let [p256dh, auth] = [browser.keys.public_key(), &browser.auth].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({"endpoint": format!("https://{HOST}{path}"), "keys": {"p256dh": p256dh, "auth": auth}})
    };
    let secret = json!({"subject": SUBJECT, "keys": [{"private": PRIVATE}]});
    let keys = VapidKeys::parse(&secret.to_string()).unwrap();
    json!({"service": HOST, "subscriptions": browsers.iter().map(subscription).collect::<Vec<_>>(),
        "payload": PAYLOAD, "topic": "4be1c8a0b7f24d0f9e3a51c6d2e8f704", "ttl": 86_400, "together": BATCH_SIZE,
        "subject": SUBJECT, "private": PRIVATE, "public": keys.current()})
}

/// Asserts that each browser was sent one message and can decrypt it.
fn read_all(name: &str, seen: &RunTraffic, browsers: &BTreeMap<String, Browser>) {
    let first: BTreeMap<_, _> = seen.first.iter().map(|(path, body)| (path, body)).collect();
    assert_eq!((seen.messages, first.len()), (browsers.len(), browsers.len()), "{name}");
    for (path, body) in first {
        let browser = &browsers[path];
        assert_eq!(ece::decrypt(&browser.keys, &browser.auth, body).unwrap(), PAYLOAD.as_bytes(), "{name}");
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures to read")]
impl TurnMedians {
    fn medians_of(name: &'static str, first: &RunTraffic, turns: &[RunTiming], messages: usize) -> Self {
        let median = |figure: fn(&RunTiming) -> f64| {
            let mut figures: Vec<_> = turns.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let messages = messages as f64;
        Self {
            name,
            signatures: first.signatures.len(),
            connections: first.connections,
            per_sec: messages / median(|turn| turn.wall.as_secs_f64()),
            own_micros: median(|turn| turn.own.as_secs_f64()) * 1e6 / messages,
            own_busy: median(|turn| turn.own.as_secs_f64() / turn.wall.as_secs_f64()),
            service_busy: median(|turn| turn.service.as_secs_f64() / turn.wall.as_secs_f64()),
        }
    }
}

/// Prints the figures. Returns whether the targets are met.
fn print(figures: &[TurnMedians]) -> bool {
    let of = |name: &str| figures.iter().find(|figures| figures.name == name).unwrap();
    let ours = of(OURS);
    println!(
        "| | messages/s | Switchboard is as fast | µs of its core a message | its core busy | the service's core busy | signatures for 1,000 | connections |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for one in figures {
        println!(
            "| {} | {:.0} | {:.1} times | {:.0} | {:.0} % | {:.0} % | {} | {} |",
            one.name,
            one.per_sec,
            ours.per_sec / one.per_sec,
            one.own_micros,
            one.own_busy * 100.0,
            one.service_busy * 100.0,
            one.signatures,
            one.connections,
        );
    }
    let faster = PYWEBPUSH.map(|name| of(name).per_sec).into_iter().fold(0.0, f64::max);
    let targets = [
        ("at least 5 times web-push", ours.per_sec / of(WEB_PUSH).per_sec, 5.0),
        ("at least 1.5 times pywebpush, the faster of its two ways", ours.per_sec / faster, 1.5),
    ];
    println!("\n| target | | |\n| --- | --- | --- |");
    let mut all = ours.signatures == 1;
    for (target, times, least) in targets {
        println!("| {target} | {} | {times:.1} times |", met(times >= least));
        all &= times >= least;
    }
    println!(
        "| one signature for 1,000 subscriptions on one origin | {} | {} |",
        met(ours.signatures == 1),
        ours.signatures
    );
    all
}

fn met(is: bool) -> &'static str {
    if is { "met" } else { "**not met**" }
}
