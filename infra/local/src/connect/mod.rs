//! Amazon Connect and the telephone network behind it: calls customers, runs the contact flow of `infra/connect` with
//! the person who answers, and sends the events of the call to EventBridge.

mod flow;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{AppointmentId, Clock, PhoneNumber, Randomness, Timestamp};
use flow::{Flow, FlowInput, FlowState, FlowWait};
use runtime::Runtime;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::functions::Functions;
use crate::queue::Queue;

#[derive(Clone)]
pub(crate) struct Connect {
    functions: Arc<Functions>,
    events: Queue,
    flow: Arc<Flow>,
    clock: Clock,
    randomness: Randomness,
    contacts: Arc<Mutex<HashMap<String, Contact>>>,
}

/// An outbound call, with the data of `start-outbound-voice-contact` and `tag-contact`.
#[derive(Clone)]
pub(crate) struct OutboundCall {
    pub(crate) line: PhoneNumber,
    pub(crate) customer: PhoneNumber,
    pub(crate) appointment: Option<AppointmentId>,
    /// The attributes that the flow can play: `companyName`, `appointmentTime`.
    pub(crate) attributes: Map<String, Value>,
}

struct Contact {
    outbound: OutboundCall,
    initiated: Timestamp,
    connected: Option<Timestamp>,
    ended: Option<Timestamp>,
    talk: Option<FlowState>,
    /// The result of answering machine detection.
    detected: Option<&'static str>,
}

/// An event at the customer's end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CustomerInput {
    Answer,
    Press(char),
    HangUp,
    /// The call rings until the caller ends it.
    RingOut,
    /// An answering machine answers, and is detected.
    Voicemail,
    /// The network does not connect the call.
    Fail,
}

impl CustomerInput {
    /// Parses a key of the phone, or `answer`, `hang-up`, `ring-out`, `voicemail`, `fail`.
    pub(crate) fn read(word: &str) -> Option<Self> {
        match word {
            "answer" => Some(Self::Answer),
            "hang-up" => Some(Self::HangUp),
            "ring-out" => Some(Self::RingOut),
            "voicemail" => Some(Self::Voicemail),
            "fail" => Some(Self::Fail),
            key => key.parse().ok().filter(|key| "0123456789*#".contains(*key)).map(Self::Press),
        }
    }
}

/// A call as the customer's phone shows it.
pub(crate) struct CallView {
    pub(crate) contact: String,
    pub(crate) line: PhoneNumber,
    pub(crate) stage: CallStage,
}

pub(crate) enum CallStage {
    Ringing,
    Talking { said: String },
    Over { said: String },
}

/// The time that Amazon Connect lets a call ring.
const RING_TIME: Duration = Duration::from_mins(1);
/// The number of seconds for which the phone shows a call that has ended.
const SHOWN_AFTER_END_SECS: u64 = 8;

/// The types of the contact events that the rule in `infra/template.yaml` matches.
///
/// The rule matches only contacts with the tag `appointmentId`.
pub const CONTACT_EVENTS: [&str; 2] = ["CONNECTED_TO_SYSTEM", "DISCONNECTED"];

const FLOW: &str = include_str!("../../../connect/confirmation-call.json");

impl Connect {
    pub(crate) fn new(functions: Arc<Functions>, runtime: &Runtime) -> anyhow::Result<Self> {
        let (clock, randomness) = (runtime.clock.clone(), runtime.randomness.clone());
        Ok(Self {
            events: Queue::new(functions.clone(), "confirmation-call", clock.clone(), randomness.clone()),
            functions,
            flow: Arc::new(Flow::read(FLOW)?),
            clock,
            randomness,
            contacts: Arc::default(),
        })
    }

