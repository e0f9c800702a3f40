//! Delivery receipts of End User Messaging. A configuration set publishes them to a topic, and a queue delivers them.

use std::time::Duration;

use domain::{Clock, PhoneNumber, Randomness};
use serde_json::{Value, json};

use super::steering::DeliveryOutcome;
use crate::queue::Queue;

#[derive(Clone)]
pub(super) struct Receipts {
    queue: Queue,
    clock: Clock,
    randomness: Randomness,
}

/// A message that was accepted, with the fields of its receipts.
#[derive(Clone)]
pub(super) struct AcceptedMessage {
    pub(super) id: String,
    pub(super) from: PhoneNumber,
    pub(super) to: PhoneNumber,
    pub(super) context: Value,
}

/// The simulated time between accepting a message and its final receipt.
const DELIVERY_TIME: Duration = Duration::from_millis(400);

impl Receipts {
    pub(super) fn new(queue: Queue, clock: Clock, randomness: Randomness) -> Self {
        Self { queue, clock, randomness }
    }

    /// Publishes the final receipt of a message after [`DELIVERY_TIME`].
    pub(super) fn follow(&self, message: AcceptedMessage, fate: DeliveryOutcome) {
        let Some(event_type) = last_event(fate) else { return };
        let receipts = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(DELIVERY_TIME).await;
            receipts.publish(&message, event_type, true).await;
        });
    }

    /// Publishes a receipt, as a configuration set does. Returns after the first attempt to deliver it.
    pub(super) async fn publish(&self, message: &AcceptedMessage, event_type: &str, is_final: bool) {
        let at = self.clock.now();
        let event = json!({
            "eventType": event_type, "eventVersion": "1.0", "eventTimestamp": at.as_millis(), "isFinal": is_final,
            "originationPhoneNumber": message.from, "destinationPhoneNumber": message.to, "isInternationalSend": false,
            "messageId": message.id, "messageRequestTimestamp": at.as_millis(), "messageType": "TRANSACTIONAL",
            "context": message.context, "totalMessageParts": 1, "totalMessagePrice": 0.0, "totalCarrierFee": 0.0,
        });
        let envelope = json!({
            "Type": "Notification", "MessageId": self.randomness.token(),
            "TopicArn": "arn:aws:sns:local:000000000000:receipts",
            "Message": event.to_string(), "Timestamp": at.to_string(),
        });
        self.queue.enqueue(&envelope).await;
    }
}

fn last_event(fate: DeliveryOutcome) -> Option<&'static str> {
    match fate {
        DeliveryOutcome::Delivered => Some("TEXT_DELIVERED"),
        DeliveryOutcome::Unreachable => Some("TEXT_UNREACHABLE"),
        DeliveryOutcome::Invalid => Some("TEXT_INVALID"),
        DeliveryOutcome::Blocked => Some("TEXT_BLOCKED"),
        DeliveryOutcome::Spam => Some("TEXT_SPAM"),
        DeliveryOutcome::Untold => None,
    }
}
