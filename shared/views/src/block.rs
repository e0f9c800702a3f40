use domain::{Block, BlockedNumber, ConversationCustomer, Page};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::conversation::{conversation_address, conversation_json};
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::older::older;
use crate::person::{customer_name, person};
use crate::text::message_text;

/// Renders a page of blocked numbers, latest first: list rows to merge into a list.
#[must_use]
pub fn blocked_rows(page: &Page<BlockedNumber>, next: Option<&str>, viewer: &Viewer) -> Markup {
    html! {
        @if page.items.is_empty() && next.is_none() {
            li.empty id="blocked-empty" { "No number is blocked. To block one, open its conversation." }
        }
        @for blocked in &page.items { (row(blocked, viewer)) }
        (older("blocked", next, page.items.last().map(|last| last.block.since), "Show earlier ones"))
    }
}

fn row(BlockedNumber { conversation, block, customer: with }: &BlockedNumber, viewer: &Viewer) -> Markup {
    let number = block.sender.as_ref().map(|sender| sender.shown_in(viewer.region));
    html! {
        li.row id={ "blocked-" (conversation) } data-key=(block.since) {
            span.row-mark { (icon(Icon::Bubble)) }
            div.row-who {
                @match (with, &number) {
                    (Some(ConversationCustomer::Conversation(conversation)), _) => (person(conversation, viewer)),
                    (Some(ConversationCustomer::Customer(customer)), _) => {
                        (customer_name(customer.name(viewer.now).as_deref(), &customer.number.shown_in(viewer.region)))
                    }
                    (None, Some(number)) => (customer_name(None, number)),
                    (None, None) => strong.name { "A number whose customer was erased" },
                }
                span.row-next { "blocked " (moment(block.since.at, TimeFormat::Day)) " by " (block.by) }
            }
            p.row-text {
                @match with {
                    Some(ConversationCustomer::Conversation(conversation)) => {
                        @if conversation.last_is_ours { "You: " }
                        (message_text(&conversation.last_text))
                    }
                    Some(ConversationCustomer::Customer(_)) | None => "Nothing in the last 30 days",
                }
            }
            div.row-go {
                @if with.is_some() { a.button href=(conversation_address(*conversation)) { "View Conversation" } }
                form hx-delete={ "/api/conversations/" (conversation) "/block" } hx-target="closest li" hx-swap="delete" hx-disable="find button" {
                    button.button type="submit" { "Unblock" }
                }
            }
        }
    }
}

/// Renders the notice that a number is blocked, in place of the composer.
pub(crate) fn block_line(conversation: domain::ConversationId, block: &Block) -> Markup {
    html! {
        form.blocked hx-delete={ "/api/conversations/" (conversation) "/block" } hx-target="#messages" hx-swap="merge" hx-disable="find button" {
            (icon(Icon::Warning))
            span {
                strong { "This number is blocked" } " since " (moment(block.since.at, TimeFormat::Day)) " by " (block.by)
                ". What it sends is kept here, and nobody is told of it. After unblocking, only new texts are told of."
            }
            button.button type="submit" { "Unblock" }
        }
    }
}

/// Returns a block as JSON. The README of `fetch-conversation` describes the fields.
#[must_use]
pub fn block_json(block: Option<&Block>) -> Value {
    json!(block.map(|block| json!({"since": block.since.at.to_string(), "by": block.by})))
}

/// Returns a blocked number as JSON. The README of `list-conversations` describes the fields.
#[must_use]
pub fn blocked_number_json(
    BlockedNumber { conversation, block, customer: with }: &BlockedNumber,
    viewer: &Viewer,
) -> Value {
    let mut json = match with {
        Some(ConversationCustomer::Conversation(conversation)) => conversation_json(conversation, viewer),
        Some(ConversationCustomer::Customer(customer)) => json!({"name": customer.name(viewer.now)}),
        None => json!({}),
    };
    json["conversation"] = json!(conversation);
    if json.get("number").is_none() {
        json["number"] = json!(block.sender.as_ref().and_then(|sender| sender.number()));
        json["number_shown"] = json!(block.sender.as_ref().map(|sender| sender.shown_in(viewer.region)));
    }
    json["blocked"] = block_json(Some(block));
    json
}
