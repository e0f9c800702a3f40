use maud::{Markup, html};

use super::document;
use crate::assets::address;

/// Sign-in by picking a person, which only the local stack offers.
pub(super) fn page() -> Markup {
    document(
        "Sign in",
        &html! {
            main.sign-in id="content" {
                div.sign-in-card {
                    img src=(address("icon.svg")) width="48" height="48" alt="";
                    h1 { "Sign in to Switchboard" }
                    p { "This is a local stack. Pick the person you want to be." }
                    form action="/local/sign-in" method="post" hx-get="/local/staff" hx-trigger="load" hx-target="#people" { div id="people" {} }
                    p.aside { a href="/handset" { "Open a customer's phone" } }
                }
            }
        },
    )
}
