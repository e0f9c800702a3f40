//! What somebody who books may have overlooked: a time that is over, or that its practitioner has not.

use domain::{
    Appointment, AppointmentDetails, AppointmentId, AppointmentStatus, Day, StaffId, TimeOfDay, TimeZone, Timestamp,
};
use lambda_http::{Request, RequestExt};

/// When an appointment is to be, and with whom.
pub(crate) struct PlannedSlot {
    pub(crate) start: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) provider: Option<StaffId>,
    /// The appointment that is there already, if it is being moved.
    itself: Option<AppointmentId>,
}

impl PlannedSlot {
    /// From the query `planned=&day=&time=&minutes=&provider=`; `None` as long as that is no time.
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

    /// Whether it takes its practitioner from another appointment.
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
