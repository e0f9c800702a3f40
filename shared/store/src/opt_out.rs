//! The opt-out state of a customer: their latest opt-out or opt-in.
//!
//! The item does not expire, because the customer's request outlives the messages. It contains no phone number. Its key
//! contains the conversation's id, which cannot be derived from the number without the company's secret.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::{CompanyId, ConversationId, OptOut, OptOutState, Position, Staff, StaffAction, Timestamp};

use crate::error::invalid_item;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// The condition that no later opt-out or opt-in is stored. `at` and `state` are reserved words of DynamoDB.
pub(crate) const NO_LATER_WORD: &str = "attribute_not_exists(pk) OR #at < :at";
const GETS_TEXTS: &str = "attribute_not_exists(pk) OR #state = :in";

impl Store {
    /// Records an opt-out, unless a later opt-out or opt-in is stored, and returns the state in force.
    ///
    /// `by` is the member of staff who recorded it, if a member of staff did. Their session must be active, and a
    /// staff action is added. Makes one DynamoDB request.
    pub async fn opt_out(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        out: OptOut,
        by: Option<&Staff>,
        now: Timestamp,
    ) -> Result<OptOutState, StoreError> {
        let deed = StaffAction::opted_out(&out);
        let opted = OptOutState::Out(out);
        let mut writes = vec![self.put_opt_out_state(company, conversation, &opted)?];
        if let Some(deed) = deed {
            writes.push(self.put_deed(company, conversation, &deed)?);
        }
        match self.transact_for(by, writes, now).await? {
            TransactionOutcome::Done => Ok(opted),
            TransactionOutcome::Refused(later) => {
                read(later.into_iter().next().flatten().unwrap_or_default(), "TransactWriteItems")
            }
        }
    }

    /// Returns the update of an opt-out state. Its condition fails if a later one is stored.
    ///
    /// A repeated opt-out keeps the mark that the opt-out was acknowledged. An opt-in removes the mark.
    pub(crate) fn put_opt_out_state(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        opted: &OptOutState,
    ) -> Result<TransactWriteItem, StoreError> {
        let attributes: HashMap<String, AttributeValue> =
            serde_dynamo::to_item(opted).map_err(invalid_item("TransactWriteItems"))?;
        let sets: Vec<_> = attributes.keys().map(|name| format!("#{name} = :{name}")).collect();
        let removes = match opted {
            OptOutState::Out(_) => "",
            OptOutState::In { .. } => " REMOVE cause, confirmed",
        };
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::opt_out(company, conversation).attributes()))
            .update_expression(format!("SET {}{removes}", sets.join(", ")))
            .condition_expression(NO_LATER_WORD)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in attributes {
            update = update
                .expression_attribute_names(format!("#{name}"), &name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let update = update.build().map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns the update that marks an opt-out as acknowledged.
    ///
    /// The condition fails if an acknowledgement was already recorded since the customer's last opt-in, or if the
    /// opt-out at `written` is not in force.
    pub(crate) fn confirmed(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        written: Position,
    ) -> Result<TransactWriteItem, StoreError> {
        let written = AttributeValue::S(written.to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::opt_out(company, conversation).attributes()))
            .update_expression("SET confirmed = :written")
            .condition_expression("#at = :written AND #state = :out AND attribute_not_exists(confirmed)")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":written", written)
            .expression_attribute_values(":out", AttributeValue::S("out".to_owned()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns the condition that a customer has not opted out. If it fails, the transaction returns the opt-out.
    pub(crate) fn check_not_opted_out(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::opt_out(company, conversation).attributes()))
            .condition_expression(GETS_TEXTS)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":in", AttributeValue::S("in".to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<OptOutState, StoreError> {
    serde_dynamo::from_item(item).map_err(invalid_item(operation))
}
