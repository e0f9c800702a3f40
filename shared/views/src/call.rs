use domain::Call;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};

/// Renders a call in a conversation, as a line between the message bubbles.
pub(crate) fn call_line(call: &Call) -> Markup {
    html! {
        li.message.call id={ "call-" (call.position) } data-key=(call.position) data-at=(call.position.at) {
            p.call-line {
                (icon(Icon::Phone))
                span.call-outcome { (call.outcome.words()) }
                (moment(call.position.at, TimeFormat::Clock))
                @if call.while_blocked { span.while-blocked { "while blocked" } }
            }
        }
    }
}

/// Returns a call as JSON. The README of `fetch-conversation` describes the fields.
pub(crate) fn call_json(call: &Call) -> Value {
    json!({
        "id": call.position,
        "kind": "call",
        "conversation": call.conversation,
        "at": call.position.at.to_string(),
        "line": call.line,
        "text": call.outcome.words(),
        "outcome": call.outcome,
        "appointment": call.appointment,
        "while_blocked": call.while_blocked,
    })
}
