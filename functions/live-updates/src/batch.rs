//! The changes of a stream batch, grouped by company.

use std::collections::BTreeMap;

use domain::CompanyId;
use serde_json::Value;
use store::Change;

/// The changes of one company, in order.
#[derive(Default)]
pub(crate) struct CompanyChanges {
    pub(crate) changes: Vec<Change>,
    /// The sequence numbers of their records, in order.
    pub(crate) records: Vec<String>,
}

/// Groups a batch by company. `None` if the event is no batch of a stream.
///
/// A record that cannot be parsed is logged and dropped. It would fail again, and hold up all the others.
pub(crate) fn by_company(event: &Value) -> Option<BTreeMap<CompanyId, CompanyChanges>> {
    let mut companies = BTreeMap::<CompanyId, CompanyChanges>::new();
    for record in event.get("Records")?.as_array()? {
        let id = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default();
        match Change::read(record) {
            Ok(Some(change)) => {
                let of = companies.entry(change.company().clone()).or_default();
                of.records.push(id.to_owned());
                of.changes.push(change);
            }
            Ok(None) => {}
            Err(reason) => tracing::error!(record = id, %reason, "a record of the stream was dropped"),
        }
    }
    Some(companies)
}
