//! Detects that a transaction timed out while it waited for other writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;

use crate::retries::Cancellation;

/// A flag that is set while a transaction waits to be retried after a conflict. It is not set during an attempt,
/// because that attempt may have succeeded.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConflictFlag(Arc<AtomicBool>);

impl ConflictFlag {
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for ConflictFlag {
    fn name(&self) -> &'static str {
        "GaveWay"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let error = context.output_or_error().and_then(Result::err).and_then(OrchestratorError::as_operation_error);
        let in_conflict = match error.and_then(|error| error.downcast_ref()) {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Cancellation::worst_of(cancelled.cancellation_reasons()) == Cancellation::ByConflict
            }
            _ => false,
        };
        self.0.store(in_conflict, Ordering::Relaxed);
        Ok(())
    }
}
