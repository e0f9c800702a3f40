//! Blocked numbers. The block of a number is an item of its conversation. The index lists a company's blocks.
//!
//! The item does not expire, because a block outlives the conversation's messages. Every transaction that records a
//! message or a call checks whether the number is blocked, so that an inbound text either notifies staff completely or
//! not at all. The block item expires once its number is unblocked.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{
    Block, BlockedNumber, CompanyId, ConversationCustomer, ConversationId, Customer, MessageId, Page, Position, Sender,
    Staff, StaffAction, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::customers::CustomerRecord;
use crate::error::{invalid_item, unavailable};
use crate::feed::end_of_time;
use crate::keys::{ConversationItemKind, Key, RecentKey};
use crate::position_range::cut;
use crate::summary::{ASKED_NO_MORE, SummaryItem};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    recent: Option<RecentKey>,
    conversation: ConversationId,
    /// Present only if the number is no longer blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(flatten)]
    block: Option<Block>,
}

const IS_BLOCKED: &str = "attribute_exists(blocked_since)";
const IS_NOT_BLOCKED: &str = "attribute_not_exists(blocked_since)";

/// The state of a number before it is blocked or unblocked.
struct BlockState {
    summary: Option<SummaryItem>,
    customer: Option<Customer>,
    block: Option<Block>,
}

impl BlockState {
    /// Returns the sender if the conversation exists: it has a message within the retention, or the number has an
    /// appointment.
    fn sender(&self, floor: Position) -> Option<Sender> {
        let summary =
            self.summary.as_ref().filter(|summary| summary.is_current(floor)).map(|summary| summary.sender.clone());
        let customer = self.customer.as_ref().filter(|customer| !customer.bookings.is_empty());
        summary.or_else(|| customer.map(|customer| customer.number.clone().into()))
    }
}

