use domain::{OptOut, Page, TimelineEntry};
use maud::{Markup, html};
use serde_json::Value;

use crate::Viewer;
use crate::call::{call_json, call_line};
use crate::message::{message, message_json};
use crate::older::older;
use crate::opt_out::opt_out_line;

/// Renders a page of a conversation, oldest entry first: elements to merge into the thread.
///
/// An opt-out that staff recorded is a line between the messages, at the time of the opt-out.
#[must_use]
pub fn events(page: &Page<TimelineEntry>, out: Option<&OptOut>, next: Option<&str>, viewer: &Viewer) -> Markup {
    let lowest = page.items.last().map(TimelineEntry::position);
    html! {
        (older("messages", next, lowest, "Show earlier messages"))
        @for item in page.items.iter().rev() { (event(item, viewer)) }
        @if let Some(out) = out.filter(|out| next.is_none() || lowest.is_some_and(|lowest| lowest < out.at)) {
            (opt_out_line(out))
        }
    }
}

/// Renders one message or call of a conversation.
#[must_use]
pub fn event(event: &TimelineEntry, viewer: &Viewer) -> Markup {
    match event {
        TimelineEntry::Message(said) => message(said, viewer),
        TimelineEntry::Call(call) => call_line(call),
    }
}

/// Returns a timeline entry as JSON. The README of `fetch-conversation` describes the fields.
#[must_use]
pub fn event_json(event: &TimelineEntry, viewer: &Viewer) -> Value {
    match event {
        TimelineEntry::Message(said) => message_json(said, viewer),
        TimelineEntry::Call(call) => call_json(call),
    }
}
