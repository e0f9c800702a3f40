//! API Gateway: a WebSocket API with a request authorizer, and its `@connections`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{COOKIE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::{Clock, Randomness, Timestamp};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::functions::Functions;
use crate::stack::StackParts;

/// The stage, which is also the path at the portal.
const STAGE: &str = "live";
/// The function that handles every route.
const FUNCTION: &str = "live-connection";

/// The time that a WebSocket API waits for a function ("Quotas for WebSocket APIs": integration timeout).
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);
/// The path before `/@connections`.
pub(crate) const MANAGEMENT: &str = "/local/live";

/// The time limits of a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// The maximum time without a frame in either direction.
    pub idle: Duration,
    /// The maximum duration of a connection.
    pub longest: Duration,
}

impl Default for SocketLimits {
    /// Returns the limits of API Gateway.
    fn default() -> Self {
        Self { idle: Duration::from_mins(10), longest: Duration::from_hours(2) }
    }
}

/// The maximum sizes of a message and of a client's frame at API Gateway, in bytes.
const LARGEST_MESSAGE: usize = 128 * 1024;
const LARGEST_FRAME: usize = 32 * 1024;

/// The number of frames that can wait for a slow client. Senders of further frames wait until there is room.
const WAITING_FRAMES: usize = 16;

#[derive(Clone)]
pub(crate) struct SocketGateway {
    functions: Arc<Functions>,
    clock: Clock,
    randomness: Randomness,
    limits: SocketLimits,
    open: Arc<Mutex<HashMap<String, OpenSocket>>>,
    /// The number of sockets for which a task still runs, including the `$disconnect` event.
    served: Arc<watch::Sender<usize>>,
}

#[derive(Clone)]
struct OpenSocket {
    outbox: mpsc::Sender<String>,
    closing: watch::Sender<bool>,
    since: Timestamp,
}

/// The data of a WebSocket that all its events have in common.
#[derive(Clone)]
struct SocketContext {
    id: String,
    host: String,
    connected: Timestamp,
    authorizer: Value,
}

pub(crate) fn router() -> Router<StackParts> {
    Router::new().route("/live", get(connect))
}

/// Returns the routes of `@connections`, which are for functions and not for browsers.
pub(crate) fn management() -> Router<StackParts> {
    let connection = post(post_to).get(describe).delete(close).layer(DefaultBodyLimit::max(2 * LARGEST_MESSAGE));
    Router::new().route(&format!("{MANAGEMENT}/@connections/{{id}}"), connection)
}

async fn connect(
    State(shared): State<StackParts>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return refuse(StatusCode::UPGRADE_REQUIRED, "Upgrade Required") };
    let gateway = shared.sockets;
    match gateway.authorize(&headers).await {
        Ok(told) => {
            upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_FRAME).on_upgrade(async move |socket| {
                gateway.served.send_modify(|served| *served += 1);
                gateway.serve(socket, told).await;
                gateway.served.send_modify(|served| *served -= 1);
            })
        }
        Err(refusal) => *refusal,
    }
}

/// Builds an error response as API Gateway itself returns it, not the function: JSON with a `message`.
fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

