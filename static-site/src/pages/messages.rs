use maud::{Markup, html};
use views::{Icon, icon};

use super::{BLOCKED, HeaderLink, list, portal};

/// Renders the two tabs of the message centre. Each tab is a page.
pub(super) fn tabs(conversations: bool) -> Markup {
    let current = |here: bool| here.then_some("page");
    html! {
        nav.tabs aria-label="Message centre" {
            a href="/messages.html" aria-current=[current(conversations)] { "Conversations" }
            a href="/notifications.html" aria-current=[current(!conversations)] { "Notifications" }
        }
    }
}

pub(super) fn inbox() -> Markup {
    html! {
        (list("conversations", "Conversations", "conversations", "/api/conversations", None))
        p.inbox-foot { a href=(BLOCKED) { "Blocked numbers" } }
    }
}

pub(super) fn conversations() -> Markup {
    portal(
        "Messages",
        HeaderLink::Messages,
        "centre centre-list",
        &html! {
            section.pane.inbox aria-labelledby="centre-title" {
                h1.visually-hidden id="centre-title" { "Messages" }
                (tabs(true))
                (inbox())
            }
            section.pane.thread.unpicked aria-label="Conversation" {
                p { (icon(Icon::Bubble)) "Pick a conversation to read it here." }
            }
        },
    )
}

pub(super) fn notifications() -> Markup {
    portal(
        "Notifications",
        HeaderLink::Messages,
        "dashboard",
        &html! {
            section.panel aria-labelledby="centre-title" {
                h1.visually-hidden id="centre-title" { "All notifications of the last 30 days" }
                (tabs(false))
                (list("notifications", "Notifications", "notifications", "/api/notifications?limit=25", None))
            }
        },
    )
}

/// Renders the list of blocked numbers.
pub(super) fn blocked() -> Markup {
    portal(
        "Blocked numbers",
        HeaderLink::Messages,
        "dashboard",
        &html! {
            section.panel aria-labelledby="blocked-title" {
                header.panel-head {
                    h1 id="blocked-title" { "Blocked numbers" }
                    p.hint { "What they send is kept, and can be looked at here. Nobody is told of it, and they are not texted." }
                }
                (list("blocked", "Blocked numbers", "blocked", "/api/conversations?filter=blocked", None))
                footer.panel-foot { a.button href="/messages.html" { "All conversations" } }
            }
        },
    )
}
