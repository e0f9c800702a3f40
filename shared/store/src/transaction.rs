use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem};

use crate::error::unavailable;
use crate::{Store, StoreError};

/// How a transaction ended.
pub(crate) enum Transacted {
    Done,
    /// Nothing was written. For each write in order: the item that failed its condition (empty if
    /// there is none), or `None` if its condition held.
    Refused(Vec<Option<HashMap<String, AttributeValue>>>),
}

/// Two writers of one item collide only while both are in flight, some hundredths of a second. Many at once, as when
/// all staff of a company send at the same moment and are counted, get through one after another within some seconds.
const TRIES: u32 = 14;
const WAIT_AT_MOST: Duration = Duration::from_millis(500);

impl Store {
    /// Writes all or nothing, trying again while another transaction holds one of the items.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Transacted, StoreError> {
        let mut tried = 0;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let Err(error) = sent else { return Ok(Transacted::Done) };
            let reasons = match &error {
                SdkError::ServiceError(service) => match service.err() {
                    TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                        cancelled.cancellation_reasons()
                    }
                    _ => &[],
                },
                _ => &[],
            };
            let code = |wanted| reasons.iter().any(|reason| reason.code() == Some(wanted));
            if code("ConditionalCheckFailed") {
                let refused = reasons.iter().map(|reason| {
                    (reason.code() == Some("ConditionalCheckFailed"))
                        .then(|| reason.item().cloned().unwrap_or_default())
                });
                return Ok(Transacted::Refused(refused.collect()));
            }
            tried += 1;
            if !code("TransactionConflict") || tried == TRIES {
                return Err(unavailable("TransactWriteItems")(error));
            }
            let wait = Duration::from_millis(15 << tried).min(WAIT_AT_MOST);
            // Anything up to it: those who collided do not come again together.
            tokio::time::sleep(wait.mul_f64(self.randomness.fraction())).await;
        }
    }
}
