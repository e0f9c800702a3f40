//! Transaction conflicts: of two concurrent transactions with a common item one is cancelled, and a single write to
//! such an item fails.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use store::{PK, SK};

/// The items of all transactions in flight.
#[derive(Clone, Default)]
pub(super) struct Conflicts(Arc<Mutex<BTreeSet<String>>>);

/// A transaction in flight. Until it is dropped, no other request can write its items.
pub(super) struct InFlightTransaction {
    items: Vec<String>,
    conflicts: Conflicts,
}

impl Drop for InFlightTransaction {
    fn drop(&mut self) {
        let mut held = self.conflicts.lock_items();
        held.retain(|item| !self.items.contains(item));
    }
}

impl Conflicts {
    /// Begins a transaction. Fails with its conflicting items if there are any.
    pub(super) fn begin(&self, items: Vec<String>) -> Result<InFlightTransaction, Vec<bool>> {
        let mut held = self.lock_items();
        let met: Vec<_> = items.iter().map(|item| held.contains(item)).collect();
        if met.contains(&true) {
            return Err(met);
        }
        held.extend(items.iter().cloned());
        drop(held);
        Ok(InFlightTransaction { items, conflicts: self.clone() })
    }

    /// Returns whether a single write conflicts with a transaction.
    pub(super) fn meets(&self, item: &str) -> bool {
        self.lock_items().contains(item)
    }

    fn lock_items(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the items of a `TransactWriteItems` request.
pub(super) fn items_of_transaction(request: &Value) -> Vec<String> {
    let items = request["TransactItems"].as_array().into_iter().flatten();
    let writes = items.map(|item| {
        let of = ["Put", "Update", "Delete", "ConditionCheck"].map(|kind| &item[kind]);
        item_of_write(of.into_iter().find(|write| write.is_object()).unwrap_or(&Value::Null))
    });
    writes.collect()
}

/// Returns the item of a single write, or of one write of a transaction.
pub(super) fn item_of_write(write: &Value) -> String {
    let key = if write["Item"].is_object() { &write["Item"] } else { &write["Key"] };
    [&write["TableName"], &key[PK]["S"], &key[SK]["S"]].map(|part| part.as_str().unwrap_or_default()).join(" ")
}
