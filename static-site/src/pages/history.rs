use maud::{Markup, html};

use super::{HeaderLink, portal};
use crate::assets::address;

/// Renders the history of a customer, for administrators. The address gives the conversation as `?c=<conversation>`.
///
/// Other staff get an explanation. `thread.js` adds the missing address.
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
