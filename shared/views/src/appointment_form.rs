//! The form of a new or an existing appointment.

use domain::{Appointment, AppointmentDetails, AppointmentStatus, Practitioner, TimeZone};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::BY_HAND;
use crate::moment::{TimeFormat, moment};
use crate::text::text;

/// The texts in the form's fields.
#[derive(Default)]
struct FormFields {
    name: String,
    mobile: String,
    day: String,
    time: String,
    minutes: String,
    service: String,
    notes: String,
}

/// Renders the form of a new appointment.
#[must_use]
pub fn new_appointment() -> Markup {
    let empty = FormFields { minutes: "30".to_owned(), ..FormFields::default() };
    html! {
        form.appointment-form id="appointment-form" hx-post="/api/appointments" method="post" hx-swap="none" hx-disable="find button" {
            (fields(&empty))
            div.field {
                label for="appointment-provider" { "With" }
                select id="appointment-provider" name="provider" hx-get="/api/staff" hx-trigger="load" {
                    (providers(&[], None))
                }
            }
            div.planned role="status" data-planned="" {}
            div.problem-place role="alert" {}
            div.form-foot { button.button.go type="submit" { "Book" } }
        }
    }
}

pub(crate) fn changing(
    appointment: &Appointment,
    typed: &AppointmentDetails,
    staff: &[Practitioner],
    zone: &TimeZone,
    viewer: &Viewer,
) -> Markup {
    let (day, time) = zone.local(typed.start);
    let written = FormFields {
        name: typed.name.as_str().to_owned(),
        mobile: typed.mobile.as_ref().map(|mobile| mobile.number.shown_in(viewer.region)).unwrap_or_default(),
        day: day.to_string(),
        time: time.to_string(),
        minutes: typed.length.minutes().to_string(),
        service: typed.service.as_str().to_owned(),
        notes: typed.notes.as_str().to_owned(),
    };
    let status = typed.status;
    let offered = BY_HAND.into_iter().chain((status == AppointmentStatus::Cancelled).then_some(status));
    html! {
        form.appointment-form id="appointment-form" hx-post={ "/api/appointments/" (appointment.id) } method="post"
            hx-target="#appointment" hx-swap="appointment" hx-disable="find button" data-tells-of-changes {
            input type="hidden" name="version" value=(appointment.now.number);
            (fields(&written))
            div.field {
                label for="appointment-provider" { "With" }
                select id="appointment-provider" name="provider" { (providers(staff, typed.provider.as_ref())) }
            }
            div.field {
                label for="appointment-status" { "Status" }
                select id="appointment-status" name="status" {
                    @for offered in offered {
                        // The form sends an unchanged status as an empty value. Otherwise a move to another time would
                        // keep the customer's confirmation of the earlier time.
                        option value=(if offered == appointment.details().status { "" } else { offered.as_str() }) selected[offered == status] { (offered.as_str()) }
                    }
                }
            }
            div.planned role="status" data-planned=(appointment.id) {}
            div.problem-place role="alert" {}
            div.form-foot { button.button.go type="submit" id="appointment-save" { "Save" } }
        }
    }
}

fn fields(written: &FormFields) -> Markup {
    html! {
        div.field {
            label for="appointment-name" { "Customer" }
            input id="appointment-name" name="name" value=(written.name) autocomplete="off" maxlength="100" required;
        }
        div.field {
            label for="appointment-mobile" { "Mobile number" }
            input id="appointment-mobile" name="mobile" type="tel" inputmode="tel" value=(written.mobile) autocomplete="off" aria-describedby="appointment-mobile-hint";
            p.hint id="appointment-mobile-hint" { "As you would dial it. Without one, the customer cannot be texted." }
        }
        div.field-row {
            div.field {
                label for="appointment-day" { "Day" }
                input id="appointment-day" name="day" type="date" value=(written.day) data-waits[written.day.is_empty()] required;
            }
            div.field {
                label for="appointment-time" { "Time" }
                input id="appointment-time" name="time" type="time" value=(written.time) required;
            }
            div.field {
                label for="appointment-minutes" { "Minutes" }
                input id="appointment-minutes" name="minutes" type="number" inputmode="numeric" min="1" max="1440" value=(written.minutes) required;
            }
        }
        div.field {
            label for="appointment-service" { "Service" }
            input id="appointment-service" name="service" value=(written.service) autocomplete="off" maxlength="100";
        }
        div.field {
            label for="appointment-notes" { "Notes" }
            textarea id="appointment-notes" name="notes" rows="3" maxlength="2000" { (written.notes) }
        }
    }
}

/// The label for an appointment without a particular practitioner.
pub(crate) const ANYBODY: &str = "Anybody";

/// Renders the options for the practitioner of an appointment. The list has the chosen practitioner even after they
/// left the staff.
#[must_use]
pub fn providers(staff: &[Practitioner], chosen: Option<&Practitioner>) -> Markup {
    let left = chosen.filter(|chosen| staff.iter().all(|there| there.staff != chosen.staff));
    html! {
        option value="" selected[chosen.is_none()] { (ANYBODY) }
        @for offered in staff.iter().chain(left) {
            option value=(offered.staff) selected[chosen.is_some_and(|chosen| chosen.staff == offered.staff)] { (offered.name) }
        }
    }
}

/// Returns the practitioners that an appointment can have as JSON.
#[must_use]
pub fn providers_json(staff: &[Practitioner]) -> Value {
    let items = staff.iter().map(|provider| json!({"id": provider.staff, "name": provider.name}));
    json!({"items": items.collect::<Vec<_>>()})
}

/// Renders the way to cancel an appointment: a button that reveals another one to confirm.
pub(crate) fn cancelling(appointment: &Appointment) -> Markup {
    let details = appointment.details();
    html! {
        @if details.status == AppointmentStatus::Cancelled {
            p.cancelled { "This appointment does not take place. To book it again, choose another status and save." }
        } @else {
            details.cancel id="cancel" {
                summary.button { span.shut { "Cancel appointment" } span.open { "Keep the appointment" } }
                form hx-post={ "/api/appointments/" (appointment.id) } method="post" hx-target="#appointment" hx-swap="appointment" hx-disable="find button" data-tells-of-changes {
                    input type="hidden" name="version" value=(appointment.now.number);
                    input type="hidden" name="cancel" value="yes";
                    p {
                        "Cancel the appointment of " strong { (text(details.name.as_str())) } ", "
                        (moment(details.start, TimeFormat::Day)) "? The customer is not told by itself."
                    }
                    div.problem-place role="alert" {}
                    button.button.stop type="submit" { "Yes, cancel it" }
                }
            }
        }
    }
}
