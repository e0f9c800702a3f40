use domain::{AppointmentId, NextAppointment};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::moment::{Shape, moment};
use crate::text::text;

/// Where the portal shows an appointment.
#[must_use]
pub fn appointment_address(id: &AppointmentId) -> String {
    format!("/appointment.html?a={id}")
}

/// A customer's next appointment in one line: today 3:00 pm · Haircut · booked.
pub(crate) fn next_appointment(next: &NextAppointment) -> Markup {
    html! {
        (moment(next.start, Shape::Day))
        @if !next.service.is_empty() { " · " (text(&next.service)) }
        " · " span.status.(next.status.as_str()) { (next.status.as_str()) }
    }
}

pub(crate) fn next_appointment_json(next: &NextAppointment) -> Value {
    json!({"id": next.id, "start": next.start.to_string(), "service": next.service, "status": next.status})
}
