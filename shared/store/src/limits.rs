//! Rate limits: counters of messages and of metered actions in windows of time.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{ConversationId, LimitWindow, MeteredAction, Staff};

use crate::error::{invalid_item, updated};
use crate::{Store, StoreError, keys};

/// How long a counter is kept after its window, in seconds. A function whose clock is slow then cannot start the
/// counter again.
const RETENTION_SECS: u64 = 60 * 60;

/// The update expression that adds one to a counter. `NOT_FULL` is the condition that the counter is below its limit.
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
    /// Returns the update that counts a message in a window. Its condition fails if the limit is reached.
    pub(crate) fn count_sent(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        window: &LimitWindow,
    ) -> Result<TransactWriteItem, StoreError> {
        self.count(keys::sent_counter(staff, conversation, window), window)
    }

    /// Returns the update that counts a metered action in a window. Its condition fails if the limit is reached.
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

    /// Counts an action in each window. Stops at the first window whose limit is reached, and returns that window.
    ///
    /// Uses one request for each window instead of a transaction, because transactions of concurrent requests of the
    /// same member of staff would conflict.
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
