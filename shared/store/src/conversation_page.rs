use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{
    Block, CompanyId, ConversationCustomer, ConversationId, Customer, OptOut, Page, TimelineEntry, Timestamp,
};

use crate::customers::CustomerRecord;
use crate::error::unavailable;
use crate::keys::ConversationItemKind;
use crate::position_range::cut;
use crate::summary::SummaryItem;
use crate::{PositionRange, Store, StoreError, blocks, keys, opt_out, timeline};

/// A page of a conversation's timeline.
#[derive(Clone, Debug)]
pub struct ConversationPage {
    /// The conversation, or only the customer if the conversation has no entry within the retention. `None` on older
    /// pages.
    pub with: Option<ConversationCustomer>,
    /// The customer of the number. `None` on older pages.
    pub customer: Option<Customer>,
    /// The block of the number, if it is blocked. `None` on older pages.
    pub block: Option<Block>,
    /// The customer's opt-out, if they have opted out. `None` on older pages.
    pub opt_out: Option<OptOut>,
    /// The timeline entries, newest first.
    pub messages: Page<TimelineEntry>,
}

impl Store {
    /// Returns a page of a conversation's timeline.
    ///
    /// Returns `None` if the conversation does not exist: no entry is within the retention, and no appointment has its
    /// number. Makes one DynamoDB request, and one more for an older page that is empty.
    pub async fn thread(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        span: PositionRange,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<ConversationPage>, StoreError> {
        self.read_thread(company, conversation, span, limit, false, now).await
    }

    /// Returns the newest page with a consistent read. Makes one DynamoDB request, which costs twice the read units of
    /// `thread`.
    pub async fn thread_now(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<ConversationPage>, StoreError> {
        self.read_thread(company, conversation, PositionRange::default(), limit, true, now).await
    }

    async fn read_thread(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        span: PositionRange,
        limit: usize,
        consistent: bool,
        now: Timestamp,
    ) -> Result<Option<ConversationPage>, StoreError> {
        let lowest = span.lowest(self.retention, now);
        let (highest, wanted) = match span.highest() {
            Some(last) if last < lowest => return self.nothing_of(company, conversation, now).await,
            Some(last) => (keys::event_sk(last), limit + 1),
            // The summary, the block, the opt-out and the customer are four more items.
            None => (keys::end_of_conversation(), limit + 5),
        };
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :lowest AND :highest")
            .expression_attribute_values(":pk", AttributeValue::S(keys::conversation(company, conversation)))
            .expression_attribute_values(":lowest", AttributeValue::S(keys::event_sk(lowest)))
            .expression_attribute_values(":highest", AttributeValue::S(highest))
            .scan_index_forward(false)
            .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        // A query that reaches its limit also returns a key, but it has then returned one item more than the page
        // holds.
        let truncate = found.last_evaluated_key.is_some();
        let (mut summary, mut customer, mut block, mut opt_out) = (None, None, None, None);
        let mut messages = Vec::<TimelineEntry>::new();
        for item in found.items.unwrap_or_default() {
            match keys::part(&item) {
                ConversationItemKind::Person => {
                    customer = Some(CustomerRecord::read(item, "Query", self.retention, now)?.customer);
                }
                ConversationItemKind::Block => block = blocks::read(item, "Query")?,
                ConversationItemKind::OptOut => opt_out = opt_out::read(item, "Query")?.out(),
                ConversationItemKind::Head => summary = Some(SummaryItem::read(item, "Query")?),
                ConversationItemKind::Deed => {}
                ConversationItemKind::Event => messages.push(timeline::read(item, "Query")?),
            }
        }
        let shown = summary.and_then(|summary| {
            summary.into_summary_after(self.retention.oldest_position(now), customer.as_ref(), now)
        });
        let with = match (shown, &customer) {
            (Some(conversation), _) => Some(ConversationCustomer::Conversation(Box::new(conversation))),
            (None, Some(customer)) if !customer.bookings.is_empty() => {
                Some(ConversationCustomer::Customer(customer.clone()))
            }
            _ => block.as_ref().and_then(|block| block.sender.as_ref()?.number()).map(|number| {
                // Staff can view and unblock a blocked number even if its conversation has no other items.
                ConversationCustomer::Customer(Customer::new(number.clone()))
            }),
        };
        if span.before.is_none() && with.is_none() {
            return Ok(None);
        }
        if messages.is_empty() && span.before.is_some() {
            return self.nothing_of(company, conversation, now).await;
        }
        let truncate = truncate && messages.len() < limit;
        let messages = cut(messages, limit, truncate, TimelineEntry::position);
        Ok(Some(ConversationPage { with, customer, block, opt_out, messages }))
    }

    /// Returns an empty page if the conversation exists.
    async fn nothing_of(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<Option<ConversationPage>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::summary(company, conversation).attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let summary = found.item.map(|item| SummaryItem::read(item, "GetItem")).transpose()?;
        let there = summary.is_some_and(|summary| summary.is_current(self.retention.oldest_position(now)));
        let messages = Page { items: Vec::new(), next: None };
        Ok(there.then_some(ConversationPage { with: None, customer: None, block: None, opt_out: None, messages }))
    }
}
