use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, ReturnConsumedCapacity, TransactWriteItem};

use crate::conflict_flag::ConflictFlag;
use crate::contention::contended;
use crate::error::unavailable;
use crate::retries::Cancellation;
use crate::{Store, StoreError};

/// The result of a transaction.
pub(crate) enum TransactionOutcome {
    Done,
    /// Nothing was written. Contains one element for each write, in order: `None` if its condition held, otherwise the
    /// item that failed the condition (empty if no item exists).
    Refused(Vec<Option<HashMap<String, AttributeValue>>>),
}

impl Store {
    /// Executes a transaction. The module `retries` describes which conflicts with other writers are retried.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<TransactionOutcome, StoreError> {
        let gave_way = ConflictFlag::default();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(gave_way.clone())
            .send()
            .await;
        let Err(error) = sent else { return Ok(TransactionOutcome::Done) };
        if matches!(error, SdkError::TimeoutError(_)) && gave_way.is_waiting() {
            return Err(contended());
        }
        let reasons = reasons(&error);
        match Cancellation::worst_of(reasons) {
            Cancellation::ByCondition => {}
            Cancellation::ByConflict => return Err(contended()),
            Cancellation::ByThrottling | Cancellation::ForGood => {
                return Err(unavailable("TransactWriteItems")(error));
            }
        }
        let refused = reasons.iter().map(|reason| {
            (reason.code() == Some("ConditionalCheckFailed")).then(|| reason.item().cloned().unwrap_or_default())
        });
        Ok(TransactionOutcome::Refused(refused.collect()))
    }
}

fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
