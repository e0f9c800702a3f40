use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CompanyId, Notification, NotificationGroup, Page, Position, RecentFeed, TimelineEntry, Timestamp};

use crate::error::unavailable;
use crate::position_range::cut;
use crate::{PositionRange, Store, StoreError, keys, timeline};

impl Store {
    /// Returns a page of a company's notifications with their customers, without blocked numbers.
    ///
    /// Makes two DynamoDB requests, or one if the page is empty. Makes three if the page has more than 50
    /// conversations.
    pub async fn notifications(
        &self,
        company: &CompanyId,
        before: Option<Position>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<Notification>, StoreError> {
        let (items, is_cut_short) = self.recent(keys::feed(company), before, limit, now).await?;
        let events: Vec<TimelineEntry> =
            items.into_iter().map(|item| timeline::read(item, "Query")).collect::<Result<_, _>>()?;
        let page = cut(events, limit, is_cut_short, TimelineEntry::position);
        let ids: HashSet<_> = page.items.iter().map(TimelineEntry::conversation).collect();
        let known = self.known_customers(company, ids, [keys::summary, keys::person], now).await?;
        let floor = self.retention.oldest_position(now);
        let items = page.items.into_iter().filter_map(|event| {
            let (summary, customer) = known.get(&event.conversation())?;
            let conversation = summary.clone()?.into_summary_after(floor, customer.as_ref(), now)?;
            (!conversation.is_blocked).then_some(Notification { event, conversation })
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// Returns the newest entries of a company's feed. Makes one DynamoDB request.
    pub async fn recent_feed(&self, company: &CompanyId, now: Timestamp) -> Result<RecentFeed, StoreError> {
        let (mut items, is_cut_short) = self.recent(keys::feed(company), None, RecentFeed::MOST, now).await?;
        let is_cut = is_cut_short || items.len() > RecentFeed::MOST;
        items.truncate(RecentFeed::MOST);
        let entries = items.into_iter().map(|item| timeline::read(item, "Query")).collect::<Result<_, _>>()?;
        Ok(RecentFeed::new(entries, is_cut))
    }

    /// Returns the newest notifications, grouped by customer, with at most `limit` groups.
    ///
    /// Makes two DynamoDB requests, or one if the feed is empty. Makes another if blocked numbers were left out and
    /// other customers took their rows.
    pub async fn notification_groups(
        &self,
        company: &CompanyId,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<NotificationGroup>, StoreError> {
        let feed = self.recent_feed(company, now).await?;
        let floor = self.retention.oldest_position(now);
        let mut left = feed.by_customer().into_iter().peekable();
        let mut groups = Vec::new();
        while groups.len() < limit && left.peek().is_some() {
            let some: Vec<_> = left.by_ref().take(limit - groups.len()).collect();
            let ids: HashSet<_> = some.iter().map(|(newest, _)| newest.conversation()).collect();
            let known = self.known_customers(company, ids, [keys::summary, keys::person], now).await?;
            groups.extend(some.into_iter().filter_map(|(newest, more)| {
                let (summary, customer) = known.get(&newest.conversation())?;
                let conversation = summary.clone()?.into_summary_after(floor, customer.as_ref(), now)?;
                let newest = Notification { event: newest.clone(), conversation };
                (!newest.conversation.is_blocked).then_some(NotificationGroup { newest, more })
            }));
        }
        Ok(groups)
    }

    /// Returns the newest items of a list in the index, newest first: one more than a page holds. The `bool` says
    /// whether the query stopped early.
    pub(crate) async fn recent(
        &self,
        list: String,
        before: Option<Position>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<HashMap<String, AttributeValue>>, bool), StoreError> {
        let span = PositionRange { before, after: None };
        let lowest = span.lowest(self.retention, now);
        let highest = span.highest().unwrap_or(end_of_time());
        if highest < lowest {
            return Ok((Vec::new(), false));
        }
        let wanted = limit + 1;
        let found = self
            .query_between(list, lowest.to_string(), highest.to_string())
            .scan_index_forward(false)
            .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let is_cut_short = found.last_evaluated_key.is_some();
        let items = found.items.unwrap_or_default();
        let is_cut_short = is_cut_short && items.len() < wanted;
        Ok((items, is_cut_short))
    }
}

pub(crate) fn end_of_time() -> Position {
    Position::new(Timestamp::from_millis(u64::MAX), u128::MAX)
}
