//! Checks the time of a planned appointment: whether it is in the past, and whether it overlaps other appointments of
//! the practitioner.

use domain::{
    Appointment, AppointmentDetails, AppointmentId, AppointmentStatus, Day, StaffId, TimeOfDay, TimeZone, Timestamp,
};
use lambda_http::{Request, RequestExt};

/// The time and the practitioner of a planned appointment.
pub(crate) struct PlannedSlot {
    pub(crate) start: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) provider: Option<StaffId>,
    /// The appointment that is being moved, if it exists already.
    itself: Option<AppointmentId>,
}

impl PlannedSlot {
    /// Parses the query `planned=&day=&time=&minutes=&provider=`. Returns `None` if the query contains no valid time.
    pub(crate) fn from_request(request: &Request, zone: &TimeZone) -> Option<Self> {
        let parameters = request.query_string_parameters_ref()?;
        let parameter = |name| parameters.first(name).unwrap_or_default();
        let day: Day = parameter("day").parse().ok()?;
        let time: TimeOfDay = parameter("time").parse().ok()?;
        let minutes: u16 = parameter("minutes").parse().ok()?;
        let start = zone.moment(day, time).ok()?;
        Some(Self {
            start,
            ends: start.plus_minutes(minutes),
            provider: parameter("provider").parse().ok(),
            itself: parameter("planned").parse().ok(),
        })
    }

    /// Returns whether the slot overlaps `other`, if that is a booked or confirmed appointment of the same
    /// practitioner.
    pub(crate) fn meets(&self, other: &Appointment) -> bool {
        let details: &AppointmentDetails = other.details();
        let provider = details.provider.as_ref().map(|provider| &provider.staff);
        provider.is_some()
            && provider == self.provider.as_ref()
            && self.itself.as_ref() != Some(&other.id)
            && matches!(details.status, AppointmentStatus::Booked | AppointmentStatus::Confirmed)
            && details.start < self.ends
            && self.start < details.ends()
    }
}
