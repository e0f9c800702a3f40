//! The AWS endpoint and the functions without a listener, a thread or a clock of their own.
//!
//! This is for callers that control the time and carry every request, such as a simulation.

use std::sync::Arc;

use anyhow::anyhow;
use aws_sdk_dynamodb::Client;
use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::OptOutManagement;
use domain::{Clock, PhoneNumber, SendingLimits};
use dynoxide::{Database, DynoxideError};
use lambda_runtime::Diagnostic;
use push::{PushServices, Pusher};
use runtime::Runtime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sms::SmsProvider;

use crate::DataLocation;
use crate::carrier::{self, Carrier, DeliveryOutcome, Direction};
use crate::functions::{Functions, PUSH_SECRET};
use crate::push_keys::PushKeys;
use crate::stream::{self, StreamMapping};
use crate::table;

/// A stand-in for AWS in the process of the caller.
///
/// The caller passes the requests that the SDK in `runtime` sends to [`InProcess::answer`].
pub struct InProcess {
    database: Database,
    client: Client,
    carrier: Carrier,
    push_keys: PushKeys,
}

/// One instance of each function. An instance shares no memory with other instances. Dropping it discards its memory.
#[derive(Clone)]
pub struct LambdaInstance(Arc<Functions>);

/// An SMS that the carrier delivered to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedSms {
    pub from: String,
    pub text: String,
}

struct ClockTimeSource(Clock);

impl dynoxide::storage_backend::Clock for ClockTimeSource {
    fn now_unix_secs(&self) -> u64 {
        self.0.now().as_secs()
    }

    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this century have 41 bits")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_millis() as f64 / 1000.0
    }
}

impl LambdaInstance {
    /// Starts new instances of the functions.
    ///
    /// `live` is the URL of the WebSocket API's `@connections`. `pusher` connects to the known push services.
    #[must_use]
    pub fn cold(
        runtime: &Runtime,
        live: &str,
        pusher: Pusher,
        sms: &SmsProvider,
        limits: &SendingLimits,
        managed: OptOutManagement,
    ) -> Self {
        let services = PushServices::well_known().that_are_not_looked_up();
        Self(Arc::new(Functions::new(runtime, live, &services, pusher, sms, limits, managed)))
    }

    /// Invokes a function. Returns `None` if there is no function of this name.
    pub async fn invoke(&self, name: &str, event: Value) -> Option<Result<Value, Diagnostic>> {
        self.0.invoke(name, event).await
    }
}

impl InProcess {
    /// `instance` receives only the events that the handset's buttons cause.
    pub fn new(runtime: &Runtime, instance: &LambdaInstance, managed: OptOutManagement) -> anyhow::Result<Self> {
        let database = Database::memory_with_clock(Arc::new(ClockTimeSource(runtime.clock.clone())))
            .map_err(|error| anyhow!("there is no memory for a table: {error}"))?;
        let client = Client::new(&runtime.aws);
        // The carrier sends no receipts here: the caller does.
        let carrier = Carrier::new(client.clone(), &instance.0, runtime, managed, DeliveryOutcome::Untold);
        let push_keys = PushKeys::open(&DataLocation::InMemory, &runtime.randomness)?;
        Ok(Self { database, client, carrier, push_keys })
    }

    /// Creates the tables, empty.
    pub async fn create_tables(&self) -> anyhow::Result<()> {
        table::make(&self.client).await?;
        self.carrier.create_table().await
    }

    /// Returns AWS's response to a request of the SDK.
    pub async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        match target.split_once('.') {
            Some(("PinpointSMSVoiceV2", "CarrierLookup")) => carrier::look_up(&self.carrier, body),
            Some(("PinpointSMSVoiceV2", "SendTextMessage")) => carrier::send_text_message(&self.carrier, body).await,
            Some(("secretsmanager", "GetSecretValue")) => {
                Json(json!({"Name": PUSH_SECRET, "SecretString": self.push_keys.secret_value()})).into_response()
            }
            Some(("DynamoDB_20120810", operation)) => in_table(&self.database, operation, body),
            Some(_) => StatusCode::NOT_IMPLEMENTED.into_response(),
            None => carrier::publish(&self.carrier, body).await,
        }
    }

    /// Returns the messages that reached a customer's phone, oldest first.
    pub async fn carried_to(&self, customer: &PhoneNumber) -> anyhow::Result<Vec<CarriedSms>> {
        let carried = self.carrier.messages_of(customer, Some(Direction::ToCustomer)).await?;
        Ok(carried.into_iter().map(|(_, sms)| CarriedSms { from: sms.from, text: sms.text }).collect())
    }

    /// Returns the position in the table's stream after the last record.
    pub fn latest(&self) -> anyhow::Result<String> {
        stream::latest(&self.database)
    }

    /// Returns up to `limit` records of the table's stream after a position, and the position after them.
    pub fn records(&self, place: &str, limit: usize) -> anyhow::Result<(Vec<Value>, String)> {
        stream::records(&self.database, place, limit)
    }

    /// Delivers records to a function as its event source mapping does.
    ///
    /// Returns the sequence numbers of the records that the mapping gave up.
    pub async fn deliver<F>(mapping: StreamMapping, records: Vec<Value>, invoke: impl Fn(Value) -> F) -> Vec<String>
    where
        F: Future<Output = Option<Value>>,
    {
        stream::deliver(mapping, records, invoke).await
    }

    /// Deletes expired items, and returns their number.
    pub fn sweep(&self) -> anyhow::Result<usize> {
        self.database.sweep_ttl().map_err(|error| anyhow!("{error}"))
    }
}

/// Runs a DynamoDB operation in the database, as dynoxide's server does. Supports only the operations that the
/// functions use.
pub(crate) fn in_table(database: &Database, operation: &str, body: &[u8]) -> Response {
    let answer = match operation {
        "BatchGetItem" => json_request(body, |request| database.batch_get_item(request)),
        "CreateTable" => json_request(body, |request| database.create_table(request)),
        "DeleteItem" => json_request(body, |request| database.delete_item(request)),
        "GetItem" => json_request(body, |request| database.get_item(request)),
        "PutItem" => json_request(body, |request| database.put_item(request)),
        "Query" => json_request(body, |request| database.query(request)),
        "TransactWriteItems" => json_request(body, |request| database.transact_write_items(request)),
        "UpdateItem" => json_request(body, |request| database.update_item(request)),
        "UpdateTimeToLive" => json_request(body, |request| database.update_time_to_live(request)),
        _ => return StatusCode::NOT_IMPLEMENTED.into_response(),
    };
    match answer {
        Ok(answer) => ([("content-type", "application/x-amz-json-1.0")], Json(answer)).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, [("content-type", "application/x-amz-json-1.0")], error.to_json()).into_response()
        }
    }
}

fn json_request<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    ask: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Result<Value, DynoxideError> {
    let unreadable = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let answer = ask(serde_json::from_slice(body).map_err(unreadable)?)?;
    serde_json::to_value(answer).map_err(unreadable)
}
