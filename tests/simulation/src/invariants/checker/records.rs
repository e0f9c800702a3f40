//! Classification of stream records and of messages in lists.

use domain::{MessageId, Position, Retention, Timestamp};
use serde_json::Value;

use crate::scenario::{COMPANIES, Step};
use crate::world::sms_of;

/// Returns whether a message is an opt-out acknowledgement.
pub(super) fn confirms(image: &Value) -> bool {
    image["by"]["S"] == "Switchboard"
}

/// Returns whether a call needs an answer by staff.
pub(super) fn asks(image: &Value) -> bool {
    matches!(image["outcome"]["S"].as_str(), Some("declined" | "asks-to-reschedule"))
}

/// Returns Switchboard's id of an inbound message.
pub(super) fn id_of(step: &Step) -> String {
    let company = COMPANIES[step.company].parse();
    company.map(|company| MessageId::of_inbound(&company, &sms_of(step)).to_string()).unwrap_or_default()
}

/// Returns whether a list's item is the message with this id.
pub(super) fn is_called(item: &Value, id: &str) -> bool {
    item["id"].as_str().is_some_and(|it| it.ends_with(id))
}

/// Returns when a record was written, in seconds.
pub(super) fn written_at(record: &Value) -> u64 {
    let secs = record["dynamodb"]["ApproximateCreationDateTime"].to_string();
    secs.split('.').next().and_then(|secs| secs.parse().ok()).unwrap_or_default()
}

/// Returns the beginning of the retention when a record was written, with a precision of one second.
pub(super) fn floor_at(record: &Value) -> Timestamp {
    Retention::default().oldest_position(Timestamp::from_millis(written_at(record) * 1000)).at
}

pub(super) fn position(image: &Value) -> Option<Position> {
    image["position"]["S"].as_str()?.parse().ok()
}
