use domain::{Message, MessageKind, Told};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::moment::{Shape, moment};
use crate::opt_out::wish_line;
use crate::text::text;

/// A message in a conversation, to be merged into the thread.
#[must_use]
pub fn message(message: &Message, viewer: &Viewer) -> Markup {
    let (side, by) = match &message.kind {
        MessageKind::Inbound => ("theirs", None),
        MessageKind::Outbound { by, .. } => ("ours", Some(by)),
    };
    html! {
        li.message.(side) id={ "message-" (message.position) } data-key=(message.position) data-at=(message.position.at) {
            p.bubble { span.visually-hidden { @if by.is_some() { "We wrote: " } @else { "They wrote: " } } (text(&message.text)) }
            p.meta {
                @if let Some(by) = by { span.by { (by) } " " }
                (moment(message.position.at, Shape::Clock))
                @if let Some(told) = told(message, viewer) { " " (mark(told)) }
            }
            (wish_line(message))
        }
    }
}

fn told(message: &Message, viewer: &Viewer) -> Option<Told> {
    match &message.kind {
        MessageKind::Inbound => None,
        MessageKind::Outbound { progress, .. } => Some(progress.told(message.position.at, viewer.now)),
    }
}

/// The state of a message at a glance, with the words behind it. What someone must know is said
/// outright; what went as it should is a mark.
fn mark(told: Told) -> Markup {
    html! {
        @match told {
            Told::Sending => span.state.sending title="Sending…" { span aria-hidden="true" { "○" } span.visually-hidden { "Sending" } },
            Told::Sent { .. } => span.state.sent title="Sent to the carrier" { span aria-hidden="true" { "✓" } span.visually-hidden { "Sent to the carrier" } },
            Told::Failed(refusal) => span.state.failed { (refusal.sentence()) },
            Told::Unconfirmed => span.state.unconfirmed { "We don't know whether this went out. It will not be sent again by itself." },
        }
    }
}

/// The fields are described in the README of `fetch-conversation`.
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
    let more = match (&message.kind, told(message, viewer)) {
        (MessageKind::Outbound { by, .. }, Some(told)) => {
            let (status, reason) = match told {
                Told::Sending => ("queued", None),
                Told::Sent { .. } => ("sent", None),
                Told::Failed(refusal) => ("failed", Some(refusal.sentence())),
                Told::Unconfirmed => ("unconfirmed", None),
            };
            json!({"direction": "outbound", "by": by, "status": status, "reason": reason})
        }
        _ => json!({"direction": "inbound"}),
    };
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}
