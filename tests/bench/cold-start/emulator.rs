//! Lambda's Runtime API, for a process that runs one function.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// A request of the function to the Runtime API, with its time.
pub(crate) enum RuntimeEvent {
    /// The function asks for the next event: it has started, or has handled the previous event.
    Task(Instant),
    Answered(Instant, Value),
    Failed(String),
}

#[derive(Clone)]
struct RuntimeApi {
    heard: mpsc::UnboundedSender<RuntimeEvent>,
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
}

pub(crate) struct Emulator {
    pub(crate) address: SocketAddr,
    heard: mpsc::UnboundedReceiver<RuntimeEvent>,
    events: mpsc::UnboundedSender<Value>,
    served: JoinHandle<()>,
}

impl Emulator {
    pub(crate) async fn start() -> Self {
        let (says, heard) = mpsc::unbounded_channel();
        let (events, queued) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(take_answer))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(RuntimeApi { heard: says, events: Arc::new(Mutex::new(queued)) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { address, heard, events, served }
    }

    /// Waits until the function asks for an event. Returns the time of the request.
    pub(crate) async fn ready(&mut self) -> Instant {
        match self.heard.recv().await.unwrap() {
            RuntimeEvent::Task(at) => at,
            RuntimeEvent::Answered(_, answer) => panic!("answered, though not asked: {answer}"),
            RuntimeEvent::Failed(why) => panic!("failed to start: {why}"),
        }
    }

    /// Passes an event to the function, which has asked for one. Returns the time of the response, and the response.
    pub(crate) async fn invoke(&mut self, event: Value) -> (Instant, Value) {
        self.events.send(event).unwrap();
        match self.heard.recv().await.unwrap() {
            RuntimeEvent::Answered(at, answer) => (at, answer),
            RuntimeEvent::Task(_) => panic!("asked again without an answer"),
            RuntimeEvent::Failed(why) => panic!("failed: {why}"),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    let _ = api.heard.send(RuntimeEvent::Task(Instant::now()));
    let event = api.events.lock().await.recv().await.unwrap_or_default();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:it".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

/// Returns the time a minute from now, in milliseconds.
fn deadline() -> String {
    let now = runtime::wall_clock().now();
    (now.as_millis() + 60_000).to_string()
}

async fn take_answer(State(api): State<RuntimeApi>, body: Bytes) -> (StatusCode, &'static str) {
    let at = Instant::now();
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    let _ = api.heard.send(RuntimeEvent::Answered(at, answer));
    (StatusCode::ACCEPTED, "")
}

async fn failed(State(api): State<RuntimeApi>, body: String) -> (StatusCode, &'static str) {
    let _ = api.heard.send(RuntimeEvent::Failed(body));
    (StatusCode::ACCEPTED, "")
}
