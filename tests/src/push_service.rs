//! A local push service, with the browsers that it serves.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ece::EcKeyComponents;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Browser;

/// The origin of a push service at which nothing listens. Every stack allows it. The operating system never assigns
/// this port.
pub const NOBODY_LISTENS: &str = "http://127.0.0.1:1";

/// A push service whose answer depends on the first part of an endpoint's path. That is `ok`, a status such as `410`,
/// or a fault such as `hang`, `reset` or `redirect`.
pub struct PushService {
    address: String,
    seen: ReceivedPushes,
    of_others: ReceivedPushes,
    serving: JoinHandle<()>,
}

type ReceivedPushes = Arc<Mutex<Vec<ReceivedPush>>>;

/// A request that the push service received.
#[derive(Clone, Debug)]
pub struct ReceivedPush {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub at: Instant,
}

/// A browser that receives push notifications and can decrypt them.
pub struct Subscriber {
    pub browser: Browser,
    pub path: String,
    keys: EcKeyComponents,
    auth: [u8; 16],
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl PushService {
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (seen, of_others) = (ReceivedPushes::default(), ReceivedPushes::default());
        let serving = tokio::spawn(serve(listener, seen.clone(), of_others.clone()));
        Self { address, seen, of_others, serving }
    }

    #[must_use]
    pub fn origin(&self) -> &str {
        &self.address
    }

    /// Returns a browser with a unique endpoint. `answer` sets how the service answers its push notifications.
    #[must_use]
    pub fn browser(&self, answer: &str, name: &str) -> Subscriber {
        let path = format!("/{answer}/{name}");
        let (pair, auth) = ece::generate_keypair_and_auth_secret().expect("keys");
        let keys = pair.raw_components().expect("a key");
        let browser = Browser { endpoint: format!("{}{path}", self.address), ..Browser::firefox(name) };
        Subscriber { browser, path, keys, auth }
    }

    /// Returns the push notifications to a browser about a newly added browser of the same person. The service always
    /// accepts these, and keeps them apart from push notifications about customers.
    #[must_use]
    pub fn pushes_of_others(&self, to: &Subscriber) -> Vec<Value> {
        let told = lock(&self.of_others);
        told.iter().filter(|pushed| pushed.path == to.path).map(|pushed| to.reads(pushed)).collect()
    }

    /// Returns all push notifications so far in order of arrival, except those about newly added browsers.
    #[must_use]
    pub fn pushed(&self) -> Vec<ReceivedPush> {
        lock(&self.seen).clone()
    }

    /// Returns the push notifications that a browser has received so far, decrypted.
    #[must_use]
    pub fn notifications_of(&self, to: &Subscriber) -> Vec<Value> {
        let pushed = self.pushed();
        pushed.iter().filter(|pushed| pushed.path == to.path).map(|pushed| to.reads(pushed)).collect()
    }

    /// Returns when a browser received each of its push notifications.
    #[must_use]
    pub fn pushed_at(&self, to: &Subscriber) -> Vec<Instant> {
        let pushed = self.pushed();
        pushed.iter().filter(|pushed| pushed.path == to.path).map(|pushed| pushed.at).collect()
    }

    /// Waits until a browser has received at least `many` push notifications.
    pub async fn sends(&self, to: &Subscriber, many: usize) -> Vec<Value> {
        self.until(&format!("{many} pushes to {}", to.path), |pushed| {
            pushed.iter().filter(|pushed| pushed.path == to.path).count() >= many
        })
        .await;
        self.notifications_of(to)
    }

