use domain::{Call, ConversationSummary, Message, Notification, NotificationGroup, Page, TimelineEntry};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::{appointment_time, next_appointment, next_appointment_json};
use crate::conversation::{conversation_address, not_delivered};
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::older::older;
use crate::person::{called, person};
use crate::text::message_text;

/// Renders a page of notifications, newest first: list rows to merge into a list.
#[must_use]
pub fn notification_rows(page: &Page<Notification>, next: Option<&str>, viewer: &Viewer) -> Markup {
    html! {
        @if page.items.is_empty() && next.is_none() {
            (empty())
        }
        @for notification in &page.items { (row(notification, viewer)) }
        (older("notifications", next, page.items.last().map(|last| last.event.position()), "Show earlier ones"))
    }
}

/// Renders the recent notifications, one row per customer, newest first, to merge into a list.
#[must_use]
pub fn notification_groups(groups: &[NotificationGroup], viewer: &Viewer) -> Markup {
    html! {
        @if groups.is_empty() { (empty()) }
        @for group in groups { (group_row(group, viewer)) }
    }
}

fn empty() -> Markup {
    html! {
        li.empty id="notifications-empty" { "Nothing in the last 30 days. When a customer texts one of your numbers, or answers a confirmation call, it shows here." }
    }
}

pub(crate) fn row(notification: &Notification, viewer: &Viewer) -> Markup {
    row_of(notification, &format!("notification-{}", notification.event.position()), 0, viewer)
}

/// Renders the row of a customer. The row's id comes from the conversation, so the row of a newer notification replaces
/// it.
pub(crate) fn group_row(NotificationGroup { newest, more }: &NotificationGroup, viewer: &Viewer) -> Markup {
    row_of(newest, &format!("recent-{}", newest.event.conversation()), *more, viewer)
}

fn row_of(Notification { event, conversation }: &Notification, id: &str, more: usize, viewer: &Viewer) -> Markup {
    let is_asked = is_asked(event, conversation);
    let waits = is_asked && conversation.unanswered > 0;
    let (mark, kind) = match event {
        TimelineEntry::Message(_) => (Icon::Bubble, "SMS"),
        TimelineEntry::Call(_) => (Icon::Phone, "Call"),
    };
    html! {
        li.row.waits[waits] id=(id) data-key=(event.position()) {
            span.row-mark { (icon(mark)) @if waits { span.dot {} } span.visually-hidden { (kind) @if waits { ", needs an answer" } } }
            div.row-who {
                (person(conversation, viewer))
                @if let Some(next) = &conversation.next {
                    span.row-next {
                        // The call's outcome is below. The appointment's status now may differ, so it is left out.
                        @if matches!(event, TimelineEntry::Call(_)) { (appointment_time(next)) } @else { (next_appointment(next)) }
                    }
                }
            }
            p.row-text {
                @if is_asked && conversation.is_not_delivered(viewer.now) { (not_delivered("Answer not delivered")) " " }
                @match event {
                    TimelineEntry::Message(message) => (message_text(&message.text)),
                    TimelineEntry::Call(call) => (call.outcome.words()),
                }
            }
            @if more > 0 { span.row-more { "and " (more) " more" } }
            div.row-when { (moment(event.position().at, TimeFormat::Ago)) }
            a.button.go.row-go href=(conversation_address(conversation.id)) aria-label={ "View Conversation with " (called(conversation, viewer)) } { "View Conversation" }
        }
    }
}

/// Returns whether this is the latest entry that needed an answer. Earlier entries are not marked as waiting.
fn is_asked(event: &TimelineEntry, conversation: &ConversationSummary) -> bool {
    // Summaries that older versions wrote do not have the position.
    conversation.asked.unwrap_or(conversation.last) == event.position()
}

/// Returns a customer's notifications as JSON. The README of `list-notifications` describes the fields.
#[must_use]
pub fn notification_group_json(NotificationGroup { newest, more }: &NotificationGroup, viewer: &Viewer) -> Value {
    let mut json = notification_json(newest, viewer);
    json["more"] = json!(more);
    json
}

/// Returns a notification as JSON. The README of `list-notifications` describes the fields.
#[must_use]
pub fn notification_json(Notification { event, conversation }: &Notification, viewer: &Viewer) -> Value {
    let mut json = json!({
        "id": event.position(),
        "at": event.position().at.to_string(),
        "conversation": conversation.id,
        "name": conversation.name,
        "next_appointment": conversation.next.as_ref().map(next_appointment_json),
        "number": conversation.sender.number(),
        "number_shown": conversation.sender.shown_in(viewer.region),
        "line": event.line(),
        "unanswered": conversation.unanswered,
        "not_delivered": conversation.is_not_delivered(viewer.now),
    });
    let more = match event {
        TimelineEntry::Message(Message { text, .. }) => json!({"kind": "sms", "text": text}),
        TimelineEntry::Call(Call { outcome, appointment, .. }) => {
            json!({"kind": "call", "text": outcome.words(), "outcome": outcome, "appointment": appointment})
        }
    };
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}
