//! Amazon SNS, End User Messaging and the mobile networks behind them: accepts outbound messages, delivers inbound
//! messages, and looks up types of numbers.
//!
//! Messages are kept in a table of their own. It stands for the memory of the customers' phones and is no part of the
//! product.

mod end_user_messaging;
mod receipts;
mod sns;
mod steering;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use domain::OptOutManagement;
use domain::{Clock, PhoneNumber, Randomness, Timestamp};
pub(crate) use end_user_messaging::{look_up, send_text_message};
use receipts::{AcceptedMessage, Receipts};
use runtime::Runtime;
use serde::Serialize;
use serde_json::{Value, json};
pub(crate) use sns::publish;
pub use steering::DeliveryOutcome;
pub(crate) use steering::{CarrierAnswer, LineType};
use steering::{CarrierOverrides, SendRejection};

use crate::functions::{Functions, INBOUND_TOPIC};
use crate::queue::Queue;

#[derive(Clone)]
pub(crate) struct Carrier {
    client: Client,
    inbound: Queue,
    clock: Clock,
    randomness: Randomness,
    receipts: Receipts,
    opt_outs: OptOutManagement,
    pub(crate) steering: CarrierOverrides,
    times_looked_up: Arc<Mutex<HashMap<PhoneNumber, u32>>>,
}

/// An SMS that the simulated carrier stored, in either direction. `GET /local/carrier/messages` returns those to
/// customers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sms {
    pub(crate) id: String,
    pub(crate) at: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
    /// The context for its delivery receipts, as JSON.
    #[serde(skip)]
    context: Option<String>,
}

/// The result of asking the service to send a message.
enum SendResult {
    Accepted { id: String },
    Refused(SendRejection),
    Failed,
}

/// The direction of an SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToCustomer,
    FromCustomer,
}

const TABLE: &str = "carrier";

