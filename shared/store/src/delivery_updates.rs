//! Delivery updates of outbound messages, and the count of unanswered entries that follows from them.
//!
//! Only a text that the carrier accepted and has not reported as undelivered counts as an answer. So a delivery update
//! and the summary's count are written in one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::{
    CompanyId, ConversationId, DeliveryProgress, Message, MessageKind, Position, ReplyOutcome, RequiredAction,
    TimelineEntry, Timestamp,
};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::{invalid_item, unavailable};
use crate::keys::ConversationItemKind;
use crate::summary::SummaryItem;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys, timeline};

/// Whether a delivery update was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryUpdateOutcome {
    Now,
    /// The stored status is the same as the new one, or later.
    Before,
    /// The message is not stored, or is stored with another provider message id.
    Unknown,
}

/// A delivery update: the message it is about, and its new status.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryUpdate<'a> {
    pub company: &'a CompanyId,
    pub conversation: ConversationId,
    pub position: Position,
    pub progress: &'a DeliveryProgress,
}

impl Store {
    /// Stores a delivery update, unless the stored status is later, and updates the count of unanswered entries.
    ///
    /// Makes one DynamoDB request if the message is the newest text of staff and was accepted or rejected, or was
    /// accepted and is now delivered. Makes more requests if the message was accepted but not delivered, or if staff
    /// have sent another text since.
    pub async fn record_delivery(
        &self,
        outcome: DeliveryUpdate<'_>,
        now: Timestamp,
    ) -> Result<DeliveryUpdateOutcome, StoreError> {
        match outcome.progress {
            DeliveryProgress::Delivered { .. } => match self.update_progress(&outcome, &["sent"]).await? {
                UpdateOutcome::Now => return Ok(DeliveryUpdateOutcome::Now),
                UpdateOutcome::NotNow(there) if !there.as_ref().is_some_and(|there| outcome.may_follow(there)) => {
                    return Ok(outcome.outcome_from(there.as_deref()));
                }
                UpdateOutcome::NotNow(_) => {}
            },
            DeliveryProgress::Sent { .. } | DeliveryProgress::Failed { .. } | DeliveryProgress::Unconfirmed { .. } => {
                let writes = vec![
                    self.write_progress(&outcome, earlier_states(outcome.progress))?,
                    self.update_newest_in_summary(&outcome)?,
                ];
                let TransactionOutcome::Refused(refused) = self.transact(writes).await? else {
                    return Ok(DeliveryUpdateOutcome::Now);
                };
                if let Some(there) = refused.into_iter().next().flatten() {
                    let there = message(there, "TransactWriteItems")?;
                    if !there.as_ref().is_some_and(|there| outcome.may_follow(there)) {
                        return Ok(outcome.outcome_from(there.as_ref()));
                    }
                }
            }
            DeliveryProgress::Undelivered { .. } | DeliveryProgress::Queued => {}
        }
        self.record_and_recount(&outcome, now).await
    }

    /// Stores a delivery update of an automatic text, which does not count as an answer. Makes one DynamoDB request.
    pub async fn record_automatic_delivery(
        &self,
        outcome: DeliveryUpdate<'_>,
    ) -> Result<DeliveryUpdateOutcome, StoreError> {
        Ok(match self.update_progress(&outcome, earlier_states(outcome.progress)).await? {
            UpdateOutcome::Now => DeliveryUpdateOutcome::Now,
            UpdateOutcome::NotNow(there) => outcome.outcome_from(there.as_deref()),
        })
    }

