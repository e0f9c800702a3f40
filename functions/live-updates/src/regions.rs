use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{CompanyId, Region, Timestamp};
use store::{Store, StoreError};

/// The regions of the companies that one instance of the function has told something, so that a
/// warm batch needs no look-up.
#[derive(Default)]
pub(crate) struct RegionCache {
    cache: Mutex<HashMap<CompanyId, (Region, Timestamp)>>,
}

/// A company that has moved is noticed within this.
const CACHE_SECS: u64 = 60;

impl RegionCache {
    pub(crate) async fn region_of(
        &self,
        store: &Store,
        company: &CompanyId,
        now: Timestamp,
    ) -> Result<Option<Region>, StoreError> {
        let known = self.lock_cache().get(company).copied();
        if let Some((region, since)) = known
            && now < since.plus_secs(CACHE_SECS)
        {
            return Ok(Some(region));
        }
        let found = store.company(company).await?.map(|company| company.region);
        if let Some(region) = found {
            self.lock_cache().insert(company.clone(), (region, now));
        }
        Ok(found)
    }

    fn lock_cache(&self) -> MutexGuard<'_, HashMap<CompanyId, (Region, Timestamp)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
