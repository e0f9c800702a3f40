//! The pages. Each page is a shell that htmx fills with fragments.

mod appointments;
mod bell;
mod conversation;
mod dashboard;
mod help;
mod history;
mod messages;
mod new_message;
mod notification_settings;
mod offline;
mod sessions;
mod sign_in;

use maud::{DOCTYPE, Markup, html};
use views::{Icon, icon};

use self::bell::bell;
use crate::File;
use crate::assets::address;

pub(crate) fn files() -> Vec<File> {
    [
        ("index.html", dashboard::page()),
        ("messages.html", messages::conversations()),
        ("notifications.html", messages::notifications()),
        ("blocked.html", messages::blocked()),
        ("conversation.html", conversation::page()),
        ("new-message.html", new_message::page()),
        ("appointments.html", appointments::day()),
        ("appointment.html", appointments::edit()),
        ("new-appointment.html", appointments::new()),
        ("history.html", history::page()),
        ("notification-settings.html", notification_settings::page()),
        ("sessions.html", sessions::page()),
        ("help-push.html", help::push()),
        ("help-answering.html", help::answering()),
        ("sign-in.html", sign_in::page()),
        (OFFLINE, offline::page()),
        ("404.html", not_found()),
    ]
    .into_iter()
    .map(|(path, page)| File::new(path.to_owned(), page.into_string().into_bytes(), false))
    .collect()
}

/// The page that the service worker keeps for offline use.
pub(crate) const OFFLINE: &str = "offline.html";
const HISTORY: &str = "/history.html";
const BLOCKED: &str = "/blocked.html";
const SETTINGS: &str = "/notification-settings.html";
const SESSIONS: &str = "/sessions.html";
const HELP_WITH_PUSH: &str = "/help-push.html";
const HELP_WITH_ANSWERING: &str = "/help-answering.html";
const HELP_WITH_SESSIONS: &str = "/help-answering.html#sessions";

/// An entry of the header's navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeaderLink {
    Dashboard,
    Messages,
    Appointments,
    NewMessage,
    Settings,
}

const PLACES: [(HeaderLink, &str, &str); 3] = [
    (HeaderLink::Dashboard, "/", "Dashboard"),
    (HeaderLink::Messages, "/messages.html", "Messages"),
    (HeaderLink::Appointments, "/appointments.html", "Appointments"),
];

/// Renders a page of the portal, for a person who is signed in.
fn portal(title: &str, here: HeaderLink, class: &str, content: &Markup) -> Markup {
    document(
        title,
        &html! {
            a.skip href="#content" { "Skip to the content" }
            header.top {
                a.brand href="/" { img src=(address("icon.svg")) width="28" height="28" alt=""; span { "Switchboard" } }
                nav.places aria-label="Main" {
                    @for (place, href, name) in PLACES {
                        a href=(href) aria-current=[(place == here).then_some("page")] { (name) }
                    }
                }
                p.live id="live" { span.live-dot {} span.live-word {} }
                span.visually-hidden id="live-said" role="status" {}
                (bell())
                div.account hx-get="/api/session" hx-trigger="load" {}
                a.button.new-message href="/new-message.html" aria-current=[(here == HeaderLink::NewMessage).then_some("page")] {
                    (icon(Icon::Pen)) span { "New message" }
                }
            }
            p.connection id="connection" role="status" hidden { "No connection. Trying again…" }
            main.(class) id="content" { (content) }
        },
    )
}

fn document(title: &str, body: &Markup) -> Markup {
    document_with(title, &html! { script src=(address("portal.js")) defer {} }, body)
}

/// Renders a document. `more` is added to its head: a script or another style sheet.
fn document_with(title: &str, more: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " · Switchboard" }
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="description" content="Two-way SMS with your customers.";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=r#"{"history": false}"#;
                meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff";
                meta name="theme-color" media="(prefers-color-scheme: dark)" content="#171b22";
                link rel="icon" href=(address("icon.svg"));
                link rel="apple-touch-icon" href=(address("apple-touch-icon-180.png"));
                link rel="manifest" href="/manifest.webmanifest";
                link rel="stylesheet" href=(address("portal.css"));
                // Rendering waits for the end of the page. Otherwise parts would move while it loads.
                link rel="expect" href="#end" blocking="render";
                (more)
            }
            body { (body) span id="end" hidden {} }
        }
    }
}

/// Renders an empty list, which reserves the space for its first page of items. `live` is the name of the list in
/// WebSocket frames.
fn list(id: &str, label: &str, live: &str, source: &str, most: Option<u8>) -> Markup {
    html! {
        ol.rows id=(id) aria-label=(label) data-live=(live) data-merge="newest-first" data-most=[most]
            hx-get=(source) hx-trigger="load, every 5s, refresh" hx-swap="merge" hx-config="timeout:10s" {}
    }
}

fn not_found() -> Markup {
    document(
        "Not found",
        &html! {
            main.plain {
                h1 { "There is no such page" }
                p { "It may have moved, or the address has a mistake." }
                p { a.button href="/" { "Go to the Dashboard" } }
            }
        },
    )
}
