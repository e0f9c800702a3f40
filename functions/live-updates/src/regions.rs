use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{CompanyId, Region, Timestamp};
use store::{Store, StoreError};

/// Caches the regions of companies for one function instance, so that a warm instance reads few companies from the
/// table.
#[derive(Default)]
pub(crate) struct RegionCache {
    cache: Mutex<HashMap<CompanyId, (Region, Timestamp)>>,
}

/// How long a region is cached, in seconds. A change of a company's region takes effect within this time.
const CACHE_SECS: u64 = 60;

impl RegionCache {
    /// Returns a company's region, from the cache or with one DynamoDB request. Returns `None` if the company does not
    /// exist.
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
