use maud::{Markup, html};

use super::document;
use crate::assets::address;

/// The sentences about an earlier sign-in attempt, by the fragment of the address.
const FAILURE_SENTENCES: [(&str, &str); 5] = [
    ("signed-out", "You are signed out."),
    ("stale", "That sign-in took too long, or was begun in another browser. Begin again here."),
    (
        "refused",
        "You were not signed in. Try again, and if it stays so, ask whoever runs Switchboard for your company.",
    ),
    (
        "stranger",
        "You proved who you are, but nobody here has that login. Ask whoever runs Switchboard for your company to add it.",
    ),
    ("unavailable", "Signing in does not work just now. Try again in a moment."),
];

pub(super) fn page() -> Markup {
    document(
        "Sign in",
        &html! {
            main.sign-in id="content" {
                div.sign-in-card {
                    img src=(address("icon.svg")) width="48" height="48" alt="";
                    h1 { "Sign in to Switchboard" }
                    p.said id="signing-out" role="status" {
                        "You are signed out here. " a href="/api/sign-out/issuer" { "Sign out of your company’s sign-in too" }
                    }
                    @for (name, words) in FAILURE_SENTENCES { p.said id=(name) role="status" { (words) } }
                    a.button.go id="sign-in" href="/api/sign-in" { "Sign in" }
                }
            }
        },
    )
}
