//! Conflicts: of two transactions in flight that name the same item one is cancelled, and so is a single write.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use store::{PK, SK};

/// The items that transactions in flight name.
#[derive(Clone, Default)]
pub(super) struct Conflicts(Arc<Mutex<BTreeSet<String>>>);

/// A transaction in flight: until it is dropped, nothing else is written to its items.
pub(super) struct InFlight {
    items: Vec<String>,
    conflicts: Conflicts,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut held = self.conflicts.lock_items();
        held.retain(|item| !self.items.contains(item));
    }
}

impl Conflicts {
    /// Begins a transaction; gives at which of its items it is in conflict, if it is.
    pub(super) fn begin(&self, items: Vec<String>) -> Result<InFlight, Vec<bool>> {
        let mut held = self.lock_items();
        let met: Vec<_> = items.iter().map(|item| held.contains(item)).collect();
        if met.contains(&true) {
            return Err(met);
        }
        held.extend(items.iter().cloned());
        drop(held);
        Ok(InFlight { items, conflicts: self.clone() })
    }

    /// Whether a single write is in conflict.
    pub(super) fn meets(&self, item: &str) -> bool {
        self.lock_items().contains(item)
    }

    fn lock_items(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items that a `TransactWriteItems` names.
pub(super) fn items_of_transaction(request: &Value) -> Vec<String> {
    let items = request["TransactItems"].as_array().into_iter().flatten();
    let writes = items.map(|item| {
        let of = ["Put", "Update", "Delete", "ConditionCheck"].map(|kind| &item[kind]);
        item_of_write(of.into_iter().find(|write| write.is_object()).unwrap_or(&Value::Null))
    });
    writes.collect()
}

/// The item that a single write, or one of a transaction's, names.
pub(super) fn item_of_write(write: &Value) -> String {
    let key = if write["Item"].is_object() { &write["Item"] } else { &write["Key"] };
    [&write["TableName"], &key[PK]["S"], &key[SK]["S"]].map(|part| part.as_str().unwrap_or_default()).join(" ")
}
