//! An SQS queue that a function reads. Delivers a failed record again, after increasing delays.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::{Clock, Randomness};
use serde_json::{Value, json};

use crate::functions::Functions;

#[derive(Clone)]
pub(crate) struct Queue {
    functions: Arc<Functions>,
    function: &'static str,
    clock: Clock,
    randomness: Randomness,
}

/// The maximum number of deliveries, as the template configures for a queue with a dead-letter queue.
const DELIVERIES: u32 = 5;

impl Queue {
    pub(crate) fn new(functions: Arc<Functions>, function: &'static str, clock: Clock, randomness: Randomness) -> Self {
        Self { functions, function, clock, randomness }
    }

    /// Adds a record. Returns after the first attempt to deliver it.
    pub(crate) async fn enqueue(&self, body: &Value) {
        let sent = self.clock.now().as_millis().to_string();
        let event = json!({"Records": [{
            "messageId": self.randomness.token(), "receiptHandle": "local", "body": body.to_string(),
            "attributes": {"SentTimestamp": sent, "ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs", "awsRegion": "local",
        }]});
        if !self.delivered(&event).await {
            tokio::spawn(self.clone().redeliver(event));
        }
    }

    /// Handles `SendMessageBatch`. Delivers each message after its delay, as a batch of one record.
    pub(crate) fn send_batch(&self, request: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(request).unwrap_or_default();
        let mut taken = Vec::new();
        for entry in request["Entries"].as_array().into_iter().flatten() {
            let Ok(body) = serde_json::from_str::<Value>(entry["MessageBody"].as_str().unwrap_or_default()) else {
                continue;
            };
            let delay = Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or_default());
            let queue = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                queue.enqueue(&body).await;
            });
            taken.push(json!({"Id": entry["Id"], "MessageId": self.randomness.token(), "MD5OfMessageBody": ""}));
        }
        Json(json!({"Successful": taken, "Failed": []})).into_response()
    }

    async fn redeliver(self, event: Value) {
        for delivery in 1..DELIVERIES {
            tokio::time::sleep(Duration::from_secs(1 << delivery)).await;
            if self.delivered(&event).await {
                return;
            }
        }
        tracing::error!(
            "{} failed at a record {DELIVERIES} times; on AWS it would be in the dead-letter queue",
            self.function
        );
    }

    async fn delivered(&self, event: &Value) -> bool {
        match self.functions.invoke(self.function, event.clone()).await {
            Some(Ok(answer)) => answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty),
            _ => false,
        }
    }
}
