//! Marks conversations as done without a text to the customer.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{ConversationId, Position, Staff, Timestamp};

use crate::error::invalid_item;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// The result of marking a conversation as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkDoneOutcome {
    Now,
    /// The conversation has a newer entry that needs an answer.
    SomethingNewer,
    NoConversation,
}

impl Store {
    /// Marks a conversation as done up to an entry, so that all entries up to it count as answered. Makes one DynamoDB
    /// request.
    pub async fn mark_done(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        through: Position,
        now: Timestamp,
    ) -> Result<MarkDoneOutcome, StoreError> {
        let done = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::summary(&staff.company, conversation).attributes()))
            .update_expression("SET #unanswered = :zero, asked_since = :zero, done = :through")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(asked) OR asked <= :through)")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":through", AttributeValue::S(through.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let done = TransactWriteItem::builder().update(done).build();
        let TransactionOutcome::Refused(refused) = self.transact_for(Some(staff), vec![done], now).await? else {
            return Ok(MarkDoneOutcome::Now);
        };
        let is_there = refused.into_iter().flatten().any(|summary| !summary.is_empty());
        Ok(if is_there { MarkDoneOutcome::SomethingNewer } else { MarkDoneOutcome::NoConversation })
    }
}
