#![doc = include_str!("../README.md")]

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use domain::{Clock, MobileNumber};
use futures_util::stream::{self, StreamExt};
use lambda_runtime::Diagnostic;
use runtime::{Metric, Metrics, Runtime};
use serde_json::Value;
use sms::{Receipt, ReceiptParseError, ReceiptStatus};
use store::{DeliveryUpdate, DeliveryUpdateOutcome, Store, StoreError};
use thiserror::Error;

/// Records the delivery receipts of outbound messages. Receipts may arrive late, repeatedly and out of order.
pub struct DeliveryReceiptFunction {
    store: Store,
    clock: Clock,
    metrics: Metrics,
}

/// The reason why a delivery receipt was not recorded. SQS delivers its record again, or moves it to the dead-letter
/// queue.
#[derive(Debug, Error)]
enum RecordError {
    #[error(transparent)]
    NotAReceipt(#[from] ReceiptParseError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The error for an event that is not an SQS batch.
#[derive(Debug, Error)]
#[error("the event is not an SQS batch")]
pub struct InvalidBatch;

/// The error that Lambda reports for the function.
impl From<InvalidBatch> for Diagnostic {
    fn from(not: InvalidBatch) -> Self {
        Self { error_type: "NotABatch".to_owned(), error_message: not.to_string() }
    }
}

/// The maximum number of receipts that are recorded at once. An instance has one connection pool, so further writes
/// would only wait for a connection.
const CONCURRENCY: usize = 8;

impl DeliveryReceiptFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone(), metrics: runtime.metrics.clone() }
    }

    /// Handles an SQS batch. Returns a partial batch response with the records that failed.
    pub async fn handle(&self, event: &Value) -> Result<SqsBatchResponse, InvalidBatch> {
        let records = event.get("Records").and_then(Value::as_array).ok_or(InvalidBatch)?;
        let recording: Vec<_> = records.iter().map(|record| self.failure(record)).collect();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures =
            stream::iter(recording).buffer_unordered(CONCURRENCY).filter_map(std::future::ready).collect().await;
        Ok(response)
    }

    /// Records the delivery receipt of a record. Returns a batch item failure if that fails.
    async fn failure(&self, record: &Value) -> Option<BatchItemFailure> {
        let string = |field| record.get(field).and_then(Value::as_str).unwrap_or_default();
        let reason = self.record(string("body")).await.err()?;
        tracing::error!(record = string("messageId"), %reason, "a delivery receipt was not recorded");
        let mut failure = BatchItemFailure::default();
        string("messageId").clone_into(&mut failure.item_identifier);
        Some(failure)
    }

    async fn record(&self, body: &str) -> Result<(), RecordError> {
        let receipt = match Receipt::from_queue(body) {
            Err(ReceiptParseError::NotOurs) => {
                tracing::info!("a delivery receipt of an unknown message was dropped");
                return Ok(());
            }
            read => read?,
        };
        let Receipt { company, conversation, position, .. } = &receipt;
        let (conversation, position, progress) = (*conversation, *position, &receipt.progress());
        let settled = self
            .store
            .record_delivery(DeliveryUpdate { company, conversation, position, progress }, self.clock.now())
            .await?;
        if receipt.fate == ReceiptStatus::Delivered && settled != DeliveryUpdateOutcome::Unknown {
            self.store.number_accepted(&receipt.company, receipt.conversation, receipt.at).await?;
        }
        let ReceiptStatus::Undelivered(why) = receipt.fate else { return Ok(()) };
        if settled == DeliveryUpdateOutcome::Now {
            tracing::warn!(?why, "a message was not delivered");
            self.metrics.count_by(Metric::Undelivered, "Cause", &why.cause().to_string());
        }
        // This step also runs if the status was already recorded, because the earlier attempt may have failed before
        // this step.
        if settled != DeliveryUpdateOutcome::Unknown && why.is_the_numbers() {
            let mobile = MobileNumber { number: receipt.to, conversation: receipt.conversation };
            self.store.number_refused(&receipt.company, &mobile, receipt.at).await?;
        }
        Ok(())
    }
}
