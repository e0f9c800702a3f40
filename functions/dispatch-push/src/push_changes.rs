//! The changes of a stream batch that concern push notifications.

use domain::{PushTest, StaffId, SubscriptionId, Timestamp, TokenHash};
use store::{Change, SessionEnd};

use crate::push_event::PushEvent;

/// The changes of one company that concern push notifications, in order.
#[derive(Default)]
pub(crate) struct PushChanges {
    /// The newest event of each conversation for the same recipients. It replaces the earlier events.
    pub(crate) news: Vec<PushEvent>,
    pub(crate) endings: Vec<SubscriptionsToDelete>,
    pub(crate) tests: Vec<(StaffId, SubscriptionId, PushTest)>,
    pub(crate) added: Vec<AddedBrowser>,
}

/// A browser in which a member of staff turned notifications on.
pub(crate) struct AddedBrowser {
    pub(crate) staff: StaffId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) name: String,
    pub(crate) at: Timestamp,
}

/// The push subscriptions to delete.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionsToDelete {
    /// The subscriptions that were last refreshed in this session.
    Session(StaffId, TokenHash),
    /// The subscriptions of a member of staff: those of sessions that began before a time, or all of them with `None`.
    Staff(StaffId, Option<Timestamp>),
}

impl PushChanges {
    pub(crate) fn from_changes(changes: Vec<Change>) -> Self {
        let mut push_changes = Self::default();
        for change in changes {
            push_changes.take(change);
        }
        push_changes
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Event { event, before, .. } => {
                if let Some(news) = PushEvent::from_change(before.as_deref(), &event) {
                    self.add_event(news);
                }
            }
            Change::PushTest { staff, subscription, test, .. } => self.tests.push((staff, subscription, test)),
            Change::BrowserAdded { staff, subscription, name, at, .. } => {
                self.added.push(AddedBrowser { staff, subscription, name, at });
            }
            Change::SessionEnded { staff, session, how: SessionEnd::SignedOut, .. } => {
                self.endings.push(SubscriptionsToDelete::Session(staff, session));
            }
            Change::StaffSignedOut { staff, before, .. } => {
                self.endings.push(SubscriptionsToDelete::Staff(staff, before));
            }
            // The end of a session by expiry ends no subscription, because a browser is also notified while nobody uses
            // it.
            Change::SessionEnded { how: SessionEnd::RanOut, .. }
            | Change::Head { .. }
            | Change::OptOut { .. }
            | Change::Block { .. }
            | Change::Person { .. }
            | Change::Erased { .. }
            | Change::Appointment { .. } => {}
        }
    }

    fn add_event(&mut self, news: PushEvent) {
        let is_replaced =
            |known: &&mut PushEvent| known.conversation == news.conversation && known.only_for() == news.only_for();
        match self.news.iter_mut().find(is_replaced) {
            Some(known) if known.position > news.position => {}
            Some(known) => *known = news,
            None => self.news.push(news),
        }
    }
}
