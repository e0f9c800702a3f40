#![doc = include_str!("../README.md")]

mod auto_reply;
mod event;
mod timed_message;

use auto_reply::AutoReply;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use domain::{Clock, MessageId, OptOutManagement};
use event::Record;
use futures_util::stream::{self, StreamExt};
use lambda_runtime::Diagnostic;
use runtime::Runtime;
use serde_json::Value;
use sms::{InboundParseError, SmsProvider};
use store::{LineCache, ReceivedMessage, RecordOutcome, Store, StoreError};
use thiserror::Error;
use timed_message::TimestampedMessage;

/// Records each inbound message once, even if messages are delivered repeatedly or out of order.
pub struct InboundSmsFunction {
    store: Store,
    clock: Clock,
    lines: LineCache,
    managed: OptOutManagement,
    /// The automatic replies. Present if Switchboard manages opt-outs, and not the SMS service.
    automatic: Option<AutoReply>,
}

/// The reason why an inbound message was not recorded.
///
/// SQS delivers the record again, or moves it to the dead-letter queue. Operators can redrive the record from there
/// once the cause is removed.
#[derive(Debug, Error)]
pub enum RecordError {
    #[error(transparent)]
    Malformed(#[from] InboundParseError),
    #[error("no company has the line that it was sent to")]
    UnknownLine,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reason why the whole invocation fails.
///
/// The event is not a batch, or some records failed and the event source does not support partial batch responses.
#[derive(Debug, Error)]
pub enum FunctionError {
    #[error("the event is neither an SQS batch nor an SNS notification")]
    NotABatch,
    #[error("{failed} of {of} records were not recorded; the first: {first}")]
    Records { failed: usize, of: usize, first: String },
}

/// The error that Lambda reports for the function.
impl From<FunctionError> for Diagnostic {
    fn from(failed: FunctionError) -> Self {
        let error_type = match failed {
            FunctionError::NotABatch => "NotABatch",
            FunctionError::Records { .. } => "RecordsNotRecorded",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}

/// The maximum number of records that are handled at once. It equals the batch size in `infra/template.yaml`. A record
/// with a keyword may wait for the SMS service for most of the function's timeout.
const CONCURRENCY: usize = 10;

impl InboundSmsFunction {
    #[must_use]
    pub fn new(runtime: &Runtime, managed: OptOutManagement, provider: &SmsProvider) -> Self {
        Self {
            store: runtime.store(),
            clock: runtime.clock.clone(),
            lines: LineCache::default(),
            managed,
            automatic: (managed == OptOutManagement::ByUs).then(|| AutoReply::new(runtime, provider)),
        }
    }

    /// Handles an SQS batch or an SNS event. Returns a partial batch response for SQS. An SNS event fails as a whole.
    pub async fn handle(&self, event: &Value) -> Result<SqsBatchResponse, FunctionError> {
        let carried = event::parse_batch(event).ok_or(FunctionError::NotABatch)?;
        let sent = timed_message::read(&carried.records, self.clock.now());
        let recording: Vec<_> =
            carried.records.iter().zip(sent).map(|(record, sent)| self.failure(record, sent)).collect();
        let failures: Vec<_> = stream::iter(recording).buffer_unordered(CONCURRENCY).collect().await;
        let failures: Vec<(String, RecordError)> = failures.into_iter().flatten().collect();
        for (record, reason) in &failures {
            tracing::error!(record, %reason, "an inbound message was not recorded");
        }
        match failures.first() {
            Some((_, reason)) if !carried.reports_failures() => Err(FunctionError::Records {
                failed: failures.len(),
                of: carried.records.len(),
                first: reason.to_string(),
            }),
            _ => {
                let mut response = SqsBatchResponse::default();
                response.batch_item_failures = failures.into_iter().map(|(record, _)| failure_of(record)).collect();
                Ok(response)
            }
        }
    }

    /// Records an inbound message. If recording fails, returns the record's id and the reason.
    async fn failure(
        &self,
        record: &Record,
        sent: Result<TimestampedMessage, InboundParseError>,
    ) -> Option<(String, RecordError)> {
        self.record(sent).await.err().map(|reason| (record.id.clone(), reason))
    }

    async fn record(&self, sent: Result<TimestampedMessage, InboundParseError>) -> Result<RecordOutcome, RecordError> {
        let TimestampedMessage { sms, at } = sent?;
        let now = self.clock.now();
        let line = self.lines.line(&self.store, &sms.to, now).await?.ok_or(RecordError::UnknownLine)?;
        let id = MessageId::of_inbound(&line.company, &sms.id);
        let arrival = ReceivedMessage { id, at, from: sms.from, text: sms.text, opt_outs: self.managed };
        let recorded = self.store.record_inbound(&line, &arrival, now).await?;
        // A repeated delivery also reaches this step, since the first delivery may have failed between the two steps.
        if let Some(automatic) = &self.automatic {
            automatic.answer(&self.store, &line, &arrival).await?;
        }
        Ok(recorded)
    }
}

fn failure_of(record: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = record;
    failure
}
