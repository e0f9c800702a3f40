//! The network between the SDK and the local stand-ins for AWS, within this process, with all of its faults.

mod cancellation;
mod conflicts;
mod replication;
mod unprocessed;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::http::{self, HeaderMap, StatusCode};
use axum::response::Response;
use conflicts::{Conflicts, InFlightTransaction};
use http_body_util::BodyExt;
use https::HttpsError;
use local::InProcess;
pub(crate) use replication::Replication;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::SimulatedTime;
use crate::push_service::{self, PushService};
use crate::rng::Rng;
use crate::scenario::{Fault, FaultPoint};
use crate::sockets::{Sockets, WITNESS};
use crate::trace::Trace;

/// The operations that write one item.
const SINGLE_WRITES: [&str; 3] = ["DeleteItem", "PutItem", "UpdateItem"];

/// The operations that also run on the replica.
const WRITES: [&str; 6] =
    ["CreateTable", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem", "UpdateTimeToLive"];

tokio::task_local! {
    /// The current invocation. `None` for the local AWS itself, which also uses the SDK.
    static INVOCATION: Option<Arc<Invocation>>;
}

/// The network's state for one invocation of a function.
pub(crate) struct Invocation {
    /// The name in the trace.
    name: String,
    place: [u64; 3],
    faults: BTreeMap<u32, Fault>,
    calls: AtomicU32,
    killed: AtomicBool,
    /// How many requests of this invocation Secrets Manager has throttled.
    held_off_by_secrets: AtomicU32,
}

impl Invocation {
    /// Creates an invocation with its faults. `place` makes its random numbers independent of those of other
    /// invocations.
    pub(crate) fn new(name: String, place: [u64; 3], troubles: impl IntoIterator<Item = FaultPoint>) -> Arc<Self> {
        Arc::new(Self {
            name,
            place,
            faults: troubles.into_iter().map(|trouble| (trouble.call, trouble.fault)).collect(),
            calls: AtomicU32::new(0),
            killed: AtomicBool::new(false),
            held_off_by_secrets: AtomicU32::new(0),
        })
    }

    /// Runs `work` as this invocation. Returns `None` if the invocation is killed.
    pub(crate) async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Option<T> {
        let mut work = Box::pin(INVOCATION.scope(Some(self.clone()), work));
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
            // A killed invocation does not continue, neither between two calls nor in one.
            std::task::Poll::Pending if self.killed.load(Ordering::Relaxed) => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        })
        .await
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the invocation can succeed despite its faults. That is so if they are throttling, conflicts and
    /// at most one connection that hangs. A request to Secrets Manager is tried only three times.
    pub(crate) fn is_to_succeed(&self) -> bool {
        let others = self.faults.values().filter(|fault| !fault.is_throttling_or_conflict());
        let hanging = others.clone().filter(|fault| fault.is_silent()).count();
        hanging <= 1 && hanging == others.count() && self.held_off_by_secrets.load(Ordering::Relaxed) < 3
    }

    async fn is_killed<T>(&self) -> T {
        self.killed.store(true, Ordering::Relaxed);
        std::future::pending().await
    }
}

/// A message that End User Messaging accepted: the request, and the service's id.
#[derive(Clone, Debug)]
pub(crate) struct SentMessage {
    pub(crate) asked: Value,
    pub(crate) id: Value,
}

/// A record that was put into the retry queue of pushes, with its delay.
#[derive(Clone, Debug)]
pub(crate) struct PushRetry {
    pub(crate) body: String,
    pub(crate) delay: Duration,
}

#[derive(Clone)]
pub(crate) struct Network(Arc<NetworkState>);

struct NetworkState {
    seed: u64,
    time: SimulatedTime,
    trace: Trace,
    sockets: Sockets,
    push_service: PushService,
    conflicts: Conflicts,
    replication: Replication,
    /// Notifies each reader of the table's stream that records may have been written. Each reader has a separate
    /// `Notify`, so that the order is always the same.
    written: [Notify; 2],
    /// The requests that the SMS service accepted and that were not read yet.
    sent: Mutex<Vec<SentMessage>>,
    /// The ids of all messages that End User Messaging accepted, as Switchboard assigns them.
    taken: Mutex<Vec<String>>,
    /// The messages that the retry queue accepted and that were not read yet.
    retries: Mutex<Vec<PushRetry>>,
    /// The local AWS. `None` before and after the run.
    aws: Mutex<Option<Arc<InProcess>>>,
}

