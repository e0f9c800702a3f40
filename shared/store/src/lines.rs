use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Line, PhoneNumber, Timestamp};

use crate::{Store, StoreError};

/// A cache of lines in one instance of a function. A warm instance then reads few lines from the table.
///
/// Contains only lines that exist, so a line that was just added works at once.
#[derive(Default)]
pub struct LineCache {
    cache: Mutex<HashMap<PhoneNumber, (Line, Timestamp)>>,
}

/// How long a line is cached, in seconds. If a line moves to another company, the move takes effect within this time.
const CACHE_SECS: u64 = 60;

impl LineCache {
    /// Returns a line by its number, from the cache if it was read within a minute. Makes at most one DynamoDB request.
    pub async fn line(&self, store: &Store, number: &PhoneNumber, now: Timestamp) -> Result<Option<Line>, StoreError> {
        let known = self.lock_cache().get(number).cloned();
        if let Some((line, since)) = known
            && now < since.plus_secs(CACHE_SECS)
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
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
