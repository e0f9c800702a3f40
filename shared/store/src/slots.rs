//! Limits the number of open WebSockets of a session. A connection takes a slot when it opens, and frees the slot when
//! it is deleted.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::Timestamp;

use crate::error::{invalid_item, updated};
use crate::live::ConnectionOwner;
use crate::{ConnectionId, Store, StoreError, keys};

/// The maximum number of connections of a session. A page has one connection, and few people open more than ten pages.
const SOCKETS_AT_MOST: u64 = 10;

/// Returns a slot as stored in a session's set of slots. Contains the latest end of its connection, because API Gateway
/// may not report the actual end.
pub(crate) fn slot(ends_secs: u64, id: &ConnectionId) -> String {
    format!("{ends_secs}#{id}")
}

/// Returns the slots of connections that have ended.
pub(crate) fn expired_slots(slots: &HashMap<String, AttributeValue>, now: Timestamp) -> Vec<String> {
    let slots = slots.get("slots").and_then(|slots| slots.as_ss().ok()).into_iter().flatten();
    let ends = |slot: &String| slot.split('#').next().and_then(|ends| ends.parse::<u64>().ok());
    slots.filter(|slot| ends(slot).is_none_or(|ends| ends <= now.as_secs())).cloned().collect()
}

impl Store {
    /// Returns the update that takes a slot. If the session has no free slot, the condition fails, and the transaction
    /// returns the slots.
    pub(crate) fn acquire_slot(&self, holder: &ConnectionOwner, slot: &str) -> Result<TransactWriteItem, StoreError> {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::slots(&holder.session.to_string()).attributes()))
            .update_expression("SET expires_at = :ends ADD slots :slot")
            .condition_expression("attribute_not_exists(slots) OR size(slots) < :most")
            .expression_attribute_values(":ends", number(holder.ends.as_secs()))
            .expression_attribute_values(":slot", AttributeValue::Ss(vec![slot.to_owned()]))
            .expression_attribute_values(":most", number(SOCKETS_AT_MOST))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Removes slots from a session's set, so that new connections can take them. Makes one DynamoDB request.
    pub(crate) async fn release_slots(&self, session: &str, slots: Vec<String>) -> Result<(), StoreError> {
        let given = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::slots(session).attributes()))
            .update_expression("DELETE slots :slots")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":slots", AttributeValue::Ss(slots))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        // If the update was not made, the session has ended and its slots are deleted.
        updated(given).map(|_| ())
    }
}
