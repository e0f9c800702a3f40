use maud::{Markup, html};
use views::{Icon, icon};

use super::messages::{inbox, tabs};
use super::{HISTORY, HeaderLink, portal};

/// Renders a conversation, which the address gives as `?c=<conversation>`. `thread.js` adds the missing addresses.
pub(super) fn page() -> Markup {
    portal(
        "Conversation",
        HeaderLink::Messages,
        "centre centre-thread",
        &html! {
            section.pane.inbox aria-label="Conversations" {
                (tabs(true))
                (inbox())
            }
            section.pane.thread aria-label="Conversation" {
                (thread(Some("/messages.html")))
            }
        },
    )
}

/// Renders the messages of a conversation and the composer. `back` is the address of the back link on a phone.
pub(super) fn thread(back: Option<&str>) -> Markup {
    html! {
        div.thread-top {
            @if let Some(back) = back {
                a.back href=(back) { (icon(Icon::Back)) span.visually-hidden { "Back to all conversations" } }
            }
            header.thread-head id="conversation-head" { h1 { "Conversation" } }
            div.thread-actions {
                a.for-administrators id="to-history" href=(HISTORY) { "History" }
                (opting_out())
                (blocking())
            }
        }
        ol.messages id="messages" aria-live="polite" aria-label="Messages" tabindex="0" data-live="messages" data-merge="oldest-first"
            data-thread="/messages" hx-trigger="load, every 5s, refresh" hx-swap="merge" hx-config="timeout:10s" {}
        button.jump id="jump" type="button" hidden { "New message ↓" }
        (composer())
    }
}

/// Renders the form to opt out a customer who asks for it by phone or in person. The form takes two steps, since staff
/// cannot undo an opt-out.
fn opting_out() -> Markup {
    html! {
        details.opting-out {
            summary { "Opt out" }
            form data-thread="/opt-out" method="post" hx-target="#messages" hx-swap="merge" hx-disable="find button" {
                p { "Has this customer asked to be unsubscribed? Then nobody here can text them any more. Only they can resubscribe, by texting START." }
                button.button.stop type="submit" { "Opt them out" }
            }
        }
    }
}

/// Renders the form to block a number. The form takes two steps, since a block affects all staff.
fn blocking() -> Markup {
    html! {
        details.opting-out.blocking {
            summary { "Block" span.wide { " this number" } }
            form data-thread="/block" data-method="put" hx-target="#messages" hx-swap="merge" hx-disable="find button" {
                p { "What this number sends is kept, but nobody here is told of it, and nobody can text it. It is listed under Blocked numbers, where anybody here can unblock it." }
                button.button.stop type="submit" { "Block this number" }
            }
        }
    }
}

fn composer() -> Markup {
    html! {
        div.opt-out id="opt-out" {}
        div.problem-place role="alert" {}
        form.composer data-thread="/messages" method="post" hx-target="#messages" hx-swap="merge" hx-disable="find button" {
            fieldset aria-describedby="opt-out" {
                div.composer-field {
                    textarea id="text" name="text" rows="1" aria-label="Your reply" aria-describedby="segments" placeholder="Write a reply…" required {}
                    button.button.go type="submit" title="Send (Ctrl+Enter)" { (icon(Icon::Send)) span { "Send" } }
                }
                p.segments id="segments" aria-live="off" {}
            }
        }
    }
}