impl Store {
    /// Blocks the number of a conversation.
    ///
    /// From then on, texts and calls of the number notify no staff and count as answered. The conversation is listed
    /// only among the blocked numbers. Returns the block that is in force, or `None` if the conversation does not
    /// exist. Makes two DynamoDB requests, even if the number is already blocked.
    pub async fn block(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Block>, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let there = self.block_state(&staff.company, conversation, now).await?;
            if there.block.is_some() {
                self.require_session(staff, now).await?;
                return Ok(there.block);
            }
            let Some(sender) = there.sender(self.retention.oldest_position(now)) else { return Ok(None) };
            let block = Block { since: id.position(now), by: staff.name.clone(), sender: Some(sender) };
            let writes = vec![
                self.put_block(&staff.company, conversation, Some(&block), now)?,
                self.hide_from_inbox(&staff.company, conversation, there.summary.is_some())?,
                self.put_deed(&staff.company, conversation, &StaffAction::blocked(&staff.name, now))?,
            ];
            if matches!(self.transact_for(Some(staff), writes, now).await?, TransactionOutcome::Done) {
                return Ok(Some(block));
            }
        }
        Err(contended())
    }

    /// Unblocks a number: its conversation is listed in the inbox again, and new texts notify staff.
    ///
    /// Texts that arrived while the number was blocked do not change. Returns `false` if the conversation does not
    /// exist. Makes two DynamoDB requests.
    pub async fn unblock(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let there = self.block_state(&staff.company, conversation, now).await?;
            if there.block.is_none() {
                self.require_session(staff, now).await?;
                return Ok(there.sender(self.retention.oldest_position(now)).is_some());
            }
            let writes = vec![
                self.put_block(&staff.company, conversation, None, now)?,
                self.show_in_inbox(&staff.company, conversation, there.summary.as_ref())?,
                self.put_deed(&staff.company, conversation, &StaffAction::unblocked(&staff.name, now))?,
            ];
            if matches!(self.transact_for(Some(staff), writes, now).await?, TransactionOutcome::Done) {
                return Ok(true);
            }
        }
        Err(contended())
    }

    /// Returns a page of a company's blocked numbers, latest block first, with their customers. Makes two DynamoDB
    /// requests, or one if the page is empty.
    pub async fn blocked_numbers(
        &self,
        company: &CompanyId,
        before: Option<Position>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<BlockedNumber>, StoreError> {
        let highest = before.map_or(end_of_time(), Position::predecessor);
        let found = self
            .query_between(keys::blocked(company), "0".to_owned(), highest.to_string())
            .scan_index_forward(false)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let is_cut_short = found.last_evaluated_key.is_some();
        let mut blocked = Vec::new();
        for item in found.items.unwrap_or_default() {
            let item: Item = serde_dynamo::from_item(item).map_err(invalid_item("Query"))?;
            blocked.extend(item.block.map(|block| (item.conversation, block)));
        }
        let is_cut_short = is_cut_short && blocked.len() <= limit;
        let page = cut(blocked, limit, is_cut_short, |(_, block)| block.since);
        let ids = page.items.iter().map(|(conversation, _)| *conversation).collect();
        let mut known = self.known_customers(company, ids, [keys::summary, keys::person], now).await?;
        let floor = self.retention.oldest_position(now);
        let items = page.items.into_iter().map(|(conversation, block)| {
            let (summary, customer) = known.remove(&conversation).unwrap_or_default();
            let shown = summary.and_then(|summary| summary.into_summary_after(floor, customer.as_ref(), now));
            let with = shown.map(|shown| ConversationCustomer::Conversation(Box::new(shown)));
            let with =
                with.or_else(|| customer.filter(|it| !it.bookings.is_empty()).map(ConversationCustomer::Customer));
            BlockedNumber { conversation, block, customer: with }
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// Returns the condition that a number is blocked, or that a number is not blocked.
    pub(crate) fn is_blocked(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        is_blocked: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let condition = if is_blocked { IS_BLOCKED } else { IS_NOT_BLOCKED };
        self.check(keys::block(company, conversation), condition)
    }

    fn check(&self, key: Key, condition: &str) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    async fn block_state(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<BlockState, StoreError> {
        let wanted = [keys::summary, keys::person, keys::block].map(|key| key(company, conversation));
        let mut there = BlockState { summary: None, customer: None, block: None };
        for item in self.batch(wanted.into(), true).await? {
            match keys::part(&item) {
                ConversationItemKind::Person => {
                    there.customer = Some(CustomerRecord::read(item, "BatchGetItem", self.retention, now)?.customer);
                }
                ConversationItemKind::Block => there.block = read(item, "BatchGetItem")?,
                ConversationItemKind::Head
                | ConversationItemKind::OptOut
                | ConversationItemKind::Deed
                | ConversationItemKind::Event => {
                    there.summary = Some(SummaryItem::read(item, "BatchGetItem")?);
                }
            }
        }
        Ok(there)
    }

    fn put_block(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        block: Option<&Block>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = Item {
            key: keys::block(company, conversation),
            recent: block.map(|block| keys::in_blocked(company, block.since)),
            conversation,
            expires_at: block.is_none().then(|| self.retention.expires(now).as_secs()),
            block: block.cloned(),
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?))
            .condition_expression(if block.is_some() { IS_NOT_BLOCKED } else { IS_BLOCKED })
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Returns the update that removes a conversation from the inbox. If the conversation has no summary, returns the
    /// condition that no summary exists.
    fn hide_from_inbox(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        is_there: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::summary(company, conversation);
        if !is_there {
            return self.check(key, "attribute_not_exists(pk)");
        }
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(format!(
                "SET is_blocked = :true, {ASKED_NO_MORE}, done = #last REMOVE recent_pk, recent_sk"
            ))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns the update that adds an unblocked conversation to the inbox. Texts that arrived while the number was
    /// blocked count as answered. If the conversation has no summary, returns the condition that no summary exists.
    fn show_in_inbox(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        summary: Option<&SummaryItem>,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::summary(company, conversation);
        let Some(summary) = summary else { return self.check(key, "attribute_not_exists(pk)") };
        let recent = keys::in_inbox(company, conversation, summary.last);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(format!(
                "SET recent_pk = :recent_pk, recent_sk = :recent_sk, {ASKED_NO_MORE}, done = :last REMOVE is_blocked"
            ))
            .condition_expression("#last = :last")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":recent_pk", AttributeValue::S(recent.recent_pk))
            .expression_attribute_values(":recent_sk", AttributeValue::S(recent.recent_sk))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":last", AttributeValue::S(summary.last.to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Removes the phone number from a block. Does nothing if the block has changed since it was read, or if the number
    /// was unblocked. Makes one DynamoDB request.
    pub(crate) async fn erase_blocked_number(&self, item: &HashMap<String, AttributeValue>) -> Result<(), StoreError> {
        let Some(since) = item.get("blocked_since").cloned() else { return Ok(()) };
        let erased = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(without_number(item.clone())))
            .condition_expression("blocked_since = :since")
            .expression_attribute_values(":since", since)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match erased {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            Err(error) => Err(unavailable("PutItem")(error)),
        }
    }
}

/// Removes the phone number from a block item. The number cannot be derived from the item's key without the company's
/// secret.
pub(crate) fn without_number(mut item: HashMap<String, AttributeValue>) -> HashMap<String, AttributeValue> {
    item.remove("number");
    item
}

/// Parses a block item. Returns `None` for a number that is no longer blocked.
pub(crate) fn read(
    item: HashMap<String, AttributeValue>,
    operation: &'static str,
) -> Result<Option<Block>, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
    Ok(item.block)
}