    /// Stores the update and counts the unanswered entries again from the timeline. Retries when another writer has
    /// changed the summary.
    async fn record_and_recount(
        &self,
        outcome: &DeliveryUpdate<'_>,
        now: Timestamp,
    ) -> Result<DeliveryUpdateOutcome, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let there = self.message(outcome.company, outcome.conversation, outcome.position).await?;
            let Some(there) = there.as_ref().filter(|there| outcome.may_follow(there)) else {
                return Ok(outcome.outcome_from(there.as_ref()));
            };
            let MessageKind::Outbound { progress: known, .. } = &there.kind else {
                return Ok(DeliveryUpdateOutcome::Unknown);
            };
            let mut writes = vec![self.write_progress(outcome, &[state(known)])?];
            if there.is_by_staff()
                && let Some((summary, asked)) = self.asked_since_an_answer(outcome, now).await?
            {
                writes.push(self.recount(outcome, &summary, asked)?);
            }
            if matches!(self.transact(writes).await?, TransactionOutcome::Done) {
                return Ok(DeliveryUpdateOutcome::Now);
            }
        }
        Err(contended())
    }

    /// Returns the summary, and the number of the customer's entries after the last answer, with this update applied.
    /// Returns `None` if the conversation has no entry within the retention.
    async fn asked_since_an_answer(
        &self,
        outcome: &DeliveryUpdate<'_>,
        now: Timestamp,
    ) -> Result<Option<(SummaryItem, u32)>, StoreError> {
        let floor = self.retention.oldest_position(now);
        let (mut summary, mut asked, mut after) = (None, 0, None);
        loop {
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND sk BETWEEN :lowest AND :highest")
                .expression_attribute_values(
                    ":pk",
                    AttributeValue::S(keys::conversation(outcome.company, outcome.conversation)),
                )
                .expression_attribute_values(":lowest", AttributeValue::S(keys::event_sk(floor)))
                .expression_attribute_values(":highest", AttributeValue::S(keys::end_of_conversation()))
                .scan_index_forward(false)
                .limit(50)
                .consistent_read(true)
                .set_exclusive_start_key(after)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(unavailable("Query"))?;
            for item in found.items.unwrap_or_default() {
                match keys::part(&item) {
                    ConversationItemKind::Head => {
                        summary = Some(SummaryItem::read(item, "Query")?).filter(|summary| summary.is_current(floor));
                    }
                    ConversationItemKind::Event => {
                        let event = timeline::read(item, "Query")?;
                        if summary
                            .as_ref()
                            .and_then(|summary| summary.done)
                            .is_some_and(|done| event.position() <= done)
                        {
                            return Ok(summary.map(|summary| (summary, asked)));
                        }
                        match RequiredAction::of_entry(&event) {
                            Some(RequiredAction::Answer) => asked += 1,
                            Some(RequiredAction::NoMore) => return Ok(summary.map(|summary| (summary, asked))),
                            None if outcome.is_answered_by(&event) => {
                                return Ok(summary.map(|summary| (summary, asked)));
                            }
                            Some(RequiredAction::Nothing) | None => {}
                        }
                    }
                    ConversationItemKind::Person
                    | ConversationItemKind::OptOut
                    | ConversationItemKind::Block
                    | ConversationItemKind::Deed => {}
                }
            }
            after = found.last_evaluated_key;
            if after.is_none() {
                return Ok(summary.map(|summary| (summary, asked)));
            }
        }
    }

    /// Returns the update of the summary for the newest text of staff, which does not count as an answer yet. Its
    /// condition fails if the text is not the newest.
    fn update_newest_in_summary(&self, outcome: &DeliveryUpdate<'_>) -> Result<TransactWriteItem, StoreError> {
        let counted = match ReplyOutcome::of_progress(outcome.progress) {
            ReplyOutcome::Accepted => ", #unanswered = asked_since",
            ReplyOutcome::Pending | ReplyOutcome::Unconfirmed | ReplyOutcome::Failed => "",
        };
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::summary(outcome.company, outcome.conversation).attributes()))
            .update_expression(format!("SET reply_is = :is{counted}"))
            .condition_expression("reply = :position")
            .expression_attribute_values(":is", outcome_value(ReplyOutcome::of_progress(outcome.progress))?)
            .expression_attribute_values(":position", AttributeValue::S(outcome.position.to_string()));
        if !counted.is_empty() {
            update = update.expression_attribute_names("#unanswered", "unanswered");
        }
        let update = update.build().map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns the update of the summary with the new count of unanswered entries.
    ///
    /// An entry that was recorded late can precede an answer whose author had not seen the entry. The summary's count
    /// includes such an entry, and `asked` does not. So an accepted text never raises the count, and a text that was
    /// not delivered never lowers it. The condition fails if the summary has changed.
    fn recount(
        &self,
        outcome: &DeliveryUpdate<'_>,
        summary: &SummaryItem,
        asked: u32,
    ) -> Result<TransactWriteItem, StoreError> {
        let is = ReplyOutcome::of_progress(outcome.progress);
        let is_newest = summary.reply == Some(outcome.position);
        let unanswered = match (is, summary.reply_is) {
            (ReplyOutcome::Accepted, _) if is_newest => summary.asked_since,
            // The newest text of staff is an answer already, and it covers these entries too.
            (_, Some(ReplyOutcome::Accepted)) if !is_newest => summary.unanswered,
            (ReplyOutcome::Accepted, _) => summary.unanswered.min(asked),
            (ReplyOutcome::Pending | ReplyOutcome::Unconfirmed | ReplyOutcome::Failed, _) => {
                summary.unanswered.max(asked)
            }
        };
        let number = |number: u32| AttributeValue::N(number.to_string());
        let mut sets = "SET #unanswered = :waits, recounts = :recounts".to_owned();
        let mut conditions = vec!["#last = :last".to_owned(), "#unanswered = :waited".to_owned()];
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::summary(outcome.company, outcome.conversation).attributes()))
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_values(":last", AttributeValue::S(summary.last.to_string()))
            .expression_attribute_values(":waits", number(unanswered))
            .expression_attribute_values(":waited", number(summary.unanswered))
            .expression_attribute_values(":recounts", number(summary.recounts + 1));
        if is_newest {
            sets.push_str(", reply_is = :is");
            update = update.expression_attribute_values(":is", outcome_value(is)?);
        }
        let known = [
            ("reply", summary.reply.map(|reply| AttributeValue::S(reply.to_string()))),
            ("reply_is", summary.reply_is.map(outcome_value).transpose()?),
            ("recounts", (summary.recounts > 0).then(|| number(summary.recounts))),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                update = update.expression_attribute_values(format!(":known_{name}"), value);
                conditions.push(format!("{name} = :known_{name}"));
            } else {
                conditions.push(format!("attribute_not_exists({name})"));
            }
        }
        let update = update.update_expression(sets).condition_expression(conditions.join(" AND "));
        let update = update.build().map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns the update of a message's status, on the condition that it has one of the given states.
    fn write_progress(&self, outcome: &DeliveryUpdate<'_>, over: &[&str]) -> Result<TransactWriteItem, StoreError> {
        let Condition { expression, names, values } = outcome.condition(over)?;
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::event(outcome.company, outcome.conversation, outcome.position).attributes()))
            .update_expression("SET progress = :progress")
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Stores a message's status without a transaction, on the same condition as `write_progress`. Makes one DynamoDB
    /// request.
    async fn update_progress(&self, outcome: &DeliveryUpdate<'_>, over: &[&str]) -> Result<UpdateOutcome, StoreError> {
        let Condition { expression, names, values } = outcome.condition(over)?;
        let updated = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::event(outcome.company, outcome.conversation, outcome.position).attributes()))
            .update_expression("SET progress = :progress")
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let Err(error) = updated else { return Ok(UpdateOutcome::Now) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let there = failed.item.clone().map(|item| message(item, "UpdateItem")).transpose()?.flatten();
                Ok(UpdateOutcome::NotNow(there.map(Box::new)))
            }
            _ => Err(unavailable("UpdateItem")(error)),
        }
    }
}

