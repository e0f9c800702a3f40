use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Line, PhoneNumber, Timestamp};

use crate::{Store, StoreError};

/// The lines that one instance of the function has looked up, so that a warm message needs no
/// look-up. Only lines that exist are kept, so a line that was just added works at once.
#[derive(Default)]
pub struct LineCache {
    known: Mutex<HashMap<PhoneNumber, (Line, Timestamp)>>,
}

/// A line that was given to another company is noticed within this.
const GOOD_FOR_SECS: u64 = 60;

impl LineCache {
    pub async fn line(&self, store: &Store, number: &PhoneNumber, now: Timestamp) -> Result<Option<Line>, StoreError> {
        let known = self.lock_cache().get(number).cloned();
        if let Some((line, since)) = known
            && now < since.plus_secs(GOOD_FOR_SECS)
        {
            return Ok(Some(line));
        }
        let found = store.line(number).await?;
        if let Some(line) = &found {
            self.lock_cache().insert(number.clone(), (line.clone(), now));
        }
        Ok(found)
    }

    fn lock_cache(&self) -> MutexGuard<'_, HashMap<PhoneNumber, (Line, Timestamp)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
