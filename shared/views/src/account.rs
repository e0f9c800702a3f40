use domain::{Staff, TimeZone, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::icon::{Icon, icon};

/// Formats the UTC offsets of the company's zone, for browsers whose time zone data is old or missing.
///
/// The offsets cover 40 days before today to ten years after it, the furthest an appointment may be. The first number
/// of `-480 30018840:-420` is the offset in minutes ahead of UTC. Each change follows as its minute since 1970 and the
/// new offset. The text changes once a day, so that a cached response does not change more often.
fn clock(zone: &TimeZone, now: Timestamp) -> String {
    const DAY_SECS: u64 = 24 * 60 * 60;
    let today = Timestamp::from_millis(now.as_secs() / DAY_SECS * DAY_SECS * 1000);
    let (offset, changes) = zone.clock(today.minus_secs(40 * DAY_SECS), today.plus_secs(3660 * DAY_SECS));
    changes.iter().fold(offset.to_string(), |said, (at, offset)| format!("{said} {at}:{offset}"))
}

/// Renders the signed-in member of staff in a page's header, with the sign-out button.
#[must_use]
pub fn account(staff: &Staff, now: Timestamp) -> Markup {
    html! {
        a.account-name href="/sessions.html" title="Where you are signed in" data-administrator[staff.is_administrator] {
            (staff.name)
        }
        span.account-company data-clock=(clock(&staff.time_zone, now)) { (staff.company_name) }
        form.account-leave action="/api/sign-out" method="post" {
            button.quiet type="submit" { (icon(Icon::SignOut)) span { "Sign out" } }
        }
    }
}

/// Returns the signed-in member of staff and their company as JSON.
#[must_use]
pub fn account_json(staff: &Staff) -> Value {
    json!({
        "name": staff.name,
        "administrator": staff.is_administrator,
        "company": staff.company,
        "company_name": staff.company_name,
        "time_zone": staff.time_zone,
    })
}
