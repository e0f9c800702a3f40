use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Company, CompanyId, ConversationId};
use store::Contact;

/// What one instance of the function remembers between requests, so that a warm send need not look
/// it up. A contact that has changed lines meanwhile is noticed by the transaction that queues the
/// message, so this can be out of date and never wrong.
#[derive(Default)]
pub(crate) struct Contacts {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    contacts: HashMap<(CompanyId, ConversationId), Contact>,
    companies: HashMap<CompanyId, Company>,
}

/// Some megabytes at the most.
const MOST: usize = 10_000;

impl Contacts {
    pub(crate) fn of(&self, company: &CompanyId, conversation: ConversationId) -> Option<Contact> {
        self.known().contacts.get(&(company.clone(), conversation)).cloned()
    }

    pub(crate) fn remember(&self, company: &CompanyId, conversation: ConversationId, contact: Contact) {
        let mut known = self.known();
        if known.contacts.len() == MOST {
            known.contacts.clear();
        }
        known.contacts.insert((company.clone(), conversation), contact);
    }

    pub(crate) fn company(&self, company: &CompanyId) -> Option<Company> {
        self.known().companies.get(company).cloned()
    }

    pub(crate) fn remember_company(&self, company: &Company) {
        self.known().companies.insert(company.id.clone(), company.clone());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
