//! Amazon SNS, End User Messaging and the mobile networks beyond them: takes what is sent, brings what
//! customers write, says what a number is.
//!
//! What it has carried is kept in a table of its own, which stands for the memory of the customers'
//! phones and is no part of the product.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{Clock, PhoneNumber, Randomness, Timestamp};
use inbound_sms::OptOutsManaged;
use maud::html;
use runtime::Runtime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::functions::Functions;
use crate::queue::Queue;

#[derive(Clone)]
pub(crate) struct Carrier {
    client: Client,
    inbound: Queue,
    clock: Clock,
    randomness: Randomness,
    steered: Arc<Mutex<HashMap<PhoneNumber, VecDeque<Answer>>>>,
    looked_up: Arc<Mutex<LookedUp>>,
    opt_outs: OptOutsManaged,
}

/// What numbers are said to be, where somebody decided it, and how often each was asked for.
#[derive(Default)]
struct LookedUp {
    kinds: HashMap<PhoneNumber, Kind>,
    times: HashMap<PhoneNumber, u32>,
}

/// What a number is, as `CarrierLookup` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Mobile,
    Landline,
    Voip,
    Invalid,
    /// It cannot be looked up: the service fails.
    Unavailable,
}

/// How the next message to a number is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// Refused: certainly not sent.
    Throttle,
    /// An error of the service, which did not send it.
    Fail,
    /// An error of the service, which sent it all the same.
    Silent,
}

/// An SMS that was carried, as `GET /local/carrier/messages` gives it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sms {
    pub(crate) id: String,
    pub(crate) at: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
}

/// Which way an SMS went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToCustomer,
    FromCustomer,
}

const TABLE: &str = "carrier";

impl Carrier {
    pub(crate) fn new(client: Client, functions: Arc<Functions>, runtime: &Runtime, opt_outs: OptOutsManaged) -> Self {
        Self {
            client,
            inbound: Queue::new(functions, "inbound-sms", runtime.clock.clone(), runtime.randomness.clone()),
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            steered: Arc::default(),
            looked_up: Arc::default(),
            opt_outs,
        }
    }

    pub(crate) async fn create_table(&self) -> anyhow::Result<()> {
        let attribute =
            |name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        self.client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("customer")?)
            .attribute_definitions(attribute("entry")?)
            .key_schema(key("customer", KeyType::Hash)?)
            .key_schema(key("entry", KeyType::Range)?)
            .send()
            .await?;
        Ok(())
    }

    /// How the next message to a number is answered, after those steered before.
    pub(crate) fn steer(&self, to: PhoneNumber, answer: Answer) {
        self.steered.lock().unwrap_or_else(PoisonError::into_inner).entry(to).or_default().push_back(answer);
    }

    /// What a number is said to be from now on.
    pub(crate) fn decide(&self, number: PhoneNumber, kind: Kind) {
        self.looked_up().kinds.insert(number, kind);
    }

    /// How often a number was looked up.
    pub(crate) fn times_looked_up(&self, number: &PhoneNumber) -> u32 {
        self.looked_up().times.get(number).copied().unwrap_or_default()
    }

    fn looked_up(&self) -> MutexGuard<'_, LookedUp> {
        self.looked_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As was decided; else by its last digits, so that each kind can be tried out.
    fn kind_of(&self, number: &PhoneNumber) -> Kind {
        match self.looked_up().kinds.get(number) {
            Some(kind) => *kind,
            None if number.as_str().ends_with("0190") => Kind::Landline,
            None if number.as_str().ends_with("0191") => Kind::Voip,
            None if number.as_str().ends_with("0192") => Kind::Invalid,
            None => Kind::Mobile,
        }
    }

    /// What was carried to or from a customer, oldest first.
    pub(crate) async fn carried(&self, customer: &PhoneNumber, way: Option<Way>) -> anyhow::Result<Vec<(Way, Sms)>> {
        let mut entries = self
            .client
            .query()
            .table_name(TABLE)
            .key_condition_expression("customer = :customer AND begins_with(entry, :sms)")
            .expression_attribute_values(":customer", AttributeValue::S(customer.to_string()))
            .expression_attribute_values(":sms", AttributeValue::S("SMS#".into()))
            .into_paginator()
            .items()
            .send();
        let mut carried = Vec::new();
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            let field = |name: &str| entry.get(name).and_then(|field| field.as_s().ok()).cloned().unwrap_or_default();
            let went = if field("way") == "to" { Way::ToCustomer } else { Way::FromCustomer };
            let (from, to) = match went {
                Way::ToCustomer => (field("line"), field("customer")),
                Way::FromCustomer => (field("customer"), field("line")),
            };
            if way.is_none_or(|way| way == went) {
                carried.push((went, Sms { id: field("id"), at: field("at"), from, to, text: field("text") }));
            }
        }
        Ok(carried)
    }

    /// Remembers an SMS as carried.
    pub(crate) async fn keep(
        &self,
        way: Way,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        text: &str,
        at: Timestamp,
    ) -> anyhow::Result<String> {
        let id = self.id();
        let fields = [
            ("customer", customer.to_string()),
            ("entry", format!("SMS#{:013}#{id}", at.as_millis())),
            ("way", if way == Way::ToCustomer { "to" } else { "from" }.to_owned()),
            ("line", line.to_string()),
            ("id", id.clone()),
            ("at", at.to_string()),
            ("text", text.to_owned()),
        ];
        let item = fields.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into();
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await?;
        Ok(id)
    }

    /// A customer writes to a line of ours: the SMS service publishes it, the queue delivers it.
    pub(crate) async fn brings(&self, from: &PhoneNumber, to: &PhoneNumber, text: &str) -> anyhow::Result<()> {
        let at = self.clock.now();
        let id = self.keep(Way::FromCustomer, from, to, text, at).await?;
        if self.opt_outs == OptOutsManaged::ByTheService {
            self.listen_for_keywords(from, to, text).await?;
        }
        let payload = json!({
            "originationNumber": from, "destinationNumber": to, "messageKeyword": "KEYWORD", "messageBody": text,
            "inboundMessageId": id, "previousPublishedMessageId": "",
        });
        let envelope = json!({
            "Type": "Notification", "MessageId": self.id(), "TopicArn": "arn:aws:sns:local:000000000000:inbound-sms",
            "Message": payload.to_string(), "Timestamp": at.to_string(),
        });
        self.inbound.put(&envelope).await;
        Ok(())
    }

    /// AWS listens for these itself, unless an account manages opt-outs on its own.
    async fn listen_for_keywords(&self, from: &PhoneNumber, to: &PhoneNumber, text: &str) -> anyhow::Result<()> {
        const OUT: [&str; 10] =
            ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"];
        const IN: [&str; 2] = ["START", "UNSTOP"];
        let word = text.trim().to_uppercase();
        let key = opt_out(from, to);
        if OUT.contains(&word.as_str()) {
            self.client.put_item().table_name(TABLE).set_item(Some(key)).send().await?;
        } else if IN.contains(&word.as_str()) {
            self.client.delete_item().table_name(TABLE).set_key(Some(key)).send().await?;
        }
        Ok(())
    }

    async fn has_opted_out(&self, customer: &PhoneNumber, line: &PhoneNumber) -> anyhow::Result<bool> {
        let found = self.client.get_item().table_name(TABLE).set_key(Some(opt_out(customer, line))).send().await?;
        Ok(found.item.is_some())
    }

    fn id(&self) -> String {
        let token = self.randomness.token();
        [&token[..8], &token[8..12], &token[12..16], &token[16..20], &token[20..32]].join("-")
    }
}