    /// Starts a call, and returns the contact's id.
    pub(crate) async fn start(&self, outbound: OutboundCall) -> String {
        let token = self.randomness.token();
        let id = [&token[..8], &token[8..12], &token[12..16], &token[16..20], &token[20..32]].join("-");
        let contact =
            Contact { outbound, initiated: self.clock.now(), connected: None, ended: None, talk: None, detected: None };
        self.publish_event("INITIATED", &id, &contact, None).await;
        self.contacts.lock().await.insert(id.clone(), contact);
        let (connect, ringing) = (self.clone(), id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(RING_TIME).await;
            connect.apply(&ringing, &CustomerInput::RingOut).await;
        });
        id
    }

    /// Applies an event at the customer's end to a call.
    ///
    /// Returns `false` if the call's state does not allow the event, for example because the call has ended.
    pub(crate) async fn apply(&self, id: &str, deed: &CustomerInput) -> bool {
        let mut contacts = self.contacts.lock().await;
        let Some(contact) = contacts.get_mut(id).filter(|contact| contact.ended.is_none()) else { return false };
        match (deed, contact.connected.is_some()) {
            (CustomerInput::Answer, false) => {
                self.connected(id, contact, "HUMAN_ANSWERED").await;
                let mut talk = self.flow.begin(Self::attributes(&contact.outbound));
                self.advance(id, contact, &mut talk, FlowInput::Start).await;
                contact.talk = Some(talk);
            }
            (CustomerInput::Press(key), true) => {
                let Some(mut talk) = contact.talk.take() else { return false };
                self.advance(id, contact, &mut talk, FlowInput::Key(*key)).await;
                contact.talk = Some(talk);
            }
            (CustomerInput::HangUp, _) => self.end_contact(id, contact, "CUSTOMER_DISCONNECT").await,
            (CustomerInput::RingOut, false) => self.end_contact(id, contact, "OTHER").await,
            (CustomerInput::Voicemail, false) => {
                self.connected(id, contact, "VOICEMAIL_BEEP").await;
                self.end_contact(id, contact, "CONTACT_FLOW_DISCONNECT").await;
            }
            (CustomerInput::Fail, false) => self.end_contact(id, contact, "TELECOM_PROBLEM").await,
            (CustomerInput::Answer | CustomerInput::RingOut | CustomerInput::Voicemail | CustomerInput::Fail, true)
            | (CustomerInput::Press(_), false) => {
                return false;
            }
        }
        true
    }

    /// Returns the latest call to a phone, unless it ended more than [`SHOWN_AFTER_END_SECS`] ago.
    pub(crate) async fn call_of(&self, customer: &PhoneNumber) -> Option<CallView> {
        let contacts = self.contacts.lock().await;
        let now = self.clock.now();
        let here = contacts.iter().filter(|(_, contact)| {
            contact.outbound.customer == *customer
                && contact.ended.is_none_or(|ended| now < ended.plus_secs(SHOWN_AFTER_END_SECS))
        });
        let (id, contact) = here.max_by_key(|(_, contact)| contact.initiated)?;
        let said = contact.talk.as_ref().map(|talk| talk.prompts.join(" ")).unwrap_or_default();
        let stage = match (contact.connected, contact.ended) {
            (_, Some(_)) => CallStage::Over { said },
            (Some(_), None) => CallStage::Talking { said },
            (None, None) => CallStage::Ringing,
        };
        Some(CallView { contact: id.clone(), line: contact.outbound.line.clone(), stage })
    }

    fn attributes(outbound: &OutboundCall) -> Map<String, Value> {
        let mut attributes = outbound.attributes.clone();
        if let Some(appointment) = &outbound.appointment {
            attributes.insert("appointmentId".to_owned(), Value::String(appointment.to_string()));
        }
        attributes
    }

    async fn connected(&self, id: &str, contact: &mut Contact, detected: &'static str) {
        contact.connected = Some(self.clock.now());
        contact.detected = Some(detected);
        self.publish_event("CONNECTED_TO_SYSTEM", id, contact, None).await;
    }

    async fn end_contact(&self, id: &str, contact: &mut Contact, reason: &str) {
        contact.ended = Some(self.clock.now());
        self.publish_event("DISCONNECTED", id, contact, Some(reason)).await;
    }

    async fn advance(&self, id: &str, contact: &mut Contact, talk: &mut FlowState, came: FlowInput) {
        talk.prompts.clear();
        let mut waits = self.flow.advance(talk, came);
        while let FlowWait::Function(parameters) = waits {
            let invocation = Self::invocation(id, &contact.outbound, &parameters);
            let answered = self.functions.invoke("confirmation-call", invocation).await;
            waits = self.flow.advance(talk, FlowInput::Answer(answered.and_then(Result::ok)));
        }
        if let FlowWait::Nothing = waits {
            self.end_contact(id, contact, "CONTACT_FLOW_DISCONNECT").await;
        }
    }

    fn invocation(id: &str, outbound: &OutboundCall, parameters: &Map<String, Value>) -> Value {
        json!({
            "Name": "ContactFlowEvent",
            "Details": {
                "Parameters": parameters,
                "ContactData": {
                    "ContactId": id, "InitialContactId": id, "PreviousContactId": id, "Channel": "VOICE",
                    "InitiationMethod": "API", "InstanceARN": INSTANCE, "Attributes": Self::attributes(outbound),
                    "Queue": null,
                    "CustomerEndpoint": {"Address": outbound.customer, "Type": "TELEPHONE_NUMBER"},
                    "SystemEndpoint": {"Address": outbound.line, "Type": "TELEPHONE_NUMBER"},
                },
            },
        })
    }

    /// Sends a contact event through EventBridge, with the template's rule and queue.
    async fn publish_event(&self, kind: &str, id: &str, contact: &Contact, reason: Option<&str>) {
        let Some(appointment) = contact.outbound.appointment.as_ref().filter(|_| CONTACT_EVENTS.contains(&kind)) else {
            return;
        };
        let now = self.clock.now();
        let event = json!({
            "version": "0", "id": self.randomness.token(), "detail-type": "Amazon Connect Contact Event",
            "source": "aws.connect", "account": "000000000000", "time": now.to_string(), "region": "local",
            "resources": [INSTANCE],
            "detail": {
                "eventType": kind, "contactId": id, "initialContactId": id, "channel": "VOICE",
                "instanceArn": INSTANCE, "initiationMethod": "API",
                "initiationTimestamp": contact.initiated.to_string(),
                "connectedToSystemTimestamp": contact.connected.map(|at| at.to_string()),
                "disconnectTimestamp": contact.ended.map(|at| at.to_string()),
                "disconnectReason": reason,
                "answeringMachineDetectionStatus": contact.detected,
                "tags": {
                    "aws:connect:instanceId": "local", "aws:connect:systemEndpoint": contact.outbound.line,
                    "appointmentId": appointment,
                },
            },
        });
        self.events.enqueue(&event).await;
    }
}

const INSTANCE: &str = "arn:aws:connect:local:000000000000:instance/local";
