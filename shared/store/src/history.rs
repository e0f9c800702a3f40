//! The history of a customer: timeline entries and staff actions together.

use std::cmp::Reverse;

use domain::{CompanyId, ConversationCustomer, ConversationId, History, HistoryEntry, Timestamp};

use crate::customers::CustomerRecord;
use crate::keys::ConversationItemKind;
use crate::summary::SummaryItem;
use crate::{Store, StoreError, customer_actions, keys, timeline};

impl Store {
    /// Returns the history of a customer, newest first.
    ///
    /// Returns `None` if no entry is within the retention and no appointment has the number. Makes one DynamoDB request
    /// for every megabyte.
    pub async fn history(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<Option<History>, StoreError> {
        let floor = self.retention.oldest_position(now);
        let (mut summary, mut customer, mut entries) = (None, None, Vec::new());
        for item in self.of_conversation(company, conversation).await? {
            match keys::part(&item) {
                ConversationItemKind::Head => summary = Some(SummaryItem::read(item, "Query")?),
                ConversationItemKind::Person => {
                    customer = Some(CustomerRecord::read(item, "Query", self.retention, now)?.customer);
                }
                ConversationItemKind::OptOut | ConversationItemKind::Block => {}
                ConversationItemKind::Deed => entries.push(HistoryEntry::Deed(customer_actions::read(item, "Query")?)),
                ConversationItemKind::Event => entries.push(HistoryEntry::Event(timeline::read(item, "Query")?)),
            }
        }
        entries.retain(|entry| entry.position() >= floor);
        entries.sort_by_key(|entry| Reverse(entry.position()));
        let shown = summary.and_then(|summary| summary.into_summary_after(floor, customer.as_ref(), now));
        let with = match (shown, customer) {
            (Some(conversation), _) => ConversationCustomer::Conversation(Box::new(conversation)),
            (None, Some(customer)) if !(customer.bookings.is_empty() && entries.is_empty()) => {
                ConversationCustomer::Customer(customer)
            }
            _ => return Ok(None),
        };
        Ok(Some(History { customer: with, entries }))
    }
}
