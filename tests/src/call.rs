//! Confirmation calls as Amazon Connect reports them: a contact flow's invocation, and contact events that EventBridge
//! and a queue pass on.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::event::record;
use crate::{TestStack, ago};

/// A confirmation call to a customer about an appointment.
#[derive(Clone, Debug)]
pub struct Call {
    pub contact: String,
    pub line: String,
    pub customer: String,
    pub appointment: String,
}

impl Call {
    #[must_use]
    pub fn new(contact: &str, line: &str, customer: &str, appointment: &str) -> Self {
        let [contact, line, customer, appointment] = [contact, line, customer, appointment].map(str::to_owned);
        Self { contact, line, customer, appointment }
    }

    /// Returns the event of a contact flow in which the customer has pressed a key.
    #[must_use]
    pub fn pressed(&self, digit: &str) -> Value {
        json!({
            "Name": "ContactFlowEvent",
            "Details": {
                "Parameters": {"appointmentId": self.appointment, "digit": digit},
                "ContactData": {
                    "ContactId": self.contact, "InitialContactId": self.contact, "PreviousContactId": self.contact,
                    "Channel": "VOICE", "InitiationMethod": "API", "Attributes": {}, "Queue": null,
                    "InstanceARN": "arn:aws:connect:eu-central-1:000000000000:instance/test",
                    "CustomerEndpoint": {"Address": self.customer, "Type": "TELEPHONE_NUMBER"},
                    "SystemEndpoint": {"Address": self.line, "Type": "TELEPHONE_NUMBER"},
                },
            },
        })
    }

    /// Returns a contact event of the type `kind`. The fields of `more` are added to its `detail`.
    #[must_use]
    pub fn event(&self, kind: &str, more: Value) -> Value {
        let mut detail: Map<String, Value> = Map::new();
        let known = json!({
            "eventType": kind, "contactId": self.contact, "initialContactId": self.contact, "channel": "VOICE",
            "instanceArn": "arn:aws:connect:eu-central-1:000000000000:instance/test", "initiationMethod": "API",
            "initiationTimestamp": ago(40),
            "tags": {"aws:connect:instanceId": "test", "aws:connect:systemEndpoint": self.line, "appointmentId": self.appointment},
        });
        for fields in [known, more] {
            if let Value::Object(fields) = fields {
                detail.extend(fields);
            }
        }
        json!({
            "version": "0", "id": "event", "detail-type": "Amazon Connect Contact Event", "source": "aws.connect",
            "account": "000000000000", "time": ago(0), "region": "eu-central-1", "resources": [], "detail": detail,
        })
    }

    #[must_use]
    pub fn initiated(&self) -> Value {
        self.event("INITIATED", json!({}))
    }

    /// Returns the contact event of a call that a person or an answering machine has answered.
    #[must_use]
    pub fn connected(&self, detected: &str) -> Value {
        let more = json!({"connectedToSystemTimestamp": ago(20), "answeringMachineDetectionStatus": detected});
        self.event("CONNECTED_TO_SYSTEM", more)
    }

    /// Returns the contact event of the end of a call that was answered.
    #[must_use]
    pub fn ended_event(&self, detected: &str) -> Value {
        let more = json!({
            "connectedToSystemTimestamp": ago(20), "disconnectTimestamp": ago(5),
            "disconnectReason": "CONTACT_FLOW_DISCONNECT", "answeringMachineDetectionStatus": detected,
        });
        self.event("DISCONNECTED", more)
    }

    /// Returns the contact event of the end of a call that nobody answered.
    #[must_use]
    pub fn unanswered(&self, reason: &str) -> Value {
        self.event("DISCONNECTED", json!({"disconnectTimestamp": ago(5), "disconnectReason": reason}))
    }
}

impl TestStack {
    /// Invokes `confirmation-call` as a contact flow does and returns the response.
    pub async fn flow(&self, invocation: &Value) -> Value {
        let invoked = self.invoke("confirmation-call", invocation).await;
        assert!(!invoked.failed, "{}", invoked.payload);
        let flat = invoked.payload.as_object().expect("a map");
        assert!(flat.values().all(Value::is_string), "a flow reads strings only: {}", invoked.payload);
        invoked.payload
    }

    /// Passes contact events to `confirmation-call` as its queue does. Returns the indices of the events that failed.
    pub async fn contact_events(&self, events: &[Value]) -> Vec<usize> {
        let records = events.iter().enumerate();
        let records: Vec<_> = records.map(|(place, event)| record(&place.to_string(), &event.to_string())).collect();
        let invoked = self.invoke("confirmation-call", &json!({"Records": records})).await;
        assert!(!invoked.failed, "{}", invoked.payload);
        let failures = invoked.payload["batchItemFailures"].as_array().expect("a batch response").clone();
        let place = |failure: &Value| failure["itemIdentifier"].as_str().and_then(|id| id.parse().ok());
        failures.iter().map(|failure| place(failure).expect("a place")).collect()
    }

    /// Books an appointment for tomorrow as the company's scheduling system does.
    pub async fn has_appointment(&self, company: &str, id: &str, number: Option<&str>) {
        let staff = if company == "harbor-dental" { self.dana().await } else { self.josie().await };
        let start = runtime::wall_clock().now().plus_secs(24 * 60 * 60).to_string();
        let body = json!({"name": "Maria Lopez", "number": number, "start": start, "minutes": 30, "status": "booked"});
        let request = staff.request(Method::PUT, &format!("/api/appointments/{id}"));
        let kept = staff.send(request.header("accept", "application/json").json(&body)).await;
        assert!([200, 201].contains(&kept.status), "{}", kept.body);
    }

    /// Returns the stored status of an appointment, and who set it.
    pub async fn status_of(&self, company: &str, id: &str) -> (String, String) {
        let key = json!({"pk": {"S": format!("COMPANY#{company}")}, "sk": {"S": format!("APPOINTMENT#{id}")}});
        let item = self.table("GetItem", json!({"Key": key, "ConsistentRead": true})).await;
        let now = &item["Item"]["appointment"]["M"]["now"]["M"];
        let text = |value: &Value| value["S"].as_str().expect("a text").to_owned();
        (text(&now["details"]["M"]["status"]), text(&now["by"]))
    }
}
