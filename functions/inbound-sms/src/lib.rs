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
use timed_message::TimedMessage;

/// Records the SMS that customers send, each once, however often and in whatever order it comes.
pub struct InboundSmsFunction {
    store: Store,
    clock: Clock,
    lines: LineCache,
    managed: OptOutManagement,
    /// Where they are managed by us.
    automatic: Option<AutoReply>,
}

/// Why an SMS was not recorded. Its record is left where it came from, to be delivered again or to
/// end in the dead-letter queue, from which it can be redriven once the cause is removed.
#[derive(Debug, Error)]
pub enum RecordError {
    #[error(transparent)]
    Malformed(#[from] InboundParseError),
    #[error("no company has the line that it was sent to")]
    UnknownLine,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An event that is no batch at all, or one whose source takes no partial failures.
#[derive(Debug, Error)]
pub enum FunctionError {
    #[error("the event is neither an SQS batch nor an SNS notification")]
    NotABatch,
    #[error("{failed} of {of} records were not recorded; the first: {first}")]
    Records { failed: usize, of: usize, first: String },
}

/// What Lambda reports as the function's error.
impl From<FunctionError> for Diagnostic {
    fn from(failed: FunctionError) -> Self {
        let error_type = match failed {
            FunctionError::NotABatch => "NotABatch",
            FunctionError::Records { .. } => "RecordsNotRecorded",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}

/// A whole batch, as the template has it: where opt-outs are confirmed, one may wait for the SMS service for most of the
/// time that the function has.
const AT_A_TIME: usize = 10;

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

    /// Takes an SQS batch, whose failures it names one by one, or an SNS event, which fails whole.
    pub async fn handle(&self, event: &Value) -> Result<SqsBatchResponse, FunctionError> {
        let carried = event::parse_batch(event).ok_or(FunctionError::NotABatch)?;
        let sent = timed_message::read(&carried.records, self.clock.now());
        let recording: Vec<_> =
            carried.records.iter().zip(sent).map(|(record, sent)| self.failure(record, sent)).collect();
        let failures: Vec<_> = stream::iter(recording).buffer_unordered(AT_A_TIME).collect().await;
        let failures: Vec<(String, RecordError)> = failures.into_iter().flatten().collect();
        for (record, reason) in &failures {
            tracing::error!(record, %reason, "an inbound SMS was not recorded");
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

    /// Records an SMS; gives its record's id and the reason if it could not be.
    async fn failure(
        &self,
        record: &Record,
        sent: Result<TimedMessage, InboundParseError>,
    ) -> Option<(String, RecordError)> {
        self.record(sent).await.err().map(|reason| (record.id.clone(), reason))
    }

    async fn record(&self, sent: Result<TimedMessage, InboundParseError>) -> Result<RecordOutcome, RecordError> {
        let TimedMessage { sms, at } = sent?;
        let now = self.clock.now();
        let line = self.lines.line(&self.store, &sms.to, now).await?.ok_or(RecordError::UnknownLine)?;
        let id = MessageId::of_inbound(&line.company, &sms.id);
        let arrival = ReceivedMessage { id, at, from: sms.from, text: sms.text, opt_outs: self.managed };
        let recorded = self.store.record_inbound(&line, &arrival, now).await?;
        // Also of a message that is delivered again: it may have failed before this the first time.
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
