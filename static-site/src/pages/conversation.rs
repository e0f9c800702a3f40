use maud::{Markup, html};
use views::{Icon, icon};

use super::messages::{inbox, tabs};
use super::{HISTORY, HeaderLink, portal};

/// One conversation, which the address names: `?c=<conversation>`. `thread.js` puts it into the
/// addresses that are left out here.
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

/// What was said, and what is to be said next; with the way back, where a phone shows nothing else.
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

/// For a customer who says so on the phone or at the desk: two steps, since there is no way back for staff.
fn opting_out() -> Markup {
    html! {
        details.opting-out {
            summary { "Opt out" }
            form data-thread="/opt-out" method="post" hx-target="#messages" hx-swap="merge" hx-disable="find button" {
                p { "Has this customer asked for no more texts? Then nobody here can text them any more. Only they can undo it, by texting START." }
                button.button.stop type="submit" { "Opt them out" }
            }
        }
    }
}

/// For a number that nobody wants to hear from: two steps, since colleagues do not hear from it either then.
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
