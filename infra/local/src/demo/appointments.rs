//! The appointments of the demo.

use domain::AppointmentStatus::{self, Booked, Cancelled, Confirmed, Declined};

pub(super) struct DemoAppointment {
    pub(super) name: &'static str,
    /// The customer's number in E.164.
    pub(super) number: Option<&'static str>,
    pub(super) time: AppointmentTime,
    pub(super) minutes: u16,
    pub(super) service: &'static str,
    pub(super) notes: &'static str,
    /// The index of the practitioner in the company's staff.
    pub(super) staff: Option<usize>,
    pub(super) status: AppointmentStatus,
}

#[derive(Clone, Copy)]
pub(super) enum AppointmentTime {
    /// A number of minutes from now, rounded up to a quarter of an hour.
    Soon(u64),
    /// A number of days from today, at a time of day in the company's time zone.
    Day(i32, &'static str),
}

const fn day(days: i32, time: &'static str) -> AppointmentTime {
    AppointmentTime::Day(days, time)
}

const fn comes(
    name: &'static str,
    number: &'static str,
    when: AppointmentTime,
    minutes: u16,
    service: &'static str,
    status: AppointmentStatus,
) -> DemoAppointment {
    DemoAppointment { name, number: Some(number), time: when, minutes, service, notes: "", staff: None, status }
}

impl DemoAppointment {
    const fn with_notes(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }

    const fn with_staff(self, staff: usize) -> Self {
        Self { staff: Some(staff), ..self }
    }
}

/// The carrier treats numbers that end in 0190 as landlines, and those that end in 0192 as not assigned.
pub(super) const HARBOR_DENTAL: &[DemoAppointment] = &[
    comes("Maria Lopez", "+14255550182", AppointmentTime::Soon(20), 45, "Cleaning", Confirmed)
        .with_notes("Afternoons are best for her, any day but Wednesday.")
        .with_staff(2),
    comes("Oliver Stein", "+14255550144", day(0, "08:00"), 30, "Check-up", Confirmed).with_staff(1),
    comes("Edith Moreau", "+13605550190", day(0, "08:45"), 60, "Crown fitting", Booked)
        .with_notes("Hard of hearing. Prefers a call."),
    comes("Noah Feld", "+12535550107", day(0, "10:15"), 30, "Filling", Declined).with_staff(2),
    DemoAppointment {
        name: "Hannah Wirth",
        number: None,
        time: day(0, "11:30"),
        minutes: 30,
        service: "Check-up",
        notes: "Came in by herself. Ask for a number.",
        staff: None,
        status: Booked,
    },
    comes("Jonas Petrov", "+12065550192", day(0, "14:15"), 45, "Root canal, second visit", Booked).with_staff(1),
    comes("Carla Ruiz", "+14255550171", day(0, "16:30"), 20, "Retainer check", Cancelled),
    comes("Sam Okafor", "+12535550119", day(1, "09:30"), 20, "Night guard adjustment", Booked),
    comes("Aisha Rahman", "+14255550137", day(2, "13:45"), 45, "Cleaning", Booked),
    comes("Grace Kim", "+12065550126", day(6, "09:30"), 30, "Check-up", Booked),
    comes("Leo Kim", "+12065550126", day(6, "10:00"), 30, "First visit", Booked)
        .with_notes("7 years old, Grace's son."),
    comes("Tyler Nguyen", "+12065550193", day(-1, "08:00"), 60, "Chipped tooth", Confirmed),
    comes("Walter Brandt", "+13605550174", day(-18, "10:00"), 45, "Filling", Confirmed),
    comes("Ben Castellano", "+15095550158", day(-20, "09:00"), 30, "Check-up", Booked),
];

pub(super) const TIDEWATER_PHYSIO: &[DemoAppointment] = &[
    comes("Liam Fraser", "+61491570156", day(1, "11:00"), 40, "Knee, third session", Booked),
    comes("Ruby O'Connor", "+61491570159", AppointmentTime::Soon(35), 30, "Shoulder", Confirmed),
    comes("Chloe Papadopoulos", "+61491570157", day(0, "09:15"), 30, "Hip", Confirmed),
    DemoAppointment {
        name: "Mark Ellery",
        number: None,
        time: day(0, "13:30"),
        minutes: 40,
        service: "First assessment",
        notes: "",
        staff: None,
        status: Booked,
    },
    comes("Wei Zhang", "+61491570158", day(0, "15:30"), 30, "Back", Booked),
    comes("Ruby O'Connor", "+61491570159", day(7, "07:30"), 30, "Shoulder", Booked),
];
