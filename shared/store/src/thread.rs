use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{CompanyId, Conversation, ConversationId, Event, Page, Timestamp};

use crate::error::unavailable;
use crate::head::Head;
use crate::page::cut;
use crate::{Span, Store, StoreError, events, keys};

/// A page of a conversation.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Only with the newest page, which the head is read with.
    pub conversation: Option<Conversation>,
    /// Newest first.
    pub messages: Page<Event>,
}

impl Store {
    /// A page of what was said in a conversation; `None` if there is no such conversation. One
    /// request; one more for an older page on which nothing is left.
    pub async fn thread(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        span: Span,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Thread>, StoreError> {
        let lowest = span.lowest(self.retention, now);
        let (highest, wanted) = match span.highest() {
            Some(last) if last < lowest => return self.nothing_of(company, conversation, now).await,
            Some(last) => (keys::event_sk(last), limit + 1),
            // The head is one item more.
            None => (keys::end_of_conversation(), limit + 2),
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
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        // A limit that was reached leaves a key to go on from too, but then there is an item over.
        let cut_short = found.last_evaluated_key.is_some();
        let mut items = found.items.unwrap_or_default().into_iter().peekable();
        let conversation_head = match items.next_if(is_head) {
            Some(item) => Head::read(item, "Query")?.shown(self.retention.floor(now)),
            None if span.before.is_none() => return Ok(None),
            None => None,
        };
        if span.before.is_none() && conversation_head.is_none() {
            return Ok(None);
        }
        let messages: Vec<Event> = items.map(|item| events::read(item, "Query")).collect::<Result<_, _>>()?;
        if messages.is_empty() && span.before.is_some() {
            return self.nothing_of(company, conversation, now).await;
        }
        let cut_short = cut_short && messages.len() < limit;
        let messages = cut(messages, limit, cut_short, Event::position);
        Ok(Some(Thread { conversation: conversation_head, messages }))
    }

    /// An empty page, if there is such a conversation.
    async fn nothing_of(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Thread>, StoreError> {
        let contact = self.contact(company, conversation, now).await?;
        Ok(contact.map(|_| Thread { conversation: None, messages: Page { items: Vec::new(), next: None } }))
    }
}

fn is_head(item: &HashMap<String, AttributeValue>) -> bool {
    item.get(keys::SK).and_then(|sk| sk.as_s().ok()).is_some_and(|sk| *sk == keys::end_of_conversation())
}
