//! What pages that are open are sent of a change: for each kind of list a row of it. How a page takes
//! them is described in the README of `live`.

use domain::{
    AppointmentId, Block, ConversationId, ConversationSummary, CustomerRef, Notification, NotificationGroup, OptOut,
    TimelineEntry,
};
use maud::{Markup, html};

use crate::Viewer;
use crate::conversation::{conversation_head, row as conversation_row};
use crate::event::event;
use crate::notification::{group_row, row as notification_row};
use crate::opt_out::{composer_place, opt_out_line};

/// What a page may show, and be sent something for.
#[derive(Clone, Copy, Debug)]
pub enum LiveUpdate<'a> {
    /// Of a conversation that is open.
    Event(&'a TimelineEntry),
    Notification(&'a Notification),
    /// Where each customer is one row.
    Recent(&'a NotificationGroup),
    Conversation(&'a ConversationSummary),
    /// What stands above a conversation that is open.
    Head(ConversationId, &'a CustomerRef),
    /// Whether its customer gets texts and its number is blocked, where one would be written.
    OptOut(ConversationId, Option<&'a Block>, Option<&'a OptOut>),
    /// That they told a member of staff so, among the messages.
    OptOutLine(ConversationId, &'a OptOut),
}

impl LiveUpdate<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) | Self::OptOutLine(..) => "messages",
            Self::Notification(_) => "notifications",
            Self::Recent(_) => "recent",
            Self::Conversation(_) => "conversations",
            Self::Head(..) => "head",
            Self::OptOut(..) => "opt-out",
        }
    }

    /// Whose page it is for, if not every page's that has such a list.
    fn only_of(&self) -> Option<ConversationId> {
        match self {
            Self::Event(event) => Some(event.conversation()),
            Self::Head(conversation, _) | Self::OptOut(conversation, ..) | Self::OptOutLine(conversation, _) => {
                Some(*conversation)
            }
            Self::Notification(_) | Self::Recent(_) | Self::Conversation(_) => None,
        }
    }

    /// It, as pages render it themselves.
    #[must_use]
    pub fn piece(&self, viewer: &Viewer) -> Markup {
        html! {
            template data-live=(self.kind()) data-conversation=[self.only_of()] {
                @match self {
                    Self::Event(of) => (event(of, viewer)),
                    Self::Notification(notification) => (notification_row(notification, viewer)),
                    Self::Recent(group) => (group_row(group, viewer)),
                    Self::Conversation(conversation) => (conversation_row(conversation, viewer)),
                    Self::Head(_, with) => (conversation_head(with, viewer)),
                    Self::OptOut(conversation, block, out) => (composer_place(*conversation, *block, *out, None)),
                    Self::OptOutLine(_, out) => (opt_out_line(out)),
                }
            }
        }
    }

    /// What pages that show appointments are sent when one has changed: which, and nothing of it, since
    /// what they show of it depends on the day and on what somebody is writing.
    #[must_use]
    pub fn appointment(id: &AppointmentId) -> Markup {
        html! { template data-live="appointments" data-appointment=(id) data-refresh {} }
    }

    /// What every page is sent when all that was held of a customer was erased.
    #[must_use]
    pub fn erasure_fragment(conversation: ConversationId) -> Markup {
        html! { template data-live="erased" data-conversation=(conversation) {} }
    }

    /// What every page is sent of a number that is blocked: it is in no list but that of what is blocked.
    #[must_use]
    pub fn blocked(conversation: ConversationId) -> Markup {
        html! { template data-live="not-listed" data-conversation=(conversation) {} (Self::ask_again("blocked")) }
    }

    /// What every page is sent of a number that is blocked no more.
    #[must_use]
    pub fn unblocked() -> Markup {
        html! { @for list in ["blocked", "conversations", "notifications", "recent"] { (Self::ask_again(list)) } }
    }

    /// That a list of some kind is to be asked for again.
    #[must_use]
    pub fn ask_again(list: &str) -> Markup {
        html! { template data-live=(list) data-refresh {} }
    }

    /// Instead of it: that there is something to be asked for.
    #[must_use]
    pub fn hint(&self) -> Markup {
        html! { template data-live=(self.kind()) data-conversation=[self.only_of()] data-refresh {} }
    }
}
