use crate::{ConversationId, ConversationSummary, TimelineEntry};

/// A notification for staff: an inbound message, or the end of a confirmation call, with its conversation.
#[derive(Clone, Debug)]
pub struct Notification {
    pub event: TimelineEntry,
    pub conversation: ConversationSummary,
}

/// The notifications of one customer combined: the newest, and the number of others.
#[derive(Clone, Debug)]
pub struct NotificationGroup {
    pub newest: Notification,
    pub more: usize,
}

/// The newest entries of a company's feed, newest first. There are enough entries that one customer's entries do not
/// displace all others.
#[derive(Clone, Debug)]
pub struct RecentFeed {
    entries: Vec<TimelineEntry>,
    /// Whether older entries were left out.
    is_cut: bool,
}

impl RecentFeed {
    /// The largest number of entries.
    pub const MOST: usize = 100;

    #[must_use]
    pub fn new(entries: Vec<TimelineEntry>, is_cut: bool) -> Self {
        Self { entries, is_cut }
    }

    /// Returns each customer's newest entry with the number of their other entries, newest entry first.
    #[must_use]
    pub fn by_customer(&self) -> Vec<(&TimelineEntry, usize)> {
        let mut groups: Vec<(&TimelineEntry, usize)> = Vec::new();
        for entry in &self.entries {
            match groups.iter_mut().find(|(newest, _)| newest.conversation() == entry.conversation()) {
                Some((_, more)) => *more += 1,
                None => groups.push((entry, 0)),
            }
        }
        groups
    }

    /// Returns one customer's newest entry, with the number of their other entries; `None` if the customer has no
    /// entries.
    ///
    /// `known` holds recent entries that the feed may not have yet. They replace the feed's entries at the same
    /// positions.
    #[must_use]
    pub fn of_customer(&self, conversation: ConversationId, known: &[TimelineEntry]) -> Option<(TimelineEntry, usize)> {
        let lowest = self.entries.last().filter(|_| self.is_cut).map(TimelineEntry::position);
        let mut theirs: Vec<&TimelineEntry> =
            self.entries.iter().filter(|entry| entry.conversation() == conversation).collect();
        for entry in known.iter().filter(|entry| lowest.is_none_or(|lowest| entry.position() >= lowest)) {
            match theirs.iter_mut().find(|there| there.position() == entry.position()) {
                Some(there) => *there = entry,
                None => theirs.push(entry),
            }
        }
        let newest = theirs.iter().max_by_key(|entry| entry.position())?;
        Some(((*newest).clone(), theirs.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, MessageKind, OptOutManagement, PhoneNumber, Position, Timestamp};

    fn text(customer: u8, at: u64) -> TimelineEntry {
        TimelineEntry::Message(Message {
            conversation: format!("{customer:032x}").parse().unwrap(),
            position: Position::new(Timestamp::from_millis(at), 0),
            line: PhoneNumber::e164("+14255550100").unwrap(),
            text: "hello".to_owned(),
            kind: MessageKind::Inbound { opt_outs: OptOutManagement::ByTheService, while_blocked: false },
        })
    }

    #[test]
    fn a_customer_is_one_group_at_the_newest_of_their_entries() {
        let feed = RecentFeed::new(vec![text(1, 5), text(2, 4), text(1, 3), text(1, 2)], false);
        assert_eq!(feed.by_customer(), [(&text(1, 5), 2), (&text(2, 4), 0)]);
    }

    #[test]
    fn what_the_feed_has_not_yet_is_counted_once_and_what_is_below_it_not_at_all() {
        let of = |feed: &RecentFeed, known: &[TimelineEntry]| {
            feed.of_customer(text(1, 0).conversation(), known)
                .map(|(newest, more)| (newest.position().at.as_millis(), more))
        };
        let known = [text(1, 6), text(1, 5), text(1, 1)];
        let entries = vec![text(1, 5), text(2, 4), text(1, 3)];
        assert_eq!(of(&RecentFeed::new(entries.clone(), true), &known), Some((6, 2)));
        assert_eq!(of(&RecentFeed::new(entries, false), &known), Some((6, 3)));
        assert_eq!(of(&RecentFeed::new(vec![text(2, 4)], true), &[text(1, 1)]), None, "it is no row");
    }
}