    pub async fn until(&self, what: &str, is: impl Fn(&[ReceivedPush]) -> bool) {
        let patience = Instant::now() + Duration::from_mins(2);
        while !is(&lock(&self.seen)) {
            assert!(Instant::now() < patience, "not seen: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Subscriber {
    /// Returns the subscription as `PushSubscription.toJSON()` does.
    #[must_use]
    pub fn subscription(&self) -> Value {
        let [p256dh, auth] = [self.keys.public_key(), &self.auth].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({"endpoint": self.browser.endpoint, "expirationTime": null, "keys": {"p256dh": p256dh, "auth": auth}})
    }

    /// Decrypts a push notification as the browser does.
    #[must_use]
    pub fn reads(&self, pushed: &ReceivedPush) -> Value {
        let plain = ece::decrypt(&self.keys, &self.auth, &pushed.body).expect("it can be read");
        serde_json::from_slice(&plain).expect("JSON")
    }
}

impl ReceivedPush {
    /// Returns whether this push notification is about a newly added browser. A push notification about a customer has
    /// the topic of its conversation, and a test notification expires within minutes.
    fn is_of_another_browser(&self) -> bool {
        let lasts = self.headers.get("ttl").and_then(|ttl| ttl.parse().ok());
        !self.headers.contains_key("topic") && lasts.is_some_and(|secs: u32| secs > 240)
    }

    /// Returns the token of the VAPID signature.
    #[must_use]
    pub fn token(&self) -> &str {
        let signed = self.headers.get("authorization").expect("a signature");
        signed.strip_prefix("vapid t=").and_then(|rest| rest.split_once(',')).expect("VAPID").0
    }
}

fn lock(seen: &ReceivedPushes) -> MutexGuard<'_, Vec<ReceivedPush>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, seen: ReceivedPushes, of_others: ReceivedPushes) {
    while let Ok((stream, _)) = listener.accept().await {
        let (seen, of_others) = (seen.clone(), of_others.clone());
        tokio::spawn(async move { serve_one(stream, seen, of_others).await });
    }
}

/// Serves one connection until it is closed or a faulty answer ends it.
async fn serve_one(mut stream: TcpStream, seen: ReceivedPushes, of_others: ReceivedPushes) -> Option<()> {
    let mut read = Vec::new();
    loop {
        let pushed = request(&mut stream, &mut read).await?;
        if pushed.is_of_another_browser() {
            lock(&of_others).push(pushed);
            answer(&mut stream, "ok").await?;
            continue;
        }
        let how = pushed.path.split('/').nth(1).unwrap_or_default().to_owned();
        let is_first = {
            let mut seen = lock(&seen);
            seen.push(pushed.clone());
            seen.iter().filter(|earlier| earlier.path == pushed.path).count() == 1
        };
        let how = match how.strip_prefix("once-") {
            Some(how) if is_first => how,
            Some(_) => "ok",
            None => &how,
        };
        answer(&mut stream, how).await?;
    }
}

async fn answer(stream: &mut TcpStream, how: &str) -> Option<()> {
    let short =
        |status: &str, more: &str| format!("HTTP/1.1 {status} x\r\n{more}content-length: 2\r\n\r\nno").into_bytes();
    match how {
        "ok" => stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await.ok(),
        "hang" => {
            tokio::time::sleep(Duration::from_mins(2)).await;
            None
        }
        // Sets the linger time to zero, so that closing the connection resets it. Leaving received data unread would
        // reset it, too.
        "reset" => {
            stream.set_zero_linger().ok()?;
            None
        }
        "redirect" => stream.write_all(&short("307", "location: http://169.254.169.254/latest/\r\n")).await.ok(),
        busy if busy.starts_with("busy-") => {
            let secs = busy.trim_start_matches("busy-");
            stream.write_all(&short("429", &format!("retry-after: {secs}\r\n"))).await.ok()
        }
        "huge" => {
            stream.write_all(b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes()).await.ok()?;
            }
        }
        "drip" => {
            stream.write_all(b"HTTP/1.1 201 Created\r\nx: ").await.ok()?;
            loop {
                stream.write_all(b"x").await.ok()?;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        status => stream.write_all(&short(status, "")).await.ok(),
    }
}

async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<ReceivedPush> {
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let mut lines = head.lines();
            let path = lines.next()?.split(' ').nth(1)?.to_owned();
            let headers = lines.filter_map(|line| line.split_once(": "));
            let headers: BTreeMap<_, _> =
                headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if read.len() >= end + 4 + length {
                let body = read[end + 4..end + 4 + length].to_vec();
                read.drain(..end + 4 + length);
                return Some(ReceivedPush { path, headers, body, at: Instant::now() });
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}
