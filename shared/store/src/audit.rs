//! The audit log of each company: who used which permission and when. Entries are never changed, and are kept after
//! their customers, sessions and staff are deleted.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{AuditEntry, CompanyId};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::{Store, StoreError, keys};

/// How long an audit log entry is kept, in seconds: a year, and five more weeks to read it.
const RETENTION_SECS: u64 = 400 * 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    #[serde(flatten)]
    entry: AuditEntry,
}

impl Store {
    /// Stores an audit log entry. Storing the same entry again changes nothing. Makes one DynamoDB request.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let item = Item {
            key: keys::audit(entry.company.as_ref(), entry.at, &entry.request),
            expires_at: entry.at.plus_secs(RETENTION_SECS).as_secs(),
            entry: entry.clone(),
        };
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("PutItem"))?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("PutItem"))?;
        Ok(())
    }

    /// Returns the newest audit log entries, newest first. With `None` as the company, returns the entries that concern
    /// no company. Makes one DynamoDB request.
    pub async fn audit_log(&self, company: Option<&CompanyId>, limit: i32) -> Result<Vec<AuditEntry>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::audit_log(company)))
            .scan_index_forward(false)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let items = found.items.unwrap_or_default().into_iter();
        let read =
            |item| serde_dynamo::from_item::<_, Item>(item).map(|item| item.entry).map_err(invalid_item("Query"));
        items.map(read).collect()
    }
}
