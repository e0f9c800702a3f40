use maud::{Markup, html};

use super::{Place, list, portal};

/// How many the panel shows.
const MOST: u8 = 10;

pub(super) fn page() -> Markup {
    portal(
        "Dashboard",
        Place::Dashboard,
        "dashboard",
        &html! {
            section.panel aria-labelledby="recent-title" {
                header.panel-head { h1 id="recent-title" { "Recent SMS and Confirmation Call Notifications" } }
                (list("recent", "Recent notifications", "notifications", &format!("/api/notifications?limit={MOST}"), Some(MOST)))
                footer.panel-foot {
                    span { "The 10 newest · refreshes every 5 seconds" }
                    a.button href="/notifications.html" { "View All" }
                }
            }
        },
    )
}
