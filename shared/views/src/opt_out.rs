use domain::{Block, ConversationId, Keyword, Message, OptOut, OptOutCause, TextingObstacle};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::appointment::reason;
use crate::block::block_line;
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};

/// Why a customer gets no texts, above what nobody can write then, or that their number is blocked, in its place; empty
/// where they do. Replaces the one that is there, whatever it came with. `no_texting` is why their number could not be
/// texted otherwise.
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

/// Where in a conversation it was that a customer told a member of staff. What they wrote themselves, and
/// what was refused, stands there as a message. There is one such line: the latest word is all that is kept.
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

/// The answer to whoever noted it, to be merged into the conversation.
#[must_use]
pub fn opt_out_banner(conversation: ConversationId, block: Option<&Block>, out: Option<&OptOut>) -> Markup {
    html! {
        (composer_place(conversation, block, out, None))
        @if let Some(out) = out { (opt_out_line(out)) }
    }
}

/// What a message says of whether its writer wants texts, beneath it.
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

/// The fields are described in the README of `fetch-conversation`.
#[must_use]
pub fn no_texting_json(no_texting: Option<&(TextingObstacle, String)>) -> Value {
    json!(no_texting.map(|(why, number)| json!({"reason": reason(*why), "message": why.sentence(number)})))
}

/// The fields are described in the README of `fetch-conversation`.
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
