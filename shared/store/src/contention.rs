//! What is read, and written if it is still as it was read, is read and written again where another writer came first.

use crate::{Store, StoreError, retries};

/// How often it is written, with waits of some two seconds together. Then whoever asked is told, and can ask again.
pub const WRITE_ATTEMPTS: u32 = 8;

impl Store {
    /// Waits before the attempt of that number, from 0. The second one follows at once: most often nobody is in the way any
    /// more. From then on each wait is a random part of a longer one, so that writers who collided do not come again
    /// together.
    pub async fn back_off(&self, attempt: u32) {
        if let Some(collisions @ 1..) = attempt.checked_sub(1) {
            tokio::time::sleep(retries::backoff(collisions).mul_f64(self.randomness.fraction())).await;
        }
    }
}

/// What is left to say when every attempt met another writer.
#[must_use]
pub fn contended() -> StoreError {
    StoreError::Contended { operation: "TransactWriteItems" }
}