/// The result of an update without a transaction. If it was not made, contains the stored message.
enum UpdateOutcome {
    Now,
    NotNow(Option<Box<Message>>),
}

struct Condition {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl DeliveryUpdate<'_> {
    /// Returns whether the stored message has a matching provider message id and an earlier state than this update.
    fn may_follow(&self, there: &Message) -> bool {
        match &there.kind {
            MessageKind::Inbound { .. } => false,
            MessageKind::Outbound { progress, .. } => {
                there.is_known_as(self.progress.provider_id())
                    && earlier_states(self.progress).contains(&state(progress))
            }
        }
    }

    /// Returns the outcome for a stored message that this update does not apply to.
    fn outcome_from(&self, there: Option<&Message>) -> DeliveryUpdateOutcome {
        match there {
            Some(there) if there.is_known_as(self.progress.provider_id()) => DeliveryUpdateOutcome::Before,
            _ => DeliveryUpdateOutcome::Unknown,
        }
    }

    /// Returns whether an entry counts as an answer of staff, with this update applied.
    fn is_answered_by(&self, event: &TimelineEntry) -> bool {
        match event {
            TimelineEntry::Message(message) if message.is_by_staff() => {
                let MessageKind::Outbound { progress, .. } = &message.kind else { return false };
                let progress = if message.position == self.position { self.progress } else { progress };
                ReplyOutcome::of_progress(progress) == ReplyOutcome::Accepted
            }
            TimelineEntry::Message(_) | TimelineEntry::Call(_) => false,
        }
    }

