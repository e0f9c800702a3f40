//! Parsing of the events that carry inbound messages. The parser is lenient: a field that is not needed may be missing,
//! and a record that cannot be parsed does not make the others fail.

use domain::Timestamp;
use serde_json::Value;

/// The records of an event.
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    by_queue: bool,
}

impl Batch {
    /// Returns whether failed records can be reported one by one. SQS supports this. SNS delivers an event again only
    /// as a whole.
    pub(crate) fn reports_failures(&self) -> bool {
        self.by_queue
    }
}

/// A record with an inbound message.
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) source: RecordSource,
    /// When the queue received the record. A raw message contains no other time.
    pub(crate) queued: Option<Timestamp>,
}

/// The source of a record, with its content.
pub(crate) enum RecordSource {
    ByQueue { body: String },
    ByTopic { message: String, timestamp: Option<String> },
}

/// Parses an event. Returns `None` if the event has no records.
pub(crate) fn parse_batch(event: &Value) -> Option<Batch> {
    let records = event.get("Records")?.as_array()?;
    let by_topic = records.iter().any(|record| record.get("Sns").is_some());
    let read = if by_topic { by_sns } else { by_sqs };
    Some(Batch { records: records.iter().map(read).collect(), by_queue: !by_topic })
}

fn by_sqs(record: &Value) -> Record {
    let sent: Option<u64> =
        record.pointer("/attributes/SentTimestamp").and_then(Value::as_str).and_then(|sent| sent.parse().ok());
    Record {
        id: string(record, "/messageId").unwrap_or_default(),
        source: RecordSource::ByQueue { body: string(record, "/body").unwrap_or_default() },
        queued: sent.map(Timestamp::from_millis),
    }
}

fn by_sns(record: &Value) -> Record {
    Record {
        id: string(record, "/Sns/MessageId").unwrap_or_default(),
        source: RecordSource::ByTopic {
            message: string(record, "/Sns/Message").unwrap_or_default(),
            timestamp: string(record, "/Sns/Timestamp"),
        },
        queued: None,
    }
}

fn string(record: &Value, pointer: &str) -> Option<String> {
    record.pointer(pointer)?.as_str().map(str::to_owned)
}
