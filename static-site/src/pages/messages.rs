use maud::{Markup, html};
use views::{Icon, icon};

use super::{Place, list, portal};

/// The message centre's two tabs, each a page of its own.
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
    list("conversations", "Conversations", "conversations", "/api/conversations", None)
}

pub(super) fn conversations() -> Markup {
    portal(
        "Messages",
        Place::Messages,
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
        Place::Messages,
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