impl Carrier {
    /// `usually` is the outcome of messages to numbers for which none was configured.
    pub(crate) fn new(
        client: Client,
        functions: &Arc<Functions>,
        runtime: &Runtime,
        opt_outs: OptOutManagement,
        usually: DeliveryOutcome,
    ) -> Self {
        let queue =
            |function| Queue::new(functions.clone(), function, runtime.clock.clone(), runtime.randomness.clone());
        Self {
            client,
            inbound: queue("inbound-sms"),
            receipts: Receipts::new(queue("delivery-receipt"), runtime.clock.clone(), runtime.randomness.clone()),
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            opt_outs,
            steering: CarrierOverrides::new(usually),
            times_looked_up: Arc::default(),
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

    /// Returns how often a number was looked up.
    pub(crate) fn times_looked_up(&self, number: &PhoneNumber) -> u32 {
        self.times_looked_up.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied().unwrap_or_default()
    }

    /// Looks up the type of a number, and counts the look-up. AWS charges for each.
    fn line_type(&self, number: &PhoneNumber) -> LineType {
        *self.times_looked_up.lock().unwrap_or_else(PoisonError::into_inner).entry(number.clone()).or_default() += 1;
        self.steering.kind_of(number)
    }

    /// Accepts or rejects a message to a customer, whichever protocol the request used.
    ///
    /// The message's delivery receipts contain `context`. A message without a context gets no receipts.
    async fn take(&self, to: &PhoneNumber, line: &PhoneNumber, text: &str, context: Option<&Value>) -> SendResult {
        let steered = self.steering.next_answer(to);
        match steered {
            Some(CarrierAnswer::Refuse(refused)) => return SendResult::Refused(refused),
            Some(CarrierAnswer::Fail) => return SendResult::Failed,
            Some(CarrierAnswer::Silent) | None => {}
        }
        if self.steering.kind_of(to) == LineType::Invalid {
            return SendResult::Refused(SendRejection::InvalidNumber);
        }
        if text.is_empty() || text.chars().count() > 1600 {
            return SendResult::Refused(SendRejection::Body);
        }
        match self.has_opted_out(to, line).await {
            Ok(true) => return SendResult::Refused(SendRejection::OptedOut),
            Ok(false) => {}
            Err(_) => return SendResult::Failed,
        }
        let Ok(id) = self.record_message(Direction::ToCustomer, to, line, text, self.clock.now(), context).await else {
            return SendResult::Failed;
        };
        if let Some(context) = context {
            let carried =
                AcceptedMessage { id: id.clone(), from: line.clone(), to: to.clone(), context: context.clone() };
            self.receipts.follow(carried, self.steering.fate_of(to));
        }
        if steered == Some(CarrierAnswer::Silent) { SendResult::Failed } else { SendResult::Accepted { id } }
    }

    /// Publishes a delivery receipt for the newest message to a customer that was sent with a context.
    ///
    /// Returns `false` if there is no such message.
    pub(crate) async fn send_receipt(
        &self,
        to: &PhoneNumber,
        event_type: &str,
        is_final: bool,
    ) -> anyhow::Result<bool> {
        let carried = self.messages_of(to, Some(Direction::ToCustomer)).await?;
        let Some((sms, context)) =
            carried.into_iter().rev().find_map(|(_, sms)| sms.context.clone().map(|context| (sms, context)))
        else {
            return Ok(false);
        };
        let from = PhoneNumber::e164(&sms.from)?;
        let message = AcceptedMessage { id: sms.id, from, to: to.clone(), context: serde_json::from_str(&context)? };
        self.receipts.publish(&message, event_type, is_final).await;
        Ok(true)
    }

    /// Returns the messages to and from a customer, oldest first. `way` limits them to one direction.
    pub(crate) async fn messages_of(
        &self,
        customer: &PhoneNumber,
        way: Option<Direction>,
    ) -> anyhow::Result<Vec<(Direction, Sms)>> {
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
            let went = if field("way") == "to" { Direction::ToCustomer } else { Direction::FromCustomer };
            let (from, to) = match went {
                Direction::ToCustomer => (field("line"), field("customer")),
                Direction::FromCustomer => (field("customer"), field("line")),
            };
            if way.is_none_or(|way| way == went) {
                let context = Some(field("context")).filter(|context| !context.is_empty());
                carried.push((went, Sms { id: field("id"), at: field("at"), from, to, text: field("text"), context }));
            }
        }
        Ok(carried)
    }

    /// Stores an SMS, and returns its id.
    pub(crate) async fn record_message(
        &self,
        way: Direction,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        text: &str,
        at: Timestamp,
        context: Option<&Value>,
    ) -> anyhow::Result<String> {
        let id = self.id();
        let fields = [
            ("customer", customer.to_string()),
            ("entry", format!("SMS#{:013}#{id}", at.as_millis())),
            ("way", if way == Direction::ToCustomer { "to" } else { "from" }.to_owned()),
            ("line", line.to_string()),
            ("id", id.clone()),
            ("at", at.to_string()),
            ("text", text.to_owned()),
            ("context", context.map(Value::to_string).unwrap_or_default()),
        ];
        let item = fields.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into();
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await?;
        Ok(id)
    }

    /// Delivers a customer's text to a line, through the topic and the queue that is subscribed to it.
    pub(crate) async fn brings(&self, from: &PhoneNumber, to: &PhoneNumber, text: &str) -> anyhow::Result<()> {
        let at = self.clock.now();
        let id = self.record_message(Direction::FromCustomer, from, to, text, at, None).await?;
        if self.opt_outs == OptOutManagement::ByTheService {
            self.listen_for_keywords(from, to, text).await?;
        }
        let payload = json!({
            "originationNumber": from, "destinationNumber": to, "messageKeyword": "KEYWORD", "messageBody": text,
            "inboundMessageId": id, "previousPublishedMessageId": "",
        });
        self.publish(&payload.to_string(), at).await;
        Ok(())
    }

    /// Publishes to the topic of inbound messages, which delivers to its queue. Returns the message id.
    async fn publish(&self, message: &str, at: Timestamp) -> String {
        let id = self.id();
        let envelope = json!({
            "Type": "Notification", "MessageId": id, "TopicArn": INBOUND_TOPIC, "Message": message,
            "Timestamp": at.to_string(),
        });
        self.inbound.enqueue(&envelope).await;
        id
    }

    /// Records an opt-out or opt-in for the SMS keywords that AWS handles.
    ///
    /// A message that begins with an opt-out keyword opts out. A message that consists of an opt-in keyword opts in.
    /// AWS handles these keywords unless opt-outs are self-managed ("Keywords in AWS End User Messaging SMS").
    async fn listen_for_keywords(&self, from: &PhoneNumber, to: &PhoneNumber, text: &str) -> anyhow::Result<()> {
        const OUT: [&str; 10] =
            ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"];
        const OPT_IN_KEYWORDS: [&str; 2] = ["START", "UNSTOP"];
        let word = text.trim().to_uppercase();
        let key = opt_out(from, to);
        let begins_with =
            |keyword: &&str| word.strip_prefix(*keyword).is_some_and(|more| !more.starts_with(char::is_alphanumeric));
        if OUT.iter().any(begins_with) {
            self.client.put_item().table_name(TABLE).set_item(Some(key)).send().await?;
        } else if OPT_IN_KEYWORDS.contains(&word.as_str()) {
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
