use domain::{CompanyId, ConversationSummary, Page, Position, Timestamp};

use crate::position_range::cut;
use crate::summary::SummaryItem;
use crate::{Store, StoreError, keys};

impl Store {
    /// Returns a page of a company's conversations with their customers, latest message first. Makes two DynamoDB
    /// requests, or one if the page is empty.
    pub async fn conversations(
        &self,
        company: &CompanyId,
        before: Option<Position>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<ConversationSummary>, StoreError> {
        let floor = self.retention.oldest_position(now);
        let (items, truncate) = self.recent(keys::inbox(company), before, limit, now).await?;
        let mut summaries = Vec::with_capacity(items.len());
        for item in items {
            summaries.extend(Some(SummaryItem::read(item, "Query")?).filter(|summary| summary.is_current(floor)));
        }
        let page = cut(summaries, limit, truncate, |summary| summary.conversation.place_in_inbox(summary.last));
        let ids = page.items.iter().map(|summary| summary.conversation).collect();
        let known = self.known_customers(company, ids, [keys::person], now).await?;
        let items = page.items.into_iter().filter_map(|summary| {
            let customer = known.get(&summary.conversation).and_then(|(_, customer)| customer.as_ref());
            summary.into_summary_after(floor, customer, now)
        });
        Ok(Page { items: items.collect(), next: page.next })
    }
}
