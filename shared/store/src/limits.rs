//! How often something was done in a window of time: messages that were sent, and what else is limited.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{ConversationId, LimitWindow, MeteredAction, Staff};

use crate::error::{invalid_item, updated};
use crate::{Store, StoreError, keys};

/// A count is kept for so much longer than its window, so that no clock that is slow begins it anew.
const RETENTION_SECS: u64 = 60 * 60;

/// Counts one more where there are not as many as may be.
const COUNT: &str = "SET expires_at = :expires ADD sent :one";
const NOT_FULL: &str = "attribute_not_exists(sent) OR sent < :most";

fn values(window: &LimitWindow) -> [(&'static str, AttributeValue); 3] {
    let number = |number: u64| AttributeValue::N(number.to_string());
    [
        (":expires", number(window.ends.plus_secs(RETENTION_SECS).as_secs())),
        (":one", number(1)),
        (":most", number(window.most.into())),
    ]
}

impl Store {
    /// The write that counts one message more in a window. Fails where there are as many as may be.
    pub(crate) fn count_sent(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        window: &LimitWindow,
    ) -> Result<TransactWriteItem, StoreError> {
        self.count(keys::sent_counter(staff, conversation, window), window)
    }

    /// The same for what else is limited.
    pub(crate) fn count_used(
        &self,
        staff: &Staff,
        usage: MeteredAction,
        window: &LimitWindow,
    ) -> Result<TransactWriteItem, StoreError> {
        self.count(keys::used(staff, usage, window), window)
    }

    fn count(&self, key: keys::Key, window: &LimitWindow) -> Result<TransactWriteItem, StoreError> {
        let values = values(window).map(|(name, value)| (name.to_owned(), value));
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(COUNT)
            .condition_expression(NOT_FULL)
            .set_expression_attribute_values(Some(values.into()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Counts one more in each window, up to the first that is full, which is given. Not in one transaction: those of many
    /// requests at once, of the same person, would be in each other's way. One request for each window.
    pub async fn consume(
        &self,
        staff: &Staff,
        usage: MeteredAction,
        windows: &[LimitWindow],
    ) -> Result<Option<LimitWindow>, StoreError> {
        for window in windows {
            let values = values(window).map(|(name, value)| (name.to_owned(), value));
            let counted = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(keys::used(staff, usage, window).attributes()))
                .update_expression(COUNT)
                .condition_expression(NOT_FULL)
                .set_expression_attribute_values(Some(values.into()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            if !updated(counted)? {
                return Ok(Some(*window));
            }
        }
        Ok(None)
    }
}
