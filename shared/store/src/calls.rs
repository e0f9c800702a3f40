//! Confirmation calls. Each call has one timeline entry, even if it is reported repeatedly or out of order.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::{AppointmentId, Call, CallOutcome, Company, CompanyId, MessageId, PhoneNumber, TimelineEntry, Timestamp};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::{invalid_item, unavailable};
use crate::idempotency::{self, CompletedWrite};
use crate::summary::{ASKED_ONCE_MORE, RelativeOrder, SummaryItem, SummaryUpdate, UpdateSource};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys, timeline};

/// A report of how a confirmation call ended. A later report of the same call may have a more certain outcome.
#[derive(Clone, Debug)]
pub struct CallReport {
    pub id: MessageId,
    pub at: Timestamp,
    /// The number that was called.
    pub customer: PhoneNumber,
    /// The line that the call came from.
    pub line: PhoneNumber,
    pub appointment: Option<AppointmentId>,
    pub outcome: CallOutcome,
}

/// A confirmation call as stored after a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEntry {
    pub call: Call,
    /// Whether the appointment already has the status that follows from the outcome.
    pub appointment_told: bool,
}

/// The state of a conversation summary relative to a call.
#[derive(Clone, Copy)]
enum SummaryState {
    /// The call is the conversation's last entry.
    AtTheCall,
    /// A later entry is the conversation's last, and the call cannot become the last again.
    Elsewhere,
    /// The summary is past its retention, or does not exist.
    Gone,
}

