use maud::{Markup, html};

use super::{HELP_WITH_PUSH, HeaderLink, portal};
use crate::assets::address;

/// Renders a person's browsers with push notifications, and their preferences. The content comes from
/// `push-subscriptions`.
pub(super) fn page() -> Markup {
    portal(
        "Notifications settings",
        HeaderLink::Settings,
        "dashboard",
        &html! {
            script src=(address("notification-settings.js")) defer {}
            section.panel.settings aria-labelledby="settings-title" {
                header.panel-head { h1 id="settings-title" { "Notifications settings" } }
                div id="push-settings" hx-get="/api/push-subscriptions" hx-trigger="load, refresh" hx-swap="innerMorph" hx-config="timeout:10s" {}
                footer.panel-foot {
                    span { "The bell above turns them on and off in this browser." }
                    a href=(HELP_WITH_PUSH) { "Help" }
                }
            }
        },
    )
}
