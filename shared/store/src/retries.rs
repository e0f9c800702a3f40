//! Retries of requests to DynamoDB.
//!
//! The SDK retries after time-outs, service errors and throttling. It does not check the cancellation reasons of a
//! transaction, and does not retry a single write that conflicts with a transaction. This module adds both.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction, RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_runtime_api::client::interceptors::context::{Error, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_types::SdkConfig;

/// The maximum number of attempts. The time-out of the operation ends the retries before this number is reached.
const MAX_ATTEMPTS: u32 = 20;

/// The limits of the wait before the second attempt and before any attempt.
///
/// Each wait is random, up to its limit, so conflicting requests do not conflict again. Two transactions conflict only
/// while both are in flight, for some hundredths of a second. A throttled partition takes longer to recover.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Creates the DynamoDB client, with the time-outs of `aws`.
pub(crate) fn client(aws: &SdkConfig) -> Client {
    // The SDK has a retry quota for each process, which protects a service from its clients. Here, the requests of a
    // company's whole staff can conflict in one process, and DynamoDB protects itself by throttling.
    let unlimited = RetryPartition::custom("table").token_bucket(TokenBucket::unlimited()).build();
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(MAX_ATTEMPTS)
                .with_initial_backoff(INITIAL_BACKOFF)
                .with_max_backoff(MAX_BACKOFF),
        )
        .retry_partition(unlimited)
        .retry_classifier(TransactionRetryClassifier);
    Client::from_conf(config.build())
}

/// Returns the limit of the wait after a number of attempts. The SDK uses the same limits.
pub(crate) fn backoff(attempts: u32) -> Duration {
    INITIAL_BACKOFF.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(MAX_BACKOFF)
}

/// Retries writes that failed because of other writers or throttling.
#[derive(Debug)]
struct TransactionRetryClassifier;

impl ClassifyRetry for TransactionRetryClassifier {
    fn name(&self) -> &'static str {
        "RetriesTransactions"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let Some(error) = OrchestratorError::as_operation_error(error) else { return RetryAction::NoActionIndicated };
        match error.downcast_ref() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Cancellation::worst_of(cancelled.cancellation_reasons()).into()
            }
            _ if code(error) == Some("TransactionConflictException") => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// Returns the error code of a single write.
fn code(error: &Error) -> Option<&str> {
    let put = error.downcast_ref::<PutItemError>().and_then(ProvideErrorMetadata::code);
    let update = error.downcast_ref::<UpdateItemError>().and_then(ProvideErrorMetadata::code);
    let delete = error.downcast_ref::<DeleteItemError>().and_then(ProvideErrorMetadata::code);
    put.or(update).or(delete)
}

/// The reason why a transaction was cancelled: the worst of the reasons of its writes. The variants are in ascending
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cancellation {
    /// Conditions failed, and all other writes were checked and would have succeeded.
    ByCondition,
    /// Another transaction was in flight for one of the items. Conditions may not have been checked, even if one
    /// failed.
    ByConflict,
    /// A partition or the table was throttled. Conditions may not have been checked.
    ByThrottling,
    /// The transaction failed for another reason, and a retry would fail too.
    ForGood,
}

impl Cancellation {
    pub(crate) fn worst_of(reasons: &[CancellationReason]) -> Self {
        let reason = |reason: &CancellationReason| match reason.code() {
            None | Some("None") => None,
            Some("ConditionalCheckFailed") => Some(Self::ByCondition),
            Some("TransactionConflict") => Some(Self::ByConflict),
            Some("ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded") => {
                Some(Self::ByThrottling)
            }
            Some(_) => Some(Self::ForGood),
        };
        // If DynamoDB gives no reasons, a retry is not known to help.
        reasons.iter().filter_map(reason).max().unwrap_or(Self::ForGood)
    }
}

impl From<Cancellation> for RetryAction {
    fn from(cancelled: Cancellation) -> Self {
        match cancelled {
            Cancellation::ByCondition | Cancellation::ForGood => Self::NoActionIndicated,
            Cancellation::ByConflict => Self::transient_error(),
            Cancellation::ByThrottling => Self::throttling_error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancelled(codes: &[&str]) -> Cancellation {
        let reasons: Vec<_> = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        Cancellation::worst_of(&reasons)
    }

    #[test]
    fn a_transaction_is_judged_by_the_worst_of_its_reasons() {
        assert_eq!(cancelled(&["None", "ConditionalCheckFailed"]), Cancellation::ByCondition);
        assert_eq!(cancelled(&["TransactionConflict", "ConditionalCheckFailed"]), Cancellation::ByConflict);
        for throttled in ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"] {
            assert_eq!(cancelled(&["ConditionalCheckFailed", throttled]), Cancellation::ByThrottling);
            assert_eq!(cancelled(&[throttled, "TransactionConflict", "None"]), Cancellation::ByThrottling);
            assert_eq!(cancelled(&[throttled, "ValidationError"]), Cancellation::ForGood);
        }
        assert_eq!(cancelled(&["None", "ItemCollectionSizeLimitExceeded"]), Cancellation::ForGood);
        assert_eq!(cancelled(&[]), Cancellation::ForGood);
    }
}