impl Store {
    /// Records a call once: the idempotency record, the entry and the conversation summary in one transaction.
    ///
    /// If the call is recorded already, a more certain outcome replaces the stored one. Makes one DynamoDB request, and
    /// one more if the call is not the newest entry of its conversation or if its number is blocked. For a repeated
    /// report, makes one more to read the stored outcome, and another to replace it.
    pub async fn record_call(
        &self,
        company: &Company,
        report: &CallReport,
        now: Timestamp,
    ) -> Result<CallEntry, StoreError> {
        let conversation = company.conversation_key.conversation_with(&report.customer);
        let position = report.id.position(report.at);
        let customer = report.customer.clone().into();
        let guard = self.put_guard(keys::call_guard(report.id), CompletedWrite { conversation, position }, now)?;
        let mut stands = RelativeOrder::Newest;
        let mut while_blocked = false;
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let call = Call {
                conversation,
                position,
                line: report.line.clone(),
                appointment: report.appointment.clone(),
                outcome: report.outcome,
                while_blocked,
            };
            let news = SummaryUpdate {
                company: &company.id,
                conversation,
                sender: &customer,
                line: &company.line,
                position,
                text: call.outcome.words(),
                from: UpdateSource::Call(call.outcome),
                while_blocked,
                floor: self.retention.oldest_position(now),
                expires: self.retention.expires(report.at),
            };
            let event = self.put_event(&company.id, &TimelineEntry::Call(call.clone()), news.expires)?;
            let mut writes = vec![guard.clone(), event, self.is_blocked(&company.id, conversation, while_blocked)?];
            if news.position >= news.floor {
                writes.push(self.update_summary(&news, stands)?);
            }
            let TransactionOutcome::Refused(refused) = self.transact(writes).await? else {
                return Ok(CallEntry { call, appointment_told: false });
            };
            let mut refused = refused.into_iter();
            if let Some(guard) = refused.next().flatten() {
                let there = self.replace_outcome_of(&company.id, idempotency::read(guard)?, report.outcome).await?;
                // A missing entry is past its retention, so its appointment must not be changed.
                return Ok(there.unwrap_or(CallEntry { call, appointment_told: true }));
            }
            // The write of the entry has no condition, so its result is skipped.
            let mut refused = refused.skip(1);
            if refused.next().flatten().is_some() {
                while_blocked = !while_blocked;
            }
            if let Some(summary) = refused.next().flatten() {
                stands = RelativeOrder::order_of(&SummaryItem::read(summary, "TransactWriteItems")?, &news);
            }
        }
        Err(contended())
    }

    /// Replaces the outcome of a recorded call if the new outcome is more certain. Returns `None` if the call is not
    /// recorded. Makes two DynamoDB requests if nothing changes, or three otherwise.
    pub async fn update_outcome(
        &self,
        company: &CompanyId,
        id: MessageId,
        outcome: CallOutcome,
    ) -> Result<Option<CallEntry>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::call_guard(id).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        match found.item {
            Some(guard) => self.replace_outcome_of(company, idempotency::read(guard)?, outcome).await,
            None => Ok(None),
        }
    }

    /// Records in a call's entry that its appointment has the status that follows from the outcome.
    ///
    /// If a more certain outcome has replaced this one, marks nothing and returns the current call. Makes one DynamoDB
    /// request.
    pub async fn mark_appointment_updated(&self, company: &CompanyId, call: &Call) -> Result<Option<Call>, StoreError> {
        let told = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::event(company, call.conversation, call.position).attributes()))
            .update_expression("SET appointment_told = :outcome")
            .condition_expression("outcome = :outcome")
            .expression_attribute_values(":outcome", outcome_value(call.outcome)?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let Err(error) = told else { return Ok(None) };
        let Some(UpdateItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(unavailable("UpdateItem")(error));
        };
        match refused.item().cloned().map(|item| timeline::read(item, "UpdateItem")).transpose()? {
            Some(TimelineEntry::Call(call)) => Ok(Some(call)),
            // The call's entry is past its retention.
            Some(TimelineEntry::Message(_)) | None => Ok(None),
        }
    }

    async fn replace_outcome_of(
        &self,
        company: &CompanyId,
        CompletedWrite { conversation, position }: CompletedWrite,
        outcome: CallOutcome,
    ) -> Result<Option<CallEntry>, StoreError> {
        let mut head_is = SummaryState::AtTheCall;
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let found = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(keys::event(company, conversation, position).attributes()))
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(unavailable("GetItem"))?;
            let Some(item) = found.item else { return Ok(None) };
            let told = item.get("appointment_told").cloned();
            let TimelineEntry::Call(call) = timeline::read(item, "GetItem")? else { return Ok(None) };
            let appointment_told = told == Some(outcome_value(call.outcome)?);
            if !outcome.supersedes(call.outcome) {
                return Ok(Some(CallEntry { call, appointment_told }));
            }
            let asks = outcome.needs_an_answer() && !call.outcome.needs_an_answer() && !call.while_blocked;
            let mut writes = vec![self.replace_outcome(company, &call, outcome)?];
            match head_is {
                SummaryState::AtTheCall => writes.push(self.update_last_call(company, &call, outcome, asks)?),
                SummaryState::Elsewhere if asks => writes.push(self.count_unanswered(company, &call)?),
                SummaryState::Elsewhere | SummaryState::Gone => {}
            }
            let TransactionOutcome::Refused(refused) = self.transact(writes).await? else {
                return Ok(Some(CallEntry { call: Call { outcome, ..call }, appointment_told: false }));
            };
            // If the condition of the summary's update held, another report has replaced the outcome. The call is then
            // read again.
            if let Some(summary) = refused.into_iter().nth(1).flatten() {
                head_is = if summary.is_empty() { SummaryState::Gone } else { SummaryState::Elsewhere };
            }
        }
        Err(contended())
    }

    fn replace_outcome(
        &self,
        company: &CompanyId,
        call: &Call,
        outcome: CallOutcome,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::event(company, call.conversation, call.position).attributes()))
            .update_expression("SET outcome = :outcome")
            .condition_expression("outcome = :known")
            .expression_attribute_values(":outcome", outcome_value(outcome)?)
            .expression_attribute_values(":known", outcome_value(call.outcome)?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn update_last_call(
        &self,
        company: &CompanyId,
        call: &Call,
        outcome: CallOutcome,
        asks: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        const SET_LAST_CALL: &str = "SET last_call = :outcome, last_text = :words";
        let summary = self.summary_update_of(company, call).condition_expression("#last = :position");
        let summary = if asks {
            count_unanswered_call(summary).update_expression(format!("{SET_LAST_CALL}, {ASKED_ONCE_MORE}"))
        } else {
            summary.update_expression(SET_LAST_CALL)
        };
        let update = summary
            .expression_attribute_values(":outcome", outcome_value(outcome)?)
            .expression_attribute_values(":words", AttributeValue::S(outcome.words().to_owned()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn count_unanswered(&self, company: &CompanyId, call: &Call) -> Result<TransactWriteItem, StoreError> {
        let update = count_unanswered_call(self.summary_update_of(company, call))
            .update_expression(format!("SET {ASKED_ONCE_MORE}"))
            .condition_expression("attribute_exists(pk) AND #last <> :position")
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn summary_update_of(&self, company: &CompanyId, call: &Call) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::summary(company, call.conversation).attributes()))
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":position", AttributeValue::S(call.position.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Adds the attribute names and values that `ASKED_ONCE_MORE` uses, except `:position`.
fn count_unanswered_call(summary: UpdateBuilder) -> UpdateBuilder {
    summary
        .expression_attribute_names("#unanswered", "unanswered")
        .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
}

fn outcome_value(outcome: CallOutcome) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(outcome).map_err(invalid_item("TransactWriteItems"))
}
