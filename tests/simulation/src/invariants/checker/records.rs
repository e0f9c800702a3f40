//! Records of the table's stream and messages of lists, as they are told apart.

use domain::{MessageId, Position, Retention, Timestamp};
use serde_json::Value;

use crate::scenario::{COMPANIES, Step};
use crate::world::sms_of;

/// Whether a message is the last that a customer gets who has opted out.
pub(super) fn confirms(image: &Value) -> bool {
    image["by"]["S"] == "Switchboard"
}

/// Whether a call is one that somebody has to answer.
pub(super) fn asks(image: &Value) -> bool {
    matches!(image["outcome"]["S"].as_str(), Some("declined" | "asks-to-reschedule"))
}

/// Switchboard's own id of a text.
pub(super) fn id_of(step: &Step) -> String {
    let company = COMPANIES[step.company].parse();
    company.map(|company| MessageId::of_inbound(&company, &sms_of(step)).to_string()).unwrap_or_default()
}

/// Whether something in a list is the message with this id.
pub(super) fn is_called(item: &Value, id: &str) -> bool {
    item["id"].as_str().is_some_and(|it| it.ends_with(id))
}

/// In seconds.
pub(super) fn written_at(record: &Value) -> u64 {
    let secs = record["dynamodb"]["ApproximateCreationDateTime"].to_string();
    secs.split('.').next().and_then(|secs| secs.parse().ok()).unwrap_or_default()
}

/// The earliest moment that was kept when a record was written, to the second.
pub(super) fn floor_at(record: &Value) -> Timestamp {
    Retention::default().oldest_position(Timestamp::from_millis(written_at(record) * 1000)).at
}

pub(super) fn position(image: &Value) -> Option<Position> {
    image["position"]["S"].as_str()?.parse().ok()
}
