use domain::{PhoneNumber, Sender, Timestamp, repaired_json};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

use crate::envelope::Envelope;

/// An inbound message as AWS End User Messaging publishes it ("two-way SMS message payload").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMessage {
    /// The message's id, the same for every delivery of the message.
    pub id: String,
    pub from: Sender,
    pub to: PhoneNumber,
    pub text: String,
    /// When the SMS service published the message to its topic. `None` with raw delivery, which has no time.
    pub received: Option<Timestamp>,
}

/// The error for a record that is not an inbound message. Its text does not quote the record.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InboundParseError {
    #[error("the record is not JSON")]
    NotJson,
    #[error("the record is JSON but not an inbound SMS: it lacks a field or has one of another type")]
    NotAnSms,
    #[error("originationNumber is empty")]
    Origination,
    #[error("destinationNumber is not an E.164 number")]
    Destination,
    #[error("inboundMessageId is empty")]
    NoId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    origination_number: String,
    destination_number: String,
    /// The text of the message; `null`, missing, or of another type if a gateway in between has changed it.
    #[serde(default)]
    message_body: Value,
    inbound_message_id: String,
}

impl InboundMessage {
    /// The largest stored text in bytes. It is far more than the longest SMS, and below the 400 KB limit of a DynamoDB
    /// item.
    const MAX_BYTES: usize = 100_000;

    /// Returns the JSON that the SMS service publishes for this message.
    #[must_use]
    pub fn payload(&self) -> String {
        json!({
            "originationNumber": self.from,
            "destinationNumber": self.to,
            "messageKeyword": "KEYWORD",
            "messageBody": self.text,
            "inboundMessageId": self.id,
            "previousPublishedMessageId": "",
        })
        .to_string()
    }

    /// Parses the body of an SQS message: an SNS envelope, or the message itself with raw delivery.
    pub fn from_queue(body: &str) -> Result<Self, InboundParseError> {
        match read::<Envelope>(body) {
            Ok(envelope) => Self::from_topic(&envelope.message, envelope.timestamp.as_deref()),
            Err(_) => Self::from_topic(body, None),
        }
    }

    /// Parses the message of an SNS notification.
    ///
    /// `timestamp` is the notification's `Timestamp`. A timestamp that cannot be parsed is ignored. Every message with
    /// a sender, a line and an id is accepted: invalid characters in the text become U+FFFD, a missing body becomes an
    /// empty text, and a text that is too long for an item is truncated.
    pub fn from_topic(message: &str, timestamp: Option<&str>) -> Result<Self, InboundParseError> {
        let payload: Payload = read(message)
            .map_err(|error| if error.is_data() { InboundParseError::NotAnSms } else { InboundParseError::NotJson })?;
        if payload.inbound_message_id.is_empty() {
            return Err(InboundParseError::NoId);
        }
        let mut text = match payload.message_body {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        text.truncate(text.floor_char_boundary(Self::MAX_BYTES));
        Ok(Self {
            id: payload.inbound_message_id,
            from: Sender::read(&payload.origination_number).map_err(|_| InboundParseError::Origination)?,
            to: PhoneNumber::e164(&payload.destination_number).map_err(|_| InboundParseError::Destination)?,
            text,
            received: timestamp.and_then(Timestamp::from_rfc3339),
        })
    }
}

fn read<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&repaired_json(json)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{"originationNumber":"+14255550182","destinationNumber":"+12125550101",
        "messageKeyword":"JOIN","messageBody":"EXAMPLE","inboundMessageId":"cae173d2-66b9-564c-8309-21f858e9fb84",
        "previousPublishedMessageId":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}"#;

    fn envelope(timestamp: &str) -> String {
        serde_json::json!({"Type": "Notification", "MessageId": "x", "TopicArn": "arn:aws:sns:eu-west-1:1:t",
            "Message": PAYLOAD, "Timestamp": timestamp, "SignatureVersion": "1"})
        .to_string()
    }

    #[test]
    fn an_envelope_and_a_raw_message_are_the_same_sms() {
        let raw = InboundMessage::from_queue(PAYLOAD).unwrap();
        let wrapped = InboundMessage::from_queue(&envelope("2026-11-20T14:51:00.000Z")).unwrap();
        assert_eq!(raw.text, "EXAMPLE");
        assert_eq!(raw, InboundMessage { received: None, ..wrapped.clone() });
        assert_eq!(InboundMessage::from_queue(&raw.payload()), Ok(raw), "what is written is read");
        assert_eq!(wrapped.received, Timestamp::from_rfc3339("2026-11-20T14:51:00Z"));
    }

    #[test]
    fn each_fault_has_its_own_reason_which_quotes_nothing() {
        let broken =
            |find: &str, replace: &str| InboundMessage::from_queue(&PAYLOAD.replace(find, replace)).unwrap_err();
        assert_eq!(InboundMessage::from_queue("not json"), Err(InboundParseError::NotJson));
        assert_eq!(InboundMessage::from_queue("{}"), Err(InboundParseError::NotAnSms));
        assert_eq!(broken("+14255550182", ""), InboundParseError::Origination);
        assert_eq!(broken("+12125550101", "12125550101"), InboundParseError::Destination);
        assert_eq!(broken("cae173d2-66b9-564c-8309-21f858e9fb84", ""), InboundParseError::NoId);
        assert_eq!(broken("inboundMessageId", "id"), InboundParseError::NotAnSms);
    }

    #[test]
    fn whatever_has_a_sender_a_line_and_an_id_is_an_sms() {
        let read = |body: &str| InboundMessage::from_queue(&PAYLOAD.replace("\"EXAMPLE\"", body)).unwrap().text;
        assert_eq!(read(r#""a \ud83db""#), "a \u{fffd}b");
        assert_eq!(read("\"two\nlines\""), "two\nlines");
        assert_eq!(read("null"), "");
        assert_eq!(read("42"), "42");
        assert_eq!(read(&format!("\"{}\"", "ä".repeat(50_001))).len(), 100_000);
        assert_eq!(InboundMessage::from_queue(&PAYLOAD.replace("messageBody", "body")).unwrap().text, "");
        assert_eq!(InboundMessage::from_queue(&envelope("yesterday")).unwrap().received, None);
        assert_eq!(InboundMessage::from_queue(&format!("\u{feff}{}", envelope("yesterday"))).unwrap().text, "EXAMPLE");
    }
}
