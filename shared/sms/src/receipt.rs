use std::collections::HashMap;

use domain::{CompanyId, ConversationId, DeliveryFailure, DeliveryProgress, PhoneNumber, Position, Timestamp};
use serde::Deserialize;
use thiserror::Error;

use crate::context;
use crate::envelope::Envelope;

/// A delivery receipt of End User Messaging ("Event format for SMS").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub company: CompanyId,
    pub conversation: ConversationId,
    pub position: Position,
    pub to: PhoneNumber,
    pub at: Timestamp,
    pub fate: ReceiptStatus,
    provider_id: String,
}

/// The status of a message in a delivery receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// The carrier has the message. Not every carrier reports a later status.
    Carried,
    Delivered,
    /// The message was not delivered, and will not be delivered later.
    Undelivered(DeliveryFailure),
}

/// The error for a record that is not a delivery receipt for a message from Switchboard. Its text does not quote the
/// record.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReceiptParseError {
    #[error("the record is not JSON")]
    NotJson,
    #[error("the record is JSON but not an event of a text message: it lacks a field or has one of another type")]
    NotAnEvent,
    #[error("destinationPhoneNumber is not an E.164 number")]
    Destination,
    #[error("eventTimestamp is not a moment in milliseconds")]
    Timestamp,
    /// Another application sent the message with the same configuration set. The record must not be retried.
    #[error("its context names no message of ours")]
    NotOurs,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    event_type: String,
    event_timestamp: u64,
    is_final: bool,
    destination_phone_number: String,
    message_id: String,
    #[serde(default)]
    context: HashMap<String, String>,
}

impl Receipt {
    /// Parses the body of an SQS message: an SNS envelope, or the event itself with raw delivery.
    pub fn from_queue(body: &str) -> Result<Self, ReceiptParseError> {
        let message = serde_json::from_str::<Envelope>(body).map(|envelope| envelope.message);
        let payload: Payload = serde_json::from_str(message.as_deref().unwrap_or(body)).map_err(|error| {
            if error.is_data() { ReceiptParseError::NotAnEvent } else { ReceiptParseError::NotJson }
        })?;
        let (company, conversation, position) = context::read(&payload.context).ok_or(ReceiptParseError::NotOurs)?;
        let at = Timestamp::from_millis(payload.event_timestamp);
        if at.as_millis() != payload.event_timestamp {
            return Err(ReceiptParseError::Timestamp);
        }
        Ok(Self {
            company,
            conversation,
            position,
            to: PhoneNumber::subscriber(&payload.destination_phone_number)
                .map_err(|_| ReceiptParseError::Destination)?,
            at,
            fate: fate(&payload.event_type, payload.is_final).ok_or(ReceiptParseError::NotAnEvent)?,
            provider_id: payload.message_id,
        })
    }

    /// Returns the delivery progress to store with the message.
    #[must_use]
    pub fn progress(&self) -> DeliveryProgress {
        let (at, provider_id) = (self.at, self.provider_id.clone());
        match self.fate {
            ReceiptStatus::Carried => DeliveryProgress::Sent { at, provider_id },
            ReceiptStatus::Delivered => DeliveryProgress::Delivered { at, provider_id },
            ReceiptStatus::Undelivered(why) => DeliveryProgress::Undelivered { at, provider_id, why },
        }
    }
}

