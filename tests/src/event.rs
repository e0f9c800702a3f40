//! Inbound messages as AWS delivers them.

use serde_json::{Value, json};

/// An inbound message, as the SMS service publishes it.
#[derive(Clone, Debug)]
pub struct SmsEvent {
    pub id: String,
    pub from: String,
    pub to: String,
    pub text: String,
    /// The envelope's `Timestamp`.
    pub at: String,
}

impl SmsEvent {
    #[must_use]
    pub fn new(id: &str, from: &str, to: &str, text: &str) -> Self {
        Self { id: id.to_owned(), from: from.to_owned(), to: to.to_owned(), text: text.to_owned(), at: ago(0) }
    }

    #[must_use]
    pub fn with_time(self, at: String) -> Self {
        Self { at, ..self }
    }

    #[must_use]
    pub fn payload(&self) -> Value {
        json!({
            "originationNumber": self.from,
            "destinationNumber": self.to,
            "messageKeyword": "KEYWORD",
            "messageBody": self.text,
            "inboundMessageId": self.id,
            "previousPublishedMessageId": "",
        })
    }

    fn envelope(&self) -> Value {
        json!({
            "Type": "Notification",
            "MessageId": format!("sns-{}", self.id),
            "TopicArn": "arn:aws:sns:eu-central-1:000000000000:inbound-sms",
            "Message": self.payload().to_string(),
            "Timestamp": self.at,
            "SignatureVersion": "1",
        })
    }
}

/// Returns the time that was `seconds` ago, formatted as AWS does.
#[must_use]
pub fn ago(seconds: u64) -> String {
    runtime::wall_clock().now().minus_secs(seconds).to_string()
}

/// Returns one record of an SQS batch.
#[must_use]
pub fn record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": runtime::wall_clock().now().as_millis().to_string()},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:inbound-sms",
        "awsRegion": "eu-central-1",
    })
}

/// Returns an SQS batch of SNS envelopes.
#[must_use]
pub fn by_queue(messages: &[SmsEvent]) -> Value {
    let records: Vec<_> = messages.iter().map(|sms| record(&sms.id, &sms.envelope().to_string())).collect();
    json!({"Records": records})
}

/// Returns an SQS batch of raw messages.
#[must_use]
pub fn by_queue_raw(messages: &[SmsEvent]) -> Value {
    let records: Vec<_> = messages.iter().map(|sms| record(&sms.id, &sms.payload().to_string())).collect();
    json!({"Records": records})
}

/// Returns an SNS event.
#[must_use]
pub fn by_topic(messages: &[SmsEvent]) -> Value {
    let records = messages.iter().map(|sms| {
        json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:eu-central-1:0:t:s", "Sns": sms.envelope()})
    });
    json!({"Records": records.collect::<Vec<_>>()})
}
