use domain::Staff;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::icon::{Icon, icon};

/// Who is signed in, in a page's header, with the way out.
#[must_use]
pub fn account(staff: &Staff) -> Markup {
    html! {
        span.account-name data-administrator[staff.is_administrator] { (staff.name) }
        span.account-company data-time-zone=(staff.time_zone) { (staff.company_name) }
        form.account-leave action="/api/sign-out" method="post" {
            button.quiet type="submit" { (icon(Icon::SignOut)) span { "Sign out" } }
        }
    }
}

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
