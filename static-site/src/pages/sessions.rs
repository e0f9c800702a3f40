use maud::{Markup, html};

use super::{HELP_WITH_SESSIONS, HeaderLink, portal};
use crate::assets::address;

/// Renders a person's sessions. The content comes from `sign-in`.
pub(super) fn page() -> Markup {
    portal(
        "Where you are signed in",
        HeaderLink::Settings,
        "dashboard",
        &html! {
            script src=(address("sessions.js")) defer {}
            section.panel.settings aria-labelledby="sessions-title" {
                header.panel-head { h1 id="sessions-title" { "Where you are signed in" } }
                div id="sessions" hx-get="/api/sessions" hx-trigger="load" hx-swap="innerHTML" hx-config="timeout:10s" {}
                footer.panel-foot {
                    span { "Last used: when something was last sent or saved there, to five minutes." }
                    a href=(HELP_WITH_SESSIONS) { "Help" }
                }
            }
        },
    )
}
