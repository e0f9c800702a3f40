use std::collections::BTreeMap;

use domain::CompanyId;
use serde_json::Value;

use crate::{Change, RecordError};

/// The changes of one company in a batch, in order.
#[derive(Default)]
pub struct CompanyChanges {
    pub changes: Vec<Change>,
    /// The sequence numbers of the records of these changes, in order.
    pub records: Vec<String>,
}

/// A batch of the table's stream, grouped by company.
#[derive(Default)]
pub struct StreamBatch {
    pub companies: BTreeMap<CompanyId, CompanyChanges>,
    /// The sequence numbers of the records that cannot be parsed, each with the reason. A retry of these records would
    /// fail again and delay all later records.
    pub invalid: Vec<(String, RecordError)>,
}

impl StreamBatch {
    /// Parses the `Records` of a stream event. Leaves out records that concern neither browsers nor push subscriptions.
    #[must_use]
    pub fn read(records: &[Value]) -> Self {
        let mut batch = Self::default();
        for record in records {
            let id = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default().to_owned();
            match Change::read(record) {
                Ok(Some(change)) => {
                    let of = batch.companies.entry(change.company().clone()).or_default();
                    of.records.push(id);
                    of.changes.push(change);
                }
                Ok(None) => {}
                Err(reason) => batch.invalid.push((id, reason)),
            }
        }
        batch
    }
}
