use maud::{Markup, html};

use super::{HELP_WITH_ANSWERING, HELP_WITH_PUSH, HeaderLink, SESSIONS, list, portal};

/// How many rows the panel shows.
const MAX_ROWS: u8 = 10;

pub(super) fn page() -> Markup {
    portal(
        "Dashboard",
        HeaderLink::Dashboard,
        "dashboard",
        &html! {
            section.panel aria-labelledby="recent-title" {
                header.panel-head { h1 id="recent-title" { "Recent SMS and Confirmation Call Notifications" } }
                (list("recent", "Recent notifications", "recent", &format!("/api/notifications?by=customer&limit={MAX_ROWS}"), Some(MAX_ROWS)))
                footer.panel-foot {
                    span { "The 10 newest, one row a customer · refreshes every 5 seconds" }
                    a.button href="/notifications.html" { "View All" }
                }
            }
            nav.helps aria-label="Help" {
                a href=(HELP_WITH_ANSWERING) { "How to answer an SMS" }
                a href=(HELP_WITH_PUSH) { "Turn web push notifications on or off" }
                a href=(SESSIONS) { "Where you are signed in" }
            }
        },
    )
}
