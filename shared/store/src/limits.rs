//! How many messages were sent, as each is counted in the transaction that records it.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::{ConversationId, Staff, Window};

use crate::error::misshapen;
use crate::{Store, StoreError, keys};

/// A count is kept for so much longer than its window, so that no clock that is slow begins it anew.
const KEPT_FOR_SECS: u64 = 60 * 60;

impl Store {
    /// The write that counts one message more in a window. Fails where there are as many as may be.
    pub(crate) fn count_sent(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        window: &Window,
    ) -> Result<TransactWriteItem, StoreError> {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::sent(staff, conversation, window).attributes()))
            .update_expression("SET expires_at = :expires ADD sent :one")
            .condition_expression("attribute_not_exists(sent) OR sent < :most")
            .expression_attribute_values(":expires", number(window.ends.plus_secs(KEPT_FOR_SECS).as_secs()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(window.most.into()))
            .build()
            .map_err(misshapen("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
