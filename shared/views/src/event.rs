use domain::{Event, Page};
use maud::{Markup, html};
use serde_json::Value;

use crate::Viewer;
use crate::call::{call_json, call_line};
use crate::message::{message, message_json};
use crate::older::older;

/// A page of a conversation: an element for each message and call, oldest first as they are read,
/// to be merged into the thread.
#[must_use]
pub fn events(page: &Page<Event>, next: Option<&str>, viewer: &Viewer) -> Markup {
    html! {
        (older("messages", next, page.items.last().map(Event::position), "Show earlier messages"))
        @for item in page.items.iter().rev() { (event(item, viewer)) }
    }
}

/// One message or call of a conversation.
#[must_use]
pub fn event(event: &Event, viewer: &Viewer) -> Markup {
    match event {
        Event::Message(said) => message(said, viewer),
        Event::Call(call) => call_line(call),
    }
}

/// The fields are described in the README of `fetch-conversation`.
#[must_use]
pub fn event_json(event: &Event, viewer: &Viewer) -> Value {
    match event {
        Event::Message(said) => message_json(said, viewer),
        Event::Call(call) => call_json(call),
    }
}
