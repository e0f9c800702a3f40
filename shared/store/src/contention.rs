//! Retries of optimistic locking: if another writer was first, the items are read and written again.

use crate::{Store, StoreError, retries};

/// How often a write is attempted, with waits of about two seconds in total. After that it fails with `Contended`, and
/// the caller can try again.
pub const WRITE_ATTEMPTS: u32 = 8;

impl Store {
    /// Waits before an attempt, numbered from 0.
    ///
    /// The second attempt follows at once, because the other writer has usually finished. Each later wait is a random
    /// part of a growing limit, so that writers that collided do not collide again.
    pub async fn back_off(&self, attempt: u32) {
        if let Some(collisions @ 1..) = attempt.checked_sub(1) {
            tokio::time::sleep(retries::backoff(collisions).mul_f64(self.randomness.fraction())).await;
        }
    }
}

/// Returns the error for an operation whose every attempt met another writer.
#[must_use]
pub fn contended() -> StoreError {
    StoreError::Contended { operation: "TransactWriteItems" }
}
