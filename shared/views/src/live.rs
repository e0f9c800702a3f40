//! The updates that open pages receive over the socket: a list row for each kind of list.
//!
//! The README of `live` describes how a page applies them.

use domain::{
    AppointmentId, Block, ConversationCustomer, ConversationId, ConversationSummary, Notification, NotificationGroup,
    OptOut, TimelineEntry,
};
use maud::{Markup, html};

use crate::Viewer;
use crate::conversation::{conversation_head, row as conversation_row};
use crate::event::event;
use crate::notification::{group_row, row as notification_row};
use crate::opt_out::{composer_place, opt_out_line};

/// An update of an element that an open page may show.
#[derive(Clone, Copy, Debug)]
pub enum LiveUpdate<'a> {
    /// An entry of an open conversation.
    Event(&'a TimelineEntry),
    Notification(&'a Notification),
    /// A row of the list with one row per customer.
    Recent(&'a NotificationGroup),
    Conversation(&'a ConversationSummary),
    /// The header of an open conversation.
    Head(ConversationId, &'a ConversationCustomer),
    /// The notice at the composer of a conversation: its number is blocked, or its customer has opted out.
    OptOut(ConversationId, Option<&'a Block>, Option<&'a OptOut>),
    /// The line among the messages for an opt-out that staff recorded.
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

    /// Returns the conversation whose pages receive the update; `None` if every page with such a list receives it.
    fn only_of(&self) -> Option<ConversationId> {
        match self {
            Self::Event(event) => Some(event.conversation()),
            Self::Head(conversation, _) | Self::OptOut(conversation, ..) | Self::OptOutLine(conversation, _) => {
                Some(*conversation)
            }
            Self::Notification(_) | Self::Recent(_) | Self::Conversation(_) => None,
        }
    }

    /// Renders the update as an element that pages can merge.
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

    /// Renders the update that an appointment has changed, for pages that show appointments.
    ///
    /// The update contains only the id. How a page shows the appointment depends on its day and on the reader's unsaved
    /// changes.
    #[must_use]
    pub fn appointment(id: &AppointmentId) -> Markup {
        html! { template data-live="appointments" data-appointment=(id) data-refresh {} }
    }

    /// Renders the update that a customer's data was erased, for all pages.
    #[must_use]
    pub fn erasure_fragment(conversation: ConversationId) -> Markup {
        html! { template data-live="erased" data-conversation=(conversation) {} }
    }

    /// Renders the update that a number was blocked, for all pages. The pages remove the number from all lists, and
    /// reload the list of blocked numbers.
    #[must_use]
    pub fn blocked(conversation: ConversationId) -> Markup {
        html! { template data-live="not-listed" data-conversation=(conversation) {} (Self::ask_again("blocked")) }
    }

    /// Renders the update that a number was unblocked, for all pages.
    #[must_use]
    pub fn unblocked() -> Markup {
        html! { @for list in ["blocked", "conversations", "notifications", "recent"] { (Self::ask_again(list)) } }
    }

    /// Renders the update that makes pages reload a kind of list.
    #[must_use]
    pub fn ask_again(list: &str) -> Markup {
        html! { template data-live=(list) data-refresh {} }
    }

    /// Renders the update without its content. Pages then load the content themselves.
    #[must_use]
    pub fn hint(&self) -> Markup {
        html! { template data-live=(self.kind()) data-conversation=[self.only_of()] data-refresh {} }
    }
}
