//! Who did what about a customer.

use std::cmp::Reverse;

use domain::{CompanyId, ConversationId, Entry, History, Timestamp, With};

use crate::head::Head;
use crate::keys::Part;
use crate::person::Person;
use crate::{Store, StoreError, deeds, events, keys};

impl Store {
    /// `None` where nothing was said, and no appointment names the number. One request for every megabyte.
    pub async fn history(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<Option<History>, StoreError> {
        let floor = self.retention.floor(now);
        let (mut head, mut customer, mut entries) = (None, None, Vec::new());
        for item in self.of_conversation(company, conversation).await? {
            match keys::part(&item) {
                Part::Head => head = Some(Head::read(item, "Query")?),
                Part::Person => customer = Some(Person::read(item, "Query", self.retention, now)?.customer),
                Part::OptOut | Part::Block => {}
                Part::Deed => entries.push(Entry::Deed(deeds::read(item, "Query")?)),
                Part::Event => entries.push(Entry::Event(events::read(item, "Query")?)),
            }
        }
        entries.retain(|entry| entry.at() >= floor);
        entries.sort_by_key(|entry| Reverse(entry.at()));
        let shown = head.and_then(|head| head.shown(floor, customer.as_ref(), now));
        let with = match (shown, customer) {
            (Some(conversation), _) => With::Conversation(Box::new(conversation)),
            (None, Some(customer)) if !(customer.bookings.is_empty() && entries.is_empty()) => With::Customer(customer),
            _ => return Ok(None),
        };
        Ok(Some(History { with, entries }))
    }
}
