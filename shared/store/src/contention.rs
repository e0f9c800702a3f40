//! Retries for optimistic locking. If another writer has changed an item, the items are read and written again.

use crate::{Store, StoreError, retries};

/// The maximum number of attempts of a write, with waits of about two seconds in total. After the last attempt, the
/// write fails with `Contended`, and the caller can try again.
pub const WRITE_ATTEMPTS: u32 = 8;

impl Store {
    /// Waits before an attempt. Attempts are numbered from 0.
    ///
    /// The second attempt follows at once, because the other writer has usually finished. Each later wait is random, up
    /// to a growing limit, so that conflicting writers do not conflict again.
    pub async fn back_off(&self, attempt: u32) {
        if let Some(collisions @ 1..) = attempt.checked_sub(1) {
            tokio::time::sleep(retries::backoff(collisions).mul_f64(self.randomness.fraction())).await;
        }
    }
}

/// Returns the error for an operation in which every attempt failed because of another writer.
#[must_use]
pub fn contended() -> StoreError {
    StoreError::Contended { operation: "TransactWriteItems" }
}