impl Network {
    pub(crate) fn new(
        seed: u64,
        time: SimulatedTime,
        trace: Trace,
        sockets: Sockets,
        push_service: PushService,
        replication: Replication,
    ) -> Self {
        Self(Arc::new(NetworkState {
            seed,
            time,
            trace,
            sockets,
            push_service,
            conflicts: Conflicts::default(),
            replication,
            written: Default::default(),
            sent: Mutex::default(),
            taken: Mutex::default(),
            retries: Mutex::default(),
            aws: Mutex::default(),
        }))
    }

    /// Returns the messages that were accepted since the last call.
    pub(crate) fn sent_messages(&self) -> Vec<SentMessage> {
        std::mem::take(&mut self.0.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the ids of all messages that End User Messaging accepted, as Switchboard assigns them.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the pushes that were queued for a retry since the last call.
    pub(crate) fn retries(&self) -> Vec<PushRetry> {
        std::mem::take(&mut self.0.retries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records that the table has deleted expired items.
    pub(crate) fn has_swept(&self) {
        self.0.replication.swept();
        self.0.written.iter().for_each(Notify::notify_one);
    }

    /// Sets whether eventually consistent reads can be stale.
    pub(crate) fn is_behind(&self, is: bool) {
        self.0.replication.is_behind(is);
    }

    /// Waits until records may have been written since this reader of the stream last waited.
    pub(crate) async fn wait_for_write(&self, of: usize) {
        self.0.written[of].notified().await;
    }

    /// Sends a push, and waits for the response as long as a function does.
    pub(crate) async fn push(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<()>, HttpsError> {
        let (parts, body) = request.into_parts();
        let (method, host) = (parts.method.to_string(), parts.uri.host().unwrap_or_default().to_owned());
        let path = parts.uri.path().to_owned();
        let request = Request { method, host, path, headers: parts.headers, body };
        let invocation = INVOCATION.try_with(Clone::clone).ok().flatten();
        let carried = async {
            match invocation {
                Some(invocation) => self.0.carry(&invocation, request).await,
                None => self.0.answer(request).await,
            }
        };
        let answered = tokio::time::timeout(push::TIMEOUT, carried).await.map_err(|_| HttpsError::TooLate)?;
        let answer = answered.map_err(|_| HttpsError::NotReached)?;
        let mut response = http::Response::new(());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    /// Connects the network to a local AWS, or disconnects it.
    pub(crate) fn leads_to(&self, aws: Option<Arc<InProcess>>) {
        *self.0.aws.lock().unwrap_or_else(PoisonError::into_inner) = aws;
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl HttpClient for Network {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.0.clone();
        let invocation = INVOCATION.try_with(Clone::clone).ok().flatten();
        HttpConnectorFuture::new(async move {
            let request = Request::read(request)?;
            match invocation {
                Some(invocation) => inner.carry(&invocation, request).await,
                None => inner.answer(request).await,
            }
            .map(Answer::into_response)
        })
    }
}

struct Request {
    method: String,
    host: String,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl NetworkState {
    /// Carries a call of an invocation, with its faults.
    async fn carry(&self, invocation: &Invocation, request: Request) -> Result<Answer, ConnectorError> {
        let number = invocation.calls.fetch_add(1, Ordering::Relaxed);
        let connection = request.connection();
        let fault = invocation.faults.get(&number).copied();
        // The witness must get everything that is announced, so its connection has no faults.
        let fault = fault.filter(|_| !connection.as_ref().is_some_and(|id| id.starts_with(WITNESS)));
        if let (Some(_), Some(connection)) = (fault, &connection) {
            self.sockets.misses(connection);
        }
        let operation = request.operation();
        let [a, b, c] = invocation.place;
        let mut dice = Rng::from_seed(self.seed, &[a, b, c, u64::from(number)]);
        let mut way = || Duration::from_millis(dice.next_between(1, 15));
        let (there, back) = (way(), way());
        let by_replica = dice.percent(33);
        let (in_flight, mut conflict) = self.begins(&operation, &request);
        let told = |outcome: &dyn fmt::Display| {
            self.trace.record(self.time, &format!("{} asks {operation}: {outcome}", invocation.name));
        };
        tokio::time::sleep(there).await;
        if let Some(fault) = fault {
            told(&fault);
        }
        match fault {
            Some(Fault::Refused) => return Err(broken(io::ErrorKind::ConnectionRefused)),
            Some(Fault::BrokenBefore) => return Err(broken(io::ErrorKind::ConnectionReset)),
            Some(Fault::Unprocessed) if operation == "BatchGetItem" => {
                return self.answer_in_part(&request, &mut dice).await;
            }
            Some(fault) if fault.is_throttling_or_conflict() => {
                invocation.held_off_by_secrets.fetch_add(u32::from(operation == "GetSecretValue"), Ordering::Relaxed);
                return Ok(request.held_off(fault, &mut dice));
            }
            Some(Fault::FailedBefore) => return Ok(request.failed()),
            Some(Fault::SilentBefore) => {
                drop(in_flight);
                return std::future::pending().await;
            }
            Some(Fault::KilledBefore) => return invocation.is_killed().await,
            _ => {}
        }
        let failed = request.failed();
        if SINGLE_WRITES.contains(&operation.as_str())
            && self.conflicts.meets(&conflicts::item_of_write(&request.json()))
        {
            conflict = Some(Request::in_conflict());
        }
        let replica = if by_replica { self.replication.answer(&operation, &request.body) } else { None };
        let (answer, of) = match (conflict, replica) {
            (Some(conflict), _) => (conflict, ", by a conflict"),
            (None, Some(answered)) => {
                let answered = answered.map_err(|error| ConnectorError::other(error.into(), None))?;
                (Answer::read(answered).await?, ", by a replica that is behind")
            }
            (None, None) => {
                let answer = INVOCATION.scope(None, self.answer(request)).await?;
                // An item can also be throttled without a planned fault, because few of the calls that a fault could
                // hit have a condition that fails.
                let mixed = (operation == "TransactWriteItems" && dice.percent(25))
                    .then(|| cancellation::with_one_throttled(&answer.body, &mut dice));
                match mixed.flatten() {
                    Some(mixed) => (Answer::bad_request(&mixed), ", with one item throttled"),
                    None => (answer, ""),
                }
            }
        };
        match fault {
            Some(Fault::BrokenAfter) => return Err(broken(io::ErrorKind::ConnectionReset)),
            Some(Fault::FailedAfter) => return Ok(failed),
            Some(Fault::SilentAfter) => {
                drop(in_flight);
                return std::future::pending().await;
            }
            Some(Fault::KilledAfter) => return invocation.is_killed().await,
            _ => told(&format!("{}{of}", answer.status.as_u16())),
        }
        tokio::time::sleep(back).await;
        drop(in_flight);
        Ok(answer)
    }

    /// Begins a transaction, which is in flight from now on. If it conflicts with another, returns the error response.
    fn begins(&self, operation: &str, request: &Request) -> (Option<InFlightTransaction>, Option<Answer>) {
        if operation != "TransactWriteItems" {
            return (None, None);
        }
        match self.conflicts.begin(conflicts::items_of_transaction(&request.json())) {
            Ok(in_flight) => (Some(in_flight), None),
            Err(places) => {
                let reasons = cancellation::reasons_at(&places, "TransactionConflict");
                (None, Some(Answer::bad_request(&cancellation::cancelled(&reasons))))
            }
        }
    }

    /// Answers a `BatchGetItem`, but leaves some of its keys unprocessed.
    async fn answer_in_part(&self, request: &Request, dice: &mut Rng) -> Result<Answer, ConnectorError> {
        let divided = unprocessed::divided(&request.json(), dice);
        let answered = match &divided.processed {
            Some(processed) => Some(self.answer(request.with_body(processed)).await?),
            None => None,
        };
        Ok(Answer::json(StatusCode::OK, &divided.answer(answered.as_ref().map(|answer| answer.body.as_slice()))))
    }

    async fn answer(&self, request: Request) -> Result<Answer, ConnectorError> {
        if let Some(connection) = request.connection() {
            let status = self.sockets.answer(&request.method, &connection, &request.body);
            let mut headers = HeaderMap::new();
            if status == StatusCode::GONE {
                headers.insert("x-amzn-errortype", axum::http::HeaderValue::from_static("GoneException"));
            }
            return Ok(Answer { status, headers, body: b"{}".to_vec() });
        }
        if request.is_push() {
            return Ok(Answer::without_body(self.push_service.answer(&request.path, &request.body)));
        }
        if request.operation() == "SendMessageBatch" {
            return Ok(self.keeps_for_later(&request.body));
        }
        let aws = self.aws.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(aws) = aws else { return Err(broken(io::ErrorKind::NotConnected)) };
        let operation = request.operation();
        let answered = aws.answer(&request.headers, &request.body).await;
        if answered.status() == StatusCode::OK && WRITES.contains(&operation.as_str()) {
            self.replication.wrote(&operation, &request.body);
        }
        let answer = Answer::read(answered).await?;
        if WRITES.contains(&operation.as_str()) {
            self.written.iter().for_each(Notify::notify_one);
        }
        if operation == "SendTextMessage" && answer.status == StatusCode::OK {
            let read = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap_or_default();
            let sent = SentMessage { asked: request.json(), id: read(&answer.body)["MessageId"].clone() };
            let message = sent.asked["Context"]["message"].as_str().unwrap_or_default().to_owned();
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(message);
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        }
        Ok(answer)
    }

    fn keeps_for_later(&self, request: &[u8]) -> Answer {
        let request: Value = serde_json::from_slice(request).unwrap_or_default();
        let mut retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for entry in request["Entries"].as_array().into_iter().flatten() {
            let delay = Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or_default());
            retries.push(PushRetry { body: entry["MessageBody"].as_str().unwrap_or_default().to_owned(), delay });
            taken.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
        }
        let body = json!({"Successful": taken, "Failed": []}).to_string().into_bytes();
        Answer { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }
}

impl Request {
    fn read(request: HttpRequest) -> Result<Self, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let (method, host) = (parts.method.to_string(), parts.uri.host().unwrap_or_default().to_owned());
        Ok(Self { method, host, path: parts.uri.path().to_owned(), headers: parts.headers, body })
    }

    fn connection(&self) -> Option<String> {
        self.path.split_once("/@connections/").map(|(_, id)| id.replace("%3D", "="))
    }

    fn is_push(&self) -> bool {
        self.host == push_service::HOST
    }

    fn operation(&self) -> String {
        if self.is_push() {
            return "the push service".to_owned();
        }
        let target = self.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match (target.and_then(|target| target.split('.').next_back()), self.connection()) {
            (Some(operation), _) => operation.to_owned(),
            (None, Some(_)) => format!("{} @connections", self.method),
            (None, None) => "Publish".to_owned(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn with_body(&self, body: &Value) -> Self {
        let (method, host, path) = (self.method.clone(), self.host.clone(), self.path.clone());
        Self { method, host, path, headers: self.headers.clone(), body: body.to_string().into_bytes() }
    }

    /// Returns the error response to a throttled or conflicting request, which has no effect.
    fn held_off(&self, fault: Fault, dice: &mut Rng) -> Answer {
        let operation = self.operation();
        match fault.cancellation() {
            Some(code) if operation == "TransactWriteItems" => {
                let items = self.json()["TransactItems"].as_array().map_or(0, Vec::len);
                Answer::bad_request(&cancellation::cancelled(&cancellation::somewhere(items, code, dice)))
            }
            Some("TransactionConflict") if SINGLE_WRITES.contains(&operation.as_str()) => Self::in_conflict(),
            _ => self.throttled(),
        }
    }

    /// Returns the error response to a single write that conflicts with a transaction.
    fn in_conflict() -> Answer {
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
        Answer::bad_request(&json!({"__type": kind, "message": "Transaction is ongoing for the item"}))
    }

    fn throttled(&self) -> Answer {
        if self.is_push() {
            return Answer::without_body(StatusCode::TOO_MANY_REQUESTS);
        }
        self.aws_error(StatusCode::BAD_REQUEST, "Throttled", "ThrottlingException")
    }

    fn failed(&self) -> Answer {
        if self.is_push() {
            return Answer::without_body(StatusCode::INTERNAL_SERVER_ERROR);
        }
        self.aws_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "InternalServerError")
    }

    /// Returns an error in the protocol of the service: XML for SNS, otherwise JSON.
    fn aws_error(&self, status: StatusCode, by_query: &str, by_json: &str) -> Answer {
        let sns = !self.headers.contains_key("x-amz-target") && self.connection().is_none();
        let body = if sns {
            format!(
                "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
                 <Code>{by_query}</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"
            )
        } else {
            format!("{{\"__type\": \"{by_json}\", \"message\": \"no\"}}")
        };
        Answer { status, headers: HeaderMap::new(), body: body.into_bytes() }
    }
}

impl Answer {
    async fn read(response: Response) -> Result<Self, ConnectorError> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| broken(io::ErrorKind::UnexpectedEof))?.to_bytes();
        Ok(Self { status: parts.status, headers: parts.headers, body: body.into() })
    }

    fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() }
    }

    fn bad_request(body: &Value) -> Self {
        Self::json(StatusCode::BAD_REQUEST, body)
    }

    fn without_body(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    fn into_response(self) -> aws_smithy_runtime_api::client::orchestrator::HttpResponse {
        let mut response = aws_smithy_runtime_api::client::orchestrator::HttpResponse::new(
            self.status.as_u16().try_into().unwrap_or_else(|_| unreachable!("a status is a status")),
            SdkBody::from(self.body),
        );
        for (name, value) in &self.headers {
            if let Ok(value) = value.to_str() {
                response.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        response
    }
}

fn broken(kind: io::ErrorKind) -> ConnectorError {
    ConnectorError::io(io::Error::from(kind).into())
}