impl SocketGateway {
    pub(crate) fn new(functions: Arc<Functions>, clock: Clock, randomness: Randomness, limits: SocketLimits) -> Self {
        Self { functions, clock, randomness, limits, open: Arc::default(), served: Arc::new(watch::Sender::new(0)) }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, OpenSocket>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all sockets. Returns when their `$disconnect` events are handled, or after 2 seconds.
    pub(crate) async fn close_all(&self) {
        const TIMEOUT: Duration = Duration::from_secs(2);
        for open in self.open().values() {
            open.closing.send_replace(true);
        }
        let mut served = self.served.subscribe();
        let _ = tokio::time::timeout(TIMEOUT, served.wait_for(|served| *served == 0)).await;
    }

    /// Handles the handshake: invokes the authorizer, and then the function with `$connect`.
    async fn authorize(&self, headers: &HeaderMap) -> Result<SocketContext, Box<Response>> {
        let refusal = |status, message| Err(Box::new(refuse(status, message)));
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // The cookie is the authorizer's identity source: API Gateway does not invoke the authorizer without it.
        if header(COOKIE).is_empty() {
            return refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
        }
        let mut told = SocketContext {
            id: self.randomness.token().split_off(48),
            host: header(HOST).to_owned(),
            connected: self.clock.now(),
            authorizer: Value::Null,
        };
        let mut event = self.event(&told, "$connect", "CONNECT");
        let said = |pick: fn(&str) -> Value| -> BTreeMap<String, Value> {
            headers.iter().filter_map(|(name, value)| Some((name.to_string(), pick(value.to_str().ok()?)))).collect()
        };
        event["headers"] = json!(said(|value| json!(value)));
        event["multiValueHeaders"] = json!(said(|value| json!([value])));

        let mut request = event.clone();
        request["type"] = json!("REQUEST");
        request["methodArn"] = json!(format!("arn:aws:execute-api:local:000000000000:local/{STAGE}/$connect"));
        let Some(Ok(policy)) = self.functions.invoke("authorize", request).await else {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        if policy.pointer("/policyDocument/Statement/0/Effect") != Some(&json!("Allow")) {
            return refusal(StatusCode::FORBIDDEN, "Forbidden");
        }
        told.authorizer = policy["context"].clone();
        told.authorizer["principalId"] = policy["principalId"].clone();
        event["requestContext"]["authorizer"] = told.authorizer.clone();
        let answer = match self.functions.invoke_within(INTEGRATION_TIMEOUT, FUNCTION, event).await {
            Some(Ok(answer)) => answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()),
            _ => None,
        };
        match answer.and_then(|status| StatusCode::from_u16(status).ok()) {
            Some(status) if status.is_success() => Ok(told),
            Some(status) => refusal(status, "Refused"),
            None => refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }

    /// Serves a WebSocket until it is closed.
    async fn serve(&self, socket: WebSocket, told: SocketContext) {
        let (mut sink, mut stream) = socket.split();
        let (outbox, mut posted) = mpsc::channel::<String>(WAITING_FRAMES);
        let (closing, mut close) = watch::channel(false);
        let (sent, mut last_sent) = watch::channel(Instant::now());
        let open = OpenSocket { outbox: outbox.clone(), closing, since: told.connected };
        self.open().insert(told.id.clone(), open);
        // A separate task writes, so that a client that does not read holds up nothing else.
        let mut writing = tokio::spawn(async move {
            while let Some(text) = posted.recv().await {
                if sink.send(Message::Text(text.into())).await.is_err() {
                    break;
                }
                sent.send_replace(Instant::now());
            }
            sink
        });
        let longest = Instant::now() + self.limits.longest;
        let mut idle = Instant::now() + self.limits.idle;
        loop {
            let taken = tokio::select! {
                taken = stream.next() => taken,
                _ = close.wait_for(|close| *close) => break,
                Ok(()) = last_sent.changed() => {
                    idle = *last_sent.borrow_and_update() + self.limits.idle;
                    continue;
                }
                () = tokio::time::sleep_until(idle.min(longest)) => break,
                _ = &mut writing => break,
            };
            let (body, encoded) = match taken {
                Some(Ok(Message::Text(text))) => (text.to_string(), false),
                Some(Ok(Message::Binary(bytes))) => (String::from_utf8_lossy(&bytes).into_owned(), true),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            };
            idle = Instant::now() + self.limits.idle;
            if let Some(answer) = self.take(&told, body, encoded).await {
                let _ = outbox.send(answer).await;
            }
        }
        self.open().remove(&told.id);
        drop(outbox);
        self.close_gracefully(writing).await;
        let event = self.event(&told, "$disconnect", "DISCONNECT");
        if let Some(Err(error)) = self.functions.invoke_within(INTEGRATION_TIMEOUT, FUNCTION, event).await {
            tracing::error!(error.error_type, error.error_message, "a WebSocket disconnect event is invalid");
        }
    }

    /// Invokes the function with a frame of the client, and returns the response. All frames have the route `$default`.
    async fn take(&self, told: &SocketContext, body: String, encoded: bool) -> Option<String> {
        let mut event = self.event(told, "$default", "MESSAGE");
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(encoded);
        event["requestContext"]["messageId"] = json!(self.randomness.token().split_off(48));
        match self.functions.invoke_within(INTEGRATION_TIMEOUT, FUNCTION, event).await? {
            Ok(answer) => answer["body"].as_str().filter(|body| !body.is_empty()).map(str::to_owned),
            Err(error) => {
                tracing::error!(error.error_type, error.error_message, "a frame was not accepted");
                Some(json!({"message": "Internal server error", "connectionId": told.id}).to_string())
            }
        }
    }

    /// Sends a close frame, unless the client does not read it in time.
    async fn close_gracefully(
        &self,
        writing: tokio::task::JoinHandle<futures_util::stream::SplitSink<WebSocket, Message>>,
    ) {
        const TIMEOUT: Duration = Duration::from_millis(500);
        let abort = writing.abort_handle();
        let goodbye = async {
            if let Ok(mut sink) = writing.await {
                let _ = sink.send(Message::Close(Some(CloseFrame { code: 1000, reason: "".into() }))).await;
            }
        };
        if tokio::time::timeout(TIMEOUT, goodbye).await.is_err() {
            abort.abort();
        }
    }

    fn event(&self, told: &SocketContext, route: &str, kind: &str) -> Value {
        let now = self.clock.now();
        let mut event = json!({
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "messageDirection": "IN",
                "stage": STAGE,
                "connectedAt": told.connected.as_millis(),
                "requestTimeEpoch": now.as_millis(),
                "identity": {"sourceIp": "127.0.0.1"},
                "requestId": "local",
                "domainName": told.host,
                "connectionId": told.id,
                "apiId": "local",
            },
            "isBase64Encoded": false,
        });
        if !told.authorizer.is_null() {
            event["requestContext"]["authorizer"] = told.authorizer.clone();
        }
        event
    }

    fn find(&self, id: &str) -> Result<OpenSocket, Box<Response>> {
        let gone = || {
            let gone = [("x-amzn-errortype", "GoneException")];
            Box::new((StatusCode::GONE, gone, Json(json!({"message": null}))).into_response())
        };
        self.open().get(id).cloned().ok_or_else(gone)
    }
}

/// Handles `PostToConnection`. A client that does not read can delay the response.
async fn post_to(State(shared): State<StackParts>, Path(id): Path<String>, body: Bytes) -> Response {
    if body.len() > LARGEST_MESSAGE {
        let error = [("x-amzn-errortype", "PayloadTooLargeException")];
        return (StatusCode::PAYLOAD_TOO_LARGE, error, Json(json!({"message": null}))).into_response();
    }
    let open = match shared.sockets.find(&id) {
        Ok(open) => open,
        Err(gone) => return *gone,
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    match open.outbox.send(text).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(_) => (StatusCode::GONE, [("x-amzn-errortype", "GoneException")], Json(json!({}))).into_response(),
    }
}

/// Handles `GetConnection`.
async fn describe(State(shared): State<StackParts>, Path(id): Path<String>) -> Response {
    match shared.sockets.find(&id) {
        Ok(open) => {
            Json(json!({"connectedAt": open.since.to_string(), "identity": {"sourceIp": "127.0.0.1"}})).into_response()
        }
        Err(gone) => *gone,
    }
}

/// Handles `DeleteConnection`.
async fn close(State(shared): State<StackParts>, Path(id): Path<String>) -> Response {
    match shared.sockets.find(&id) {
        Ok(open) => {
            open.closing.send_replace(true);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(gone) => *gone,
    }
}
