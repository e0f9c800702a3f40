//! Inbound messages with the time at which they were sent.

use std::collections::HashMap;

use domain::{Sender, Timestamp};
use sms::{InboundMessage, InboundParseError};

use crate::event::{Record, RecordSource};

/// An inbound message with its time.
pub(crate) struct TimestampedMessage {
    pub(crate) sms: InboundMessage,
    pub(crate) at: Timestamp,
}

/// Parses records in order and determines the time of each message.
pub(crate) fn read(records: &[Record], now: Timestamp) -> Vec<Result<TimestampedMessage, InboundParseError>> {
    let mut at_once = HashMap::new();
    records.iter().map(|record| Ok(after_the_others(&mut at_once, read_one(record, now)?))).collect()
}

fn read_one(record: &Record, now: Timestamp) -> Result<TimestampedMessage, InboundParseError> {
    let sms = match &record.source {
        RecordSource::ByQueue { body } => InboundMessage::from_queue(body)?,
        RecordSource::ByTopic { message, timestamp } => InboundMessage::from_topic(message, timestamp.as_deref())?,
    };
    // A time in the future would sort a message above all later messages.
    let at = sms.received.or(record.queued).map_or(now, |received| received.min(now));
    Ok(TimestampedMessage { sms, at })
}

/// Separates texts that one customer sent in the same millisecond by one millisecond each, in the order of the batch.
///
/// Otherwise, the hash in their positions would decide whether STOP or START came last. A repeated delivery of a text
/// gets the time of its first delivery.
fn after_the_others(
    at_once: &mut HashMap<(Sender, Timestamp), Vec<String>>,
    sent: TimestampedMessage,
) -> TimestampedMessage {
    let ids = at_once.entry((sent.sms.from.clone(), sent.at)).or_default();
    let before = ids.iter().take_while(|id| **id != sent.sms.id).count();
    if before == ids.len() {
        ids.push(sent.sms.id.clone());
    }
    let at = Timestamp::from_millis(sent.at.as_millis() + before as u64);
    TimestampedMessage { at, ..sent }
}
