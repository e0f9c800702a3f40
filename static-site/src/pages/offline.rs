use maud::{Markup, html};

use super::document_with;
use crate::assets::address;

/// Renders the page that the service worker shows while there is no connection, at the address of the requested page.
pub(super) fn page() -> Markup {
    document_with(
        "No connection",
        &html! { script src=(address("offline.js")) defer {} },
        &html! {
            main.plain id="content" {
                img src=(address("icon.svg")) width="48" height="48" alt="";
                h1 { "No connection" }
                p { "Switchboard cannot be reached just now. Nothing is lost: what customers write is kept, and what you have written stays in this window." }
                p.hint { "This page goes on by itself as soon as there is a connection." }
                p { a.button href="" { "Try again" } }
            }
        },
    )
}
