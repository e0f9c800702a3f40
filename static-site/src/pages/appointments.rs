use maud::{Markup, html};
use views::new_appointment;

use super::conversation::thread;
use super::{HeaderLink, portal};

/// Renders the appointments of a day, which the address gives as `?day=2026-11-30`. The default is today.
pub(super) fn day() -> Markup {
    portal(
        "Appointments",
        HeaderLink::Appointments,
        "dashboard",
        &html! {
            section.panel aria-labelledby="appointments-title" {
                header.panel-head.appointments-head {
                    h1 id="appointments-title" { "Appointments" }
                    form.day-pick data-waits action="/appointments.html" method="get" {
                        label.visually-hidden for="day-picked" { "Day" }
                        input id="day-picked" name="day" type="date" required;
                        button.button type="submit" { "Show" }
                    }
                    a.button.go id="new-appointment" href="/new-appointment.html" { "New appointment" }
                }
                div.day-list id="day" hx-get="/api/appointments" hx-include="#appointments-shown" hx-trigger="load, every 5s, refresh" hx-swap="innerMorph" hx-config="timeout:10s" {}
                div.problem-place role="alert" {}
            }
        },
    )
}

/// Renders an appointment, which the address gives as `?a=<appointment>`, with its conversation. `appointments.js` adds
/// the missing addresses.
pub(super) fn edit() -> Markup {
    portal(
        "Edit Appointment",
        HeaderLink::Appointments,
        "centre centre-appointment",
        &html! {
            section.pane.booking aria-labelledby="booking-title" {
                h1.visually-hidden id="booking-title" { "Edit Appointment" }
                a.to-day href="/appointments.html" { "All appointments" }
                div.problem-place role="alert" {}
                div id="appointment" hx-trigger="load, every 5s, refresh" hx-swap="appointment" hx-config="timeout:10s" {}
            }
            section.pane.thread aria-label="Conversation" {
                div.texting id="texting" {}
                div.thread-parts id="thread-parts" hidden { (thread(None)) }
            }
        },
    )
}

pub(super) fn new() -> Markup {
    portal(
        "New appointment",
        HeaderLink::Appointments,
        "dashboard",
        &html! {
            section.panel.narrow aria-labelledby="new-title" {
                header.panel-head { h1 id="new-title" { "New appointment" } }
                (new_appointment())
            }
        },
    )
}
