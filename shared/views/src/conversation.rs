use domain::{ConversationCustomer, ConversationId, ConversationSummary, Page};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::{appointment_address, next_appointment, next_appointment_json};
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::older::older;
use crate::person::{person, to_call};
use crate::text::message_text;

/// Returns the portal's URL path of a conversation.
#[must_use]
pub fn conversation_address(id: ConversationId) -> String {
    format!("/conversation.html?c={id}")
}

/// Renders a page of the inbox, latest first: list rows to merge into a list.
#[must_use]
pub fn conversation_rows(page: &Page<ConversationSummary>, next: Option<&str>, viewer: &Viewer) -> Markup {
    html! {
        @if page.items.is_empty() && next.is_none() {
            li.empty id="conversations-empty" { "No conversations in the last 30 days. Write to a customer, or wait for one to text you." }
        }
        @for conversation in &page.items { (row(conversation, viewer)) }
        (older("conversations", next, page.items.last().map(|last| last.id.place_in_inbox(last.last)), "Show earlier ones"))
    }
}

pub(crate) fn row(conversation: &ConversationSummary, viewer: &Viewer) -> Markup {
    let waits = conversation.unanswered > 0;
    html! {
        li.conversation.waits[waits] id={ "conversation-" (conversation.id) } data-key=(conversation.id.place_in_inbox(conversation.last)) {
            a href=(conversation_address(conversation.id)) data-conversation=(conversation.id) {
                span.conversation-who {
                    @if waits { span.dot {} span.visually-hidden { "Needs an answer: " } }
                    (person(conversation, viewer))
                }
                span.conversation-when { (moment(conversation.last.at, TimeFormat::Ago)) }
                span.conversation-text {
                    @if conversation.last_call.is_some() { (icon(Icon::Phone)) span.visually-hidden { "Call: " } }
                    @if conversation.is_not_delivered(viewer.now) { (not_delivered("Not delivered")) " " }
                    @if conversation.last_is_ours { span.you { "You: " } }
                    (message_text(&conversation.last_text))
                }
                @if let Some(next) = &conversation.next { span.conversation-next { (next_appointment(next)) } }
                @if waits { span.count { (conversation.unanswered) span.visually-hidden { " unanswered" } } }
            }
        }
    }
}

/// Renders the notice that the customer did not receive the last outbound message.
pub(crate) fn not_delivered(words: &str) -> Markup {
    html! { strong.not-delivered { (words) } }
}

/// Renders the header of a conversation: the customer, their next appointment and the line. The page replaces its
/// header with this one, whichever response contains it.
#[must_use]
pub fn conversation_head(with: &ConversationCustomer, viewer: &Viewer) -> Markup {
    let (who, next) = match with {
        ConversationCustomer::Conversation(conversation) => {
            let who = match conversation.sender.number() {
                Some(number) => to_call(conversation.name.as_deref(), number, viewer),
                None => person(conversation, viewer),
            };
            (who, conversation.next.clone())
        }
        ConversationCustomer::Customer(customer) => {
            (to_call(customer.name(viewer.now).as_deref(), &customer.number, viewer), customer.next(viewer.now))
        }
    };
    let conversation = match with {
        ConversationCustomer::Conversation(conversation) => Some(conversation),
        ConversationCustomer::Customer(_) => None,
    };
    let waits = conversation.is_some_and(|conversation| conversation.unanswered > 0);
    let is_not_delivered = conversation.is_some_and(|conversation| conversation.is_not_delivered(viewer.now));
    html! {
        header.thread-head id="conversation-head" data-unanswered[waits] hx-swap-oob="true" {
            h1 { (who) }
            @if let Some(next) = &next {
                p.thread-next { a href=(appointment_address(&next.id)) { (next_appointment(next)) } }
            }
            p.thread-line {
                @if is_not_delivered { (not_delivered("Not delivered")) " · " }
                @match conversation {
                    Some(conversation) => { "texts " span.wide { "your number " } span.number { (conversation.line.shown_in(viewer.region)) } }
                    None => "No texts in the last 30 days"
                }
            }
        }
    }
}

/// Returns a conversation summary as JSON. The README of `list-conversations` describes the fields.
#[must_use]
pub fn conversation_json(conversation: &ConversationSummary, viewer: &Viewer) -> Value {
    let (at, text) = (conversation.last.at.to_string(), &conversation.last_text);
    let last = if let Some(outcome) = conversation.last_call {
        json!({"kind": "call", "at": at, "text": text, "outcome": outcome})
    } else {
        let direction = if conversation.last_is_ours { "outbound" } else { "inbound" };
        json!({"kind": "sms", "at": at, "text": text, "direction": direction})
    };
    json!({
        "conversation": conversation.id,
        "name": conversation.name,
        "next_appointment": conversation.next.as_ref().map(next_appointment_json),
        "number": conversation.sender.number(),
        "number_shown": conversation.sender.shown_in(viewer.region),
        "line": conversation.line,
        "last": last,
        "unanswered": conversation.unanswered,
        "not_delivered": conversation.is_not_delivered(viewer.now),
    })
}
