use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Company, CompanyId, ConversationId, Timestamp};
use store::NumberPair;

/// Caches contacts and companies between requests of one function instance. A warm instance then reads few of them from
/// the table.
///
/// The cache may be out of date, which does no harm. The transaction that queues a message fails if the conversation
/// has moved to another line since.
#[derive(Default)]
pub(crate) struct ContactCache {
    cache: Mutex<CachedContacts>,
}

#[derive(Default)]
struct CachedContacts {
    contacts: HashMap<(CompanyId, ConversationId), NumberPair>,
    companies: HashMap<CompanyId, (Company, Timestamp)>,
}

/// How long a company is cached, in seconds. A change of the company's line for first messages takes effect within this
/// time.
const COMPANY_GOOD_FOR_SECS: u64 = 60;

/// The maximum number of cached contacts, which take a few megabytes at most. A full cache is cleared.
const MAX_CONTACTS: usize = 10_000;

impl ContactCache {
    pub(crate) fn contact_of(&self, company: &CompanyId, conversation: ConversationId) -> Option<NumberPair> {
        self.lock_cache().contacts.get(&(company.clone(), conversation)).cloned()
    }

    pub(crate) fn insert(&self, company: &CompanyId, conversation: ConversationId, contact: NumberPair) {
        let mut known = self.lock_cache();
        if known.contacts.len() == MAX_CONTACTS {
            known.contacts.clear();
        }
        known.contacts.insert((company.clone(), conversation), contact);
    }

    pub(crate) fn remove(&self, company: &CompanyId, conversation: ConversationId) {
        self.lock_cache().contacts.remove(&(company.clone(), conversation));
    }

    pub(crate) fn company(&self, company: &CompanyId, now: Timestamp) -> Option<Company> {
        let (company, since) = self.lock_cache().companies.get(company).cloned()?;
        (now < since.plus_secs(COMPANY_GOOD_FOR_SECS)).then_some(company)
    }

    pub(crate) fn insert_company(&self, company: &Company, now: Timestamp) {
        self.lock_cache().companies.insert(company.id.clone(), (company.clone(), now));
    }

    fn lock_cache(&self) -> MutexGuard<'_, CachedContacts> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
