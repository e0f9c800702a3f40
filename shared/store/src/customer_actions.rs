//! Customer actions: what staff or customers did that is not a message or a call. The items are in the conversation's
//! partition and have its retention.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::{CompanyId, ConversationId, StaffAction};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    #[serde(flatten)]
    deed: StaffAction,
}

impl Store {
    /// Stores a staff action in a conversation. Makes one DynamoDB request.
    pub async fn record_deed(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        deed: &StaffAction,
    ) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(self.deed(company, conversation, deed)?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("PutItem"))?;
        Ok(())
    }

    /// Returns the write of a staff action.
    pub(crate) fn put_deed(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        deed: &StaffAction,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(self.deed(company, conversation, deed)?))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn deed(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        deed: &StaffAction,
    ) -> Result<HashMap<String, AttributeValue>, StoreError> {
        let item = Item {
            key: keys::deed(company, conversation, deed.at),
            expires_at: self.retention.expires(deed.at.at).as_secs(),
            deed: deed.clone(),
        };
        serde_dynamo::to_item(item).map_err(invalid_item("PutItem"))
    }
}

/// Parses a staff action item.
pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<StaffAction, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
    Ok(item.deed)
}
