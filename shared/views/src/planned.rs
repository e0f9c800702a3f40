use domain::{Appointment, TimeZone};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::appointment_json;
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::text::text;

/// Renders the warnings about the chosen time, one line each.
///
/// There is one warning if the time is in the past, and one for each other appointment of the practitioner at that
/// time.
#[must_use]
pub fn planned(is_over: bool, meets: &[Appointment]) -> Markup {
    html! {
        @if is_over { p { (icon(Icon::Warning)) span { "That time is over. You can save it all the same." } } }
        @for other in meets {
            p {
                (icon(Icon::Warning))
                span {
                    @if let Some(provider) = &other.details().provider { (provider.name) } " has an appointment then: "
                    (moment(other.details().start, TimeFormat::Clock)) " – " (moment(other.details().ends(), TimeFormat::Clock)) ", "
                    (text(other.details().name.as_str())) ". You can save it all the same."
                }
            }
        }
    }
}

/// Returns the warnings about the chosen time as JSON. The README of `edit-appointment` describes the fields.
#[must_use]
pub fn planned_json(is_over: bool, meets: &[Appointment], zone: &TimeZone, viewer: &Viewer) -> Value {
    let meets: Vec<_> = meets.iter().map(|other| appointment_json(other, zone, viewer)).collect();
    json!({"is_over": is_over, "meets": meets})
}
