use domain::{Notification, Page};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::conversation::conversation_address;
use crate::icon::{Icon, icon};
use crate::moment::{Shape, moment};
use crate::older::older;
use crate::person::{called, person};
use crate::text::text;

/// A page of the feed: an element for each notification, newest first, to be merged into a list.
#[must_use]
pub fn notification_rows(page: &Page<Notification>, next: Option<&str>, viewer: &Viewer) -> Markup {
    html! {
        @if page.items.is_empty() && next.is_none() {
            li.empty id="notifications-empty" { "Nothing in the last 30 days. When a customer texts one of your numbers, it shows here." }
        }
        @for notification in &page.items { (row(notification, viewer)) }
        (older("notifications", next, page.items.last().map(|last| last.message.position), "Show earlier ones"))
    }
}

fn row(Notification { message, conversation }: &Notification, viewer: &Viewer) -> Markup {
    // The latest of a customer's texts says that they wait; those before it are not marked with it.
    // One that came late can have an answer of ours after it: then it is not known which it is.
    let latest = conversation.last_is_ours || message.position == conversation.last;
    let waits = conversation.unanswered > 0 && latest;
    html! {
        li.row.waits[waits] id={ "notification-" (message.position) } data-key=(message.position) {
            span.row-mark { (icon(Icon::Bubble)) @if waits { span.dot {} } span.visually-hidden { "SMS" @if waits { ", needs an answer" } } }
            div.row-who { (person(conversation, viewer)) }
            p.row-text { (text(&message.text)) }
            div.row-when { (moment(message.position.at, Shape::Ago)) }
            a.button.go.row-go href=(conversation_address(conversation.id)) aria-label={ "View Conversation with " (called(conversation, viewer)) } { "View Conversation" }
        }
    }
}

/// The fields are described in the README of `list-notifications`.
#[must_use]
pub fn notification_json(Notification { message, conversation }: &Notification, viewer: &Viewer) -> Value {
    json!({
        "id": message.position,
        "kind": "sms",
        "at": message.position.at.to_string(),
        "text": message.text,
        "conversation": conversation.id,
        "name": conversation.name,
        "number": conversation.number,
        "number_shown": conversation.number.shown_in(viewer.region),
        "line": message.line,
        "unanswered": conversation.unanswered,
    })
}
