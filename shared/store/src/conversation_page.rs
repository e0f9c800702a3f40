use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{Block, CompanyId, ConversationId, Customer, CustomerRef, OptOut, Page, TimelineEntry, Timestamp};

use crate::customers::CustomerRecord;
use crate::error::unavailable;
use crate::keys::ConversationItemKind;
use crate::position_range::cut;
use crate::summary::SummaryItem;
use crate::{PositionRange, Store, StoreError, blocks, keys, opt_out, timeline};

/// A page of a conversation.
#[derive(Clone, Debug)]
pub struct ConversationPage {
    /// Only with the newest page, which this is read with.
    pub with: Option<CustomerRef>,
    /// What is known of the customer's number. Only with the newest page, too.
    pub customer: Option<Customer>,
    /// That the number is blocked, if it is. Only with the newest page, too.
    pub block: Option<Block>,
    /// Why the customer gets no texts, if they do not. Only with the newest page, too.
    pub opt_out: Option<OptOut>,
    /// Newest first.
    pub messages: Page<TimelineEntry>,
}

impl Store {
    /// A page of what was said in a conversation; `None` if there is no such conversation: nothing was
    /// said, and no appointment names its number. One
    /// request; one more for an older page on which nothing is left.
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

    /// The newest page at this moment, with everything that was written before. One request, which costs twice as much.
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
            // The head, the block, the opt-out and the customer are items more.
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
        // A limit that was reached leaves a key to go on from too, but then there is an item over.
        let truncate = found.last_evaluated_key.is_some();
        let (mut head, mut customer, mut block, mut opt_out) = (None, None, None, None);
        let mut messages = Vec::<TimelineEntry>::new();
        for item in found.items.unwrap_or_default() {
            match keys::part(&item) {
                ConversationItemKind::Person => {
                    customer = Some(CustomerRecord::read(item, "Query", self.retention, now)?.customer);
                }
                ConversationItemKind::Block => block = blocks::read(item, "Query")?,
                ConversationItemKind::OptOut => opt_out = opt_out::read(item, "Query")?.out(),
                ConversationItemKind::Head => head = Some(SummaryItem::read(item, "Query")?),
                ConversationItemKind::Deed => {}
                ConversationItemKind::Event => messages.push(timeline::read(item, "Query")?),
            }
        }
        let shown =
            head.and_then(|head| head.into_summary_after(self.retention.oldest_position(now), customer.as_ref(), now));
        let with = match (shown, &customer) {
            (Some(conversation), _) => Some(CustomerRef::Conversation(Box::new(conversation))),
            (None, Some(customer)) if !customer.bookings.is_empty() => Some(CustomerRef::Customer(customer.clone())),
            _ => block.as_ref().and_then(|block| block.sender.as_ref()?.number()).map(|number| {
                // Whoever is blocked can be looked at and unblocked when nothing else is left.
                CustomerRef::Customer(Customer::new(number.clone()))
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

    /// An empty page, if there is such a conversation.
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
            .set_key(Some(keys::head(company, conversation).attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let head = found.item.map(|item| SummaryItem::read(item, "GetItem")).transpose()?;
        let there = head.is_some_and(|head| head.is_current(self.retention.oldest_position(now)));
        let messages = Page { items: Vec::new(), next: None };
        Ok(there.then_some(ConversationPage { with: None, customer: None, block: None, opt_out: None, messages }))
    }
}
