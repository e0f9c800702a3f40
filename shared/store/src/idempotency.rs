//! Idempotency records. A record makes repeats of a request or report harmless, and is kept for as long as they can
//! occur.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::{ConversationId, Position, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::invalid_item;
use crate::{Store, StoreError, keys};

/// An idempotency record as stored.
#[derive(Serialize, Deserialize)]
struct IdempotencyRecord {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    #[serde(flatten)]
    done: CompletedWrite,
}

/// The message or call that was recorded.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CompletedWrite {
    pub(crate) conversation: ConversationId,
    pub(crate) position: Position,
}

impl Store {
    /// Returns the write of an idempotency record. Its condition fails on a repeat and returns the existing record.
    pub(crate) fn put_guard(
        &self,
        key: keys::Key,
        done: CompletedWrite,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let guard = IdempotencyRecord { key, expires_at: self.retention.expires(now).as_secs(), done };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(guard).map_err(invalid_item("TransactWriteItems"))?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

pub(crate) fn read(item: HashMap<String, AttributeValue>) -> Result<CompletedWrite, StoreError> {
    let guard: IdempotencyRecord = serde_dynamo::from_item(item).map_err(invalid_item("TransactWriteItems"))?;
    Ok(guard.done)
}