fn opt_out(customer: &PhoneNumber, line: &PhoneNumber) -> HashMap<String, AttributeValue> {
    [("customer", customer.to_string()), ("entry", format!("OPTOUT#{line}"))]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .into()
}

/// SNS's `Publish`, in its Query protocol, to a phone number.
pub(crate) async fn publish(carrier: &Carrier, body: &[u8]) -> Response {
    let parameters: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let parameter = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    if parameter("Action") != "Publish" {
        return refuse(StatusCode::BAD_REQUEST, "InvalidAction", "The carrier here only knows the action Publish.");
    }
    let (Ok(to), Some(Ok(line))) =
        (PhoneNumber::e164(parameter("PhoneNumber")), origination(&parameters).map(|line| PhoneNumber::e164(&line)))
    else {
        return refuse(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: PhoneNumber");
    };
    if carrier.kind_of(&to) == Kind::Invalid {
        return refuse(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: not valid");
    }
    let text = parameter("Message");
    if text.is_empty() || text.chars().count() > 1600 {
        return refuse(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Message");
    }
    let steered =
        carrier.steered.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&to).and_then(VecDeque::pop_front);
    match (steered, carrier.has_opted_out(&to, &line).await) {
        (Some(Answer::Throttle), _) => return refuse(StatusCode::BAD_REQUEST, "Throttled", "Rate exceeded"),
        (Some(Answer::Fail), _) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal error"),
        (_, Ok(true)) => return refuse(StatusCode::BAD_REQUEST, "OptedOut", "The phone number has opted out"),
        _ => {}
    }
    let kept = carrier.keep(Way::ToCustomer, &to, &line, text, carrier.clock.now()).await;
    match (steered, kept) {
        (Some(_), _) | (_, Err(_)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal error"),
        (None, Ok(id)) => xml(
            StatusCode::OK,
            &format!(
                "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{id}</MessageId></PublishResult>\
                 <ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></PublishResponse>"
            ),
        ),
    }
}

/// End User Messaging's `CarrierLookup`.
pub(crate) fn look_up(carrier: &Carrier, body: &[u8]) -> Response {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let Ok(number) = PhoneNumber::e164(asked["PhoneNumber"].as_str().unwrap_or_default()) else {
        let refused = json!({"__type": "ValidationException", "Message": "PhoneNumber", "Reason": "INVALID_PARAMETER"});
        return (StatusCode::BAD_REQUEST, Json(refused)).into_response();
    };
    *carrier.looked_up().times.entry(number.clone()).or_default() += 1;
    let kind = match carrier.kind_of(&number) {
        Kind::Mobile => "MOBILE",
        Kind::Landline => "LANDLINE",
        Kind::Voip => "VOIP",
        Kind::Invalid => "INVALID",
        Kind::Unavailable => {
            let failed = json!({"__type": "InternalServerException", "Message": "the carriers do not answer"});
            return (StatusCode::INTERNAL_SERVER_ERROR, Json(failed)).into_response();
        }
    };
    let found = json!({"E164PhoneNumber": number, "PhoneNumberType": kind});
    ([("content-type", "application/x-amz-json-1.0")], found.to_string()).into_response()
}

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// The line that the message attributes ask to send from.
fn origination(parameters: &HashMap<String, String>) -> Option<String> {
    let (name, _) = parameters.iter().find(|(_, value)| *value == "AWS.MM.SMS.OriginationNumber")?;
    parameters.get(&name.replace(".Name", ".Value.StringValue")).cloned()
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let kind = if status.is_client_error() { "Sender" } else { "Receiver" };
    let message = html! { (message) }.into_string();
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>local</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, body: &str) -> Response {
    (status, [("content-type", "text/xml")], body.to_owned()).into_response()
}
