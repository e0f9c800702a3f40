use maud::{Markup, html};

use super::{HeaderLink, portal};
use crate::assets::address;

/// Who did what about the customer of a conversation, which the address names: `?c=<conversation>`. For
/// administrators; anybody else is told so. `thread.js` puts it into the address that is left out here.
pub(super) fn page() -> Markup {
    portal(
        "History",
        HeaderLink::Messages,
        "dashboard",
        &html! {
            link rel="stylesheet" href=(address("history.css"));
            script src=(address("history.js")) defer {}
            section.panel.narrow aria-labelledby="history-title" {
                header.panel-head { h1 id="history-title" { "History" } }
                div.problem-place role="alert" {}
                div id="history" data-thread="/history" hx-trigger="load" hx-swap="innerHTML" hx-config="timeout:30s" {}
            }
        },
    )
}