/// Returns the status for an event type. Returns `None` for an event that does not concern a text message.
///
/// After a failure that is not final, the carrier still retries. After an unexplained failure, the message may have
/// arrived. Both count as `Carried`.
fn fate(event_type: &str, is_final: bool) -> Option<ReceiptStatus> {
    let undelivered = match event_type.strip_prefix("TEXT_")? {
        "DELIVERED" => return Some(ReceiptStatus::Delivered),
        "UNREACHABLE" => DeliveryFailure::Unreachable,
        "INVALID" => DeliveryFailure::InvalidNumber,
        "BLOCKED" => DeliveryFailure::Blocked,
        "SPAM" | "CARRIER_BLOCKED" => DeliveryFailure::Filtered,
        "INVALID_MESSAGE" => DeliveryFailure::InvalidMessage,
        "CARRIER_UNREACHABLE" => DeliveryFailure::CarrierUnreachable,
        "TTL_EXPIRED" => DeliveryFailure::Expired,
        "PROTECT_BLOCKED" => DeliveryFailure::Protected,
        _ => return Some(ReceiptStatus::Carried),
    };
    Some(if is_final { ReceiptStatus::Undelivered(undelivered) } else { ReceiptStatus::Carried })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(event_type: &str, is_final: bool) -> Value {
        json!({
            "eventType": event_type, "eventVersion": "1.0", "eventTimestamp": 1_686_975_103_470_u64, "isFinal": is_final,
            "originationPhoneNumber": "+12065550152", "destinationPhoneNumber": "+14255550156",
            "isInternationalSend": false, "mcc": "310", "mnc": "800", "messageId": "862a8790-60c0-4430-9b2b-658bdexample",
            "messageRequestTimestamp": 1_686_975_103_170_u64, "messageEncoding": "GSM", "messageType": "TRANSACTIONAL",
            "messageStatus": "SUCCESSFUL", "messageStatusDescription": "Message has been accepted by phone carrier",
            "context": {
                "company": "northside-dental", "conversation": "0123456789abcdef0123456789abcdef",
                "message": "1686975103000-0123456789abcdef0123456789abcdef",
            },
            "totalMessageParts": 1, "totalMessagePrice": 0.09582, "totalCarrierFee": 0.0,
        })
    }

    fn read(event: &Value) -> Result<Receipt, ReceiptParseError> {
        Receipt::from_queue(&event.to_string())
    }

    #[test]
    fn an_envelope_and_a_raw_event_are_the_same_receipt() {
        let event = event("TEXT_SUCCESSFUL", true);
        let wrapped =
            json!({"Type": "Notification", "Message": event.to_string(), "Timestamp": "2026-11-20T14:51:00.000Z"});
        let receipt = read(&event).unwrap();
        assert_eq!(receipt.company.as_str(), "northside-dental");
        assert_eq!(read(&wrapped).unwrap(), receipt);
    }

    #[test]
    fn a_failure_counts_when_it_is_final() {
        let fate = |event_type: &str, is_final| read(&event(event_type, is_final)).unwrap().fate;
        assert_eq!(fate("TEXT_DELIVERED", true), ReceiptStatus::Delivered);
        assert_eq!(fate("TEXT_UNREACHABLE", false), ReceiptStatus::Carried);
        assert_eq!(fate("TEXT_UNREACHABLE", true), ReceiptStatus::Undelivered(DeliveryFailure::Unreachable));
        assert_eq!(fate("TEXT_CARRIER_BLOCKED", true), ReceiptStatus::Undelivered(DeliveryFailure::Filtered));
        for carried in ["TEXT_PENDING", "TEXT_QUEUED", "TEXT_SENT", "TEXT_SUCCESSFUL", "TEXT_UNKNOWN"] {
            assert_eq!(fate(carried, true), ReceiptStatus::Carried, "{carried}");
        }
    }

    #[test]
    fn each_fault_has_its_own_reason_which_quotes_nothing() {
        let broken = |field: &str, value: Value| {
            let mut event = event("TEXT_DELIVERED", true);
            event[field] = value;
            read(&event).unwrap_err()
        };
        assert_eq!(Receipt::from_queue("no json"), Err(ReceiptParseError::NotJson));
        assert_eq!(Receipt::from_queue("{}"), Err(ReceiptParseError::NotAnEvent));
        assert_eq!(broken("isFinal", json!("yes")), ReceiptParseError::NotAnEvent);
        assert_eq!(broken("eventType", json!("VOICE_COMPLETED")), ReceiptParseError::NotAnEvent);
        assert_eq!(broken("destinationPhoneNumber", json!("Anonymous")), ReceiptParseError::Destination);
        assert_eq!(broken("eventTimestamp", json!(u64::MAX)), ReceiptParseError::Timestamp);
        assert_eq!(broken("context", json!({})), ReceiptParseError::NotOurs);
        assert_eq!(
            broken("context", json!({"company": "x", "conversation": "y", "message": "z"})),
            ReceiptParseError::NotOurs
        );
    }
}
