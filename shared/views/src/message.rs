use domain::{DeliveryStatus, Message, MessageKind, Position};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::moment::{TimeFormat, moment};
use crate::opt_out::wish_line;
use crate::text::message_text;

/// Renders a message in a conversation, to merge into the thread.
#[must_use]
pub fn message(message: &Message, viewer: &Viewer) -> Markup {
    let (side, by) = match &message.kind {
        MessageKind::Inbound { .. } => ("theirs", None),
        MessageKind::Outbound { by, .. } => ("ours", Some(by)),
    };
    html! {
        li.message.(side) id={ "message-" (message.position) } data-key=(message.position) data-at=(message.position.at) {
            p.bubble { span.visually-hidden { @if by.is_some() { "We wrote: " } @else { "They wrote: " } } (message_text(&message.text)) }
            p.meta {
                @if let Some(by) = by { span.by { (by) } " " }
                @if resend_of(message).is_some() { span.by { "sent again" } " " }
                (moment(message.position.at, TimeFormat::Clock))
                @if arrived_while_blocked(message) { " " span.while-blocked { "came while blocked" } }
                @if let Some(told) = delivery_status(message, viewer) { " " (mark(told)) }
                @if tried_again(message).is_some() { span.tried-again { "Sent again." } }
                @if message.may_be_sent_again(viewer.now) { (send_again(message)) }
            }
            (wish_line(message))
        }
    }
}

pub(crate) fn delivery_status(message: &Message, viewer: &Viewer) -> Option<DeliveryStatus> {
    match &message.kind {
        MessageKind::Inbound { .. } => None,
        MessageKind::Outbound { progress, .. } => Some(progress.delivery_status(message.position.at, viewer.now)),
    }
}

fn arrived_while_blocked(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Inbound { while_blocked: true, .. })
}

/// Returns the position of the message that an outbound message repeats.
pub(crate) fn resend_of(message: &Message) -> Option<Position> {
    match message.kind {
        MessageKind::Inbound { .. } => None,
        MessageKind::Outbound { again, .. } => again,
    }
}

/// Returns the position of the message that repeats an outbound message.
fn tried_again(message: &Message) -> Option<Position> {
    match message.kind {
        MessageKind::Inbound { .. } => None,
        MessageKind::Outbound { tried_again, .. } => tried_again,
    }
}

/// Renders the "Send again" button. A message is sent again only if staff press it, and as a new message.
fn send_again(message: &Message) -> Markup {
    html! {
        button.again type="button" hx-post={ "/api/conversations/" (message.conversation) "/messages" }
            hx-vals=(json!({"again": message.position})) hx-target="#messages" hx-swap="merge" hx-disable="this" { "Send again" }
    }
}

/// Renders the delivery status of a message. A problem is a sentence; a normal status is a symbol with a tooltip.
pub(crate) fn mark(told: DeliveryStatus) -> Markup {
    html! {
        @match told {
            DeliveryStatus::Sending => span.state.sending title="Sending…" { span aria-hidden="true" { "○" } span.visually-hidden { "Sending" } },
            DeliveryStatus::Sent { at } => span.state.sent { span aria-hidden="true" title="Sent to the carrier" { "✓" } span.visually-hidden { "Sent to the carrier at " (moment(at, TimeFormat::Clock)) } },
            DeliveryStatus::Delivered { at } => span.state.delivered { span aria-hidden="true" title="Delivered" { "✓✓" } span.visually-hidden { "Delivered at " (moment(at, TimeFormat::Clock)) } },
            DeliveryStatus::Failed(refusal) => span.state.failed { span.sign aria-hidden="true" { "!" } (refusal.sentence()) },
            DeliveryStatus::Undelivered(why) => span.state.failed { span.sign aria-hidden="true" { "!" } (why.sentence()) },
            DeliveryStatus::Unconfirmed => span.state.unconfirmed { span.sign aria-hidden="true" { "?" } (DeliveryStatus::UNCONFIRMED) },
        }
    }
}

/// Returns a message as JSON. The README of `fetch-conversation` describes the fields.
#[must_use]
pub fn message_json(message: &Message, viewer: &Viewer) -> Value {
    let mut json = json!({
        "id": message.position,
        "kind": "sms",
        "conversation": message.conversation,
        "at": message.position.at.to_string(),
        "line": message.line,
        "text": message.text,
    });
    let more = match (&message.kind, delivery_status(message, viewer)) {
        (MessageKind::Outbound { by, .. }, Some(told)) => {
            let (status, reason) = match told {
                DeliveryStatus::Sending => ("queued", None),
                DeliveryStatus::Sent { .. } => ("sent", None),
                DeliveryStatus::Delivered { .. } => ("delivered", None),
                DeliveryStatus::Failed(refusal) => ("failed", Some(refusal.sentence())),
                DeliveryStatus::Undelivered(why) => ("failed", Some(why.sentence())),
                DeliveryStatus::Unconfirmed => ("unconfirmed", None),
            };
            json!({
                "direction": "outbound", "by": by, "status": status, "reason": reason,
                "again": resend_of(message), "tried_again": tried_again(message),
            })
        }
        _ => json!({"direction": "inbound", "while_blocked": arrived_while_blocked(message)}),
    };
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}
