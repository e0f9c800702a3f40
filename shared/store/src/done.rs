//! That a conversation is done without a text to its customer.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use domain::{CompanyId, ConversationId, Position};

use crate::error::unavailable;
use crate::{Store, StoreError, keys};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Now,
    /// The customer has asked for something since.
    SomethingNewer,
    NoConversation,
}

impl Store {
    /// Nobody waits any more for an answer to what was said up to an entry. One request.
    pub async fn done(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        through: Position,
    ) -> Result<Done, StoreError> {
        let done = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::head(company, conversation).attributes()))
            .update_expression("SET #unanswered = :zero, asked_since = :zero, done = :through")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(asked) OR asked <= :through)")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":through", AttributeValue::S(through.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let Err(error) = done else { return Ok(Done::Now) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(if refused.item().is_some() { Done::SomethingNewer } else { Done::NoConversation })
            }
            _ => Err(unavailable("UpdateItem")(error)),
        }
    }
}
