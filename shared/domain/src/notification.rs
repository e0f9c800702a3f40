use crate::{ConversationId, ConversationSummary, TimelineEntry};

/// Something of a customer's that staff are told of, an inbound message or how a confirmation call
/// ended, with whom it is about.
#[derive(Clone, Debug)]
pub struct Notification {
    pub event: TimelineEntry,
    pub conversation: ConversationSummary,
}

/// Several notifications of one customer as one: the newest, and how many more there are.
#[derive(Clone, Debug)]
pub struct NotificationGroup {
    pub newest: Notification,
    pub more: usize,
}

/// The newest entries of a company's feed, so many that those of one customer leave others in it. Newest first.
#[derive(Clone, Debug)]
pub struct RecentFeed {
    entries: Vec<TimelineEntry>,
    /// Whether older entries were left out.
    is_cut: bool,
}

impl RecentFeed {
    /// How many entries it has at most.
    pub const MOST: usize = 100;

    #[must_use]
    pub fn new(entries: Vec<TimelineEntry>, is_cut: bool) -> Self {
        Self { entries, is_cut }
    }

    /// Each customer's newest entry, and how many more they have here. Newest first.
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

    /// The same of one customer, of whom some of the newest entries are known for sure: the feed may not have them yet.
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
