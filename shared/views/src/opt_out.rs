use domain::{Block, ConversationId, Keyword, Message, OptOut, OptOutCause, TextingObstacle};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::appointment::reason;
use crate::block::block_line;
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};

/// Renders the notice at the composer: the number is blocked, or the customer cannot be texted. Empty if the customer
/// can be texted.
///
/// The page replaces its notice with this one, whichever response contains it. `no_texting` is a reason other than a
/// block or an opt-out, with the number for its sentence.
#[must_use]
pub fn composer_place(
    conversation: ConversationId,
    block: Option<&Block>,
    out: Option<&OptOut>,
    no_texting: Option<&(TextingObstacle, String)>,
) -> Markup {
    html! {
        div.opt-out id="opt-out" role="status" data-blocked[block.is_some()] data-opted-out[out.is_some() || no_texting.is_some()] hx-swap-oob="true" {
            @if let Some(block) = block { (block_line(conversation, block)) }
            @if let Some(out) = out {
                p {
                    (icon(Icon::Warning))
                    span {
                        strong { "Opted out of texts: " } (out.cause.words()) ", " (moment(out.since(), TimeFormat::Day)) ". " (OptOut::HOW_TO_RESUBSCRIBE)
                    }
                }
            } @else if let Some((why, number)) = no_texting {
                p { (icon(Icon::Warning)) span { (why.sentence(number)) } }
            }
        }
    }
}

/// Renders the line in a conversation for an opt-out that staff recorded.
///
/// Other opt-outs are visible as a message: the customer's keyword or the rejected text. There is at most one such
/// line, since only the latest opt-out state is stored.
pub(crate) fn opt_out_line(out: &OptOut) -> Markup {
    html! {
        @if let OptOutCause::Staff { by } = &out.cause {
            li.message.call id="opt-out-line" data-key=(out.at) data-at=(out.since()) {
                p.call-line {
                    span.call-outcome { "Opted out of texts, as they told " (by) }
                    (moment(out.since(), TimeFormat::Clock))
                }
            }
        }
    }
}

/// Renders the response to a recorded opt-out, to merge into the conversation.
#[must_use]
pub fn opt_out_banner(conversation: ConversationId, block: Option<&Block>, out: Option<&OptOut>) -> Markup {
    html! {
        (composer_place(conversation, block, out, None))
        @if let Some(out) = out { (opt_out_line(out)) }
    }
}

/// Renders the effect of a message's SMS keyword, below the message.
pub(crate) fn wish_line(message: &Message) -> Markup {
    html! {
        @match message.keyword() {
            Some(keyword) if keyword.may_mean_an_appointment() => form.keyword.done hx-post={ "/api/conversations/" (message.conversation) "/done" }
                hx-vals=(json!({"through": message.position})) hx-swap="none" hx-disable="find button" {
                "Opted out of texts. " span.open { "They may mean their appointment: cancel it, or call them. " button.as-link type="submit" { "Done" } }
            },
            Some(Keyword::Stop(_)) => p.keyword { "Opted out of texts" },
            Some(Keyword::Start) => p.keyword.opts-in { "Opted in again" },
            Some(Keyword::SeemsToStop) => form.keyword.seems-to-stop hx-post={ "/api/conversations/" (message.conversation) "/opt-out" }
                method="post" hx-target="#messages" hx-swap="merge" hx-disable="find button" {
                "They seem to want to unsubscribe. " button.as-link type="submit" { "Opt them out" }
            },
            Some(Keyword::MayBeStopped(word)) => p.keyword.may-be-stopped {
                "It begins with " (word) ": the SMS service may take it for an opt-out, and refuse your next text."
            },
            Some(Keyword::Help) | None => {},
        }
    }
}

/// Returns why a customer cannot be texted as JSON. The README of `fetch-conversation` describes the fields.
#[must_use]
pub fn no_texting_json(no_texting: Option<&(TextingObstacle, String)>) -> Value {
    json!(no_texting.map(|(why, number)| json!({"reason": reason(*why), "message": why.sentence(number)})))
}

/// Returns an opt-out as JSON. The README of `fetch-conversation` describes the fields.
#[must_use]
pub fn opt_out_json(out: Option<&OptOut>) -> Value {
    let Some(out) = out else { return Value::Null };
    let (cause, keyword, by) = match &out.cause {
        OptOutCause::Keyword { word } => ("keyword", Some(word), None),
        OptOutCause::Refused { word } => ("refused", word.as_ref(), None),
        OptOutCause::Staff { by } => ("staff", None, Some(by)),
    };
    json!({"since": out.since().to_string(), "cause": cause, "keyword": keyword, "by": by})
}