    /// Returns the condition that the message has one of the given states and a matching provider message id.
    fn condition(&self, over: &[&str]) -> Result<Condition, StoreError> {
        let names = HashMap::from([("#state".to_owned(), "state".to_owned())]);
        let progress = serde_dynamo::to_attribute_value(self.progress).map_err(invalid_item("UpdateItem"))?;
        let mut values = HashMap::from([(":progress".to_owned(), progress)]);
        let states = (0..over.len()).map(|n| format!(":state{n}"));
        values.extend(states.clone().zip(over.iter().map(|state| AttributeValue::S((*state).to_owned()))));
        let mut expression = format!("progress.#state IN ({})", states.collect::<Vec<_>>().join(", "));
        if let Some(id) = self.progress.provider_id() {
            expression.push_str(" AND (attribute_not_exists(progress.provider_id) OR progress.provider_id = :id)");
            values.insert(":id".to_owned(), AttributeValue::S(id.to_owned()));
        }
        Ok(Condition { expression, names, values })
    }
}

/// The stored names of the delivery states, in the order in which a message can pass through them.
const STATES: [&str; 6] = ["queued", "unconfirmed", "failed", "sent", "undelivered", "delivered"];

fn place(progress: &DeliveryProgress) -> usize {
    match progress {
        DeliveryProgress::Queued => 0,
        DeliveryProgress::Unconfirmed { .. } => 1,
        DeliveryProgress::Failed { .. } => 2,
        DeliveryProgress::Sent { .. } => 3,
        DeliveryProgress::Undelivered { .. } => 4,
        DeliveryProgress::Delivered { .. } => 5,
    }
}

fn state(progress: &DeliveryProgress) -> &'static str {
    STATES[place(progress)]
}

/// Returns the stored names of the states that may precede the given state.
fn earlier_states(progress: &DeliveryProgress) -> &'static [&'static str] {
    &STATES[..place(progress)]
}

fn message(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Option<Message>, StoreError> {
    if item.is_empty() {
        return Ok(None);
    }
    Ok(match timeline::read(item, operation)? {
        TimelineEntry::Message(message) => Some(message),
        TimelineEntry::Call(_) => None,
    })
}

fn outcome_value(delivery: ReplyOutcome) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(delivery).map_err(invalid_item("TransactWriteItems"))
}
