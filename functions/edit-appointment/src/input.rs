//! Parses the fields of an appointment, from a form or JSON, into [`AppointmentDetails`].

use domain::{
    Appointment, AppointmentDetails, AppointmentDuration, AppointmentStatus, CustomerName, Day, InvalidAppointment,
    InvalidLocalTime, MobileNumber, Notes, Practitioner, Retention, Service, TimeOfDay, TimeZone, Timestamp,
};
use serde::{Deserialize, Deserializer};

/// The fields of a request. A field that is left out keeps its value. An empty or `null` field is cleared.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AppointmentInput {
    name: Option<String>,
    #[serde(default, alias = "number", deserialize_with = "present_or_empty")]
    pub(crate) mobile: Option<String>,
    day: Option<String>,
    time: Option<String>,
    /// The start in RFC 3339 format, instead of `day` and `time`. Without an offset, the time is in the company's time
    /// zone.
    start: Option<String>,
    minutes: Option<NumberInput>,
    #[serde(default, deserialize_with = "present_or_empty")]
    service: Option<String>,
    #[serde(default, deserialize_with = "present_or_empty")]
    notes: Option<String>,
    /// The id of the practitioner, a member of staff.
    #[serde(default, deserialize_with = "present_or_empty")]
    pub(crate) provider: Option<String>,
    status: Option<String>,
    /// The version that the writer has seen.
    version: Option<NumberInput>,
    /// If present, the appointment is cancelled and no other field is changed.
    cancel: Option<String>,
}

/// A number: a JSON number, or a string from a form.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum NumberInput {
    Number(u32),
    Text(String),
}

impl NumberInput {
    fn value(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

/// Deserializes a field that is present. `null` becomes an empty string.
fn present_or_empty<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(field).map(|text: Option<String>| Some(text.unwrap_or_default()))
}

/// The values that parsing needs in addition to the fields.
pub(crate) struct ParseContext<'a> {
    pub(crate) zone: &'a TimeZone,
    pub(crate) retention: Retention,
    pub(crate) now: Timestamp,
}

impl AppointmentInput {
    /// Returns the version that the writer has seen.
    pub(crate) fn version(&self) -> Option<u32> {
        self.version.as_ref().and_then(NumberInput::value)
    }

    /// Returns whether the request cancels the appointment.
    pub(crate) fn cancels(&self) -> bool {
        self.cancel.is_some()
    }

    /// Returns the details of the appointment. Fields that were left out are taken from `before`. `mobile` and
    /// `provider` are the parsed number and practitioner.
    pub(crate) fn details(
        &self,
        before: Option<&AppointmentDetails>,
        mobile: Option<MobileNumber>,
        provider: Option<Practitioner>,
        reading: &ParseContext<'_>,
    ) -> Result<AppointmentDetails, InvalidAppointment> {
        if let (true, Some(before)) = (self.cancels(), before) {
            return Ok(AppointmentDetails { status: AppointmentStatus::Cancelled, ..before.clone() });
        }
        let start = self.start(before, reading)?;
        let details = AppointmentDetails {
            name: match (&self.name, before) {
                (None, Some(before)) => before.name.clone(),
                (name, _) => CustomerName::parse(name.as_deref().unwrap_or_default())?,
            },
            mobile,
            start,
            length: match (&self.minutes, before) {
                (None, Some(before)) => before.length,
                (minutes, _) => {
                    let minutes = minutes.as_ref().and_then(NumberInput::value).ok_or(InvalidAppointment::Length)?;
                    AppointmentDuration::of_minutes(minutes.try_into().map_err(|_| InvalidAppointment::Length)?)?
                }
            },
            service: match (self.service.as_deref(), before) {
                (None, Some(before)) => before.service.clone(),
                (service, _) => Service::parse(service.unwrap_or_default())?,
            },
            notes: match (self.notes.as_deref(), before) {
                (None, Some(before)) => before.notes.clone(),
                (notes, _) => Notes::parse(notes.unwrap_or_default())?,
            },
            provider,
            status: match (self.status.as_deref().filter(|status| !status.is_empty()), before) {
                (Some(status), _) => status.parse()?,
                (None, Some(before)) => before.status.at_another_time(before.start != start),
                (None, None) => AppointmentStatus::Booked,
            },
        };
        let moved = before.is_none_or(|before| (before.start, before.length) != (details.start, details.length));
        if moved && details.ends() < reading.retention.oldest_position(reading.now).at {
            return Err(InvalidAppointment::LongAgo(reading.retention.in_days()));
        }
        if moved && details.start > reading.now.plus_secs(TEN_YEARS_SECS) {
            return Err(InvalidAppointment::FarOff);
        }
        Ok(details)
    }

    fn start(
        &self,
        before: Option<&AppointmentDetails>,
        reading: &ParseContext<'_>,
    ) -> Result<Timestamp, InvalidAppointment> {
        let (day, time) = match self.start.as_deref().map(|start| (start, start.split_once('T'))) {
            Some((_, Some((day, time)))) if is_of_a_clock(time) => (Some(day), Some(time)),
            Some((start, _)) => return Timestamp::from_rfc3339(start).ok_or(InvalidLocalTime::UnreadableDay.into()),
            None => (self.day.as_deref(), self.time.as_deref()),
        };
        let there = before.map(|before| reading.zone.local(before.start));
        let day: Day = match (day, there) {
            (None, Some((day, _))) => day,
            (day, _) => day.unwrap_or_default().parse()?,
        };
        let time: TimeOfDay = match (time, there) {
            (None, Some((_, time))) => time,
            (time, _) => time.unwrap_or_default().parse()?,
        };
        // When daylight saving time ends, one hour occurs twice. Saving a time in the second of these hours again must
        // not move it to the first.
        match before {
            Some(before) if reading.zone.local(before.start) == (day, time) => Ok(before.start),
            _ => Ok(reading.zone.moment(day, time)?),
        }
    }
}

const TEN_YEARS_SECS: u64 = 3653 * 24 * 60 * 60;

/// Returns whether a time has no offset from UTC.
fn is_of_a_clock(time: &str) -> bool {
    time.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.')
}

/// Merges details that are based on an earlier version with the saved appointment. Returns `typed` unchanged if version
/// `seen` is no longer kept.
pub(crate) fn merge_onto(typed: AppointmentDetails, saved: &Appointment, seen: u32) -> AppointmentDetails {
    match saved.version(seen) {
        Some(seen) => typed.merge_onto(saved.details(), &seen.details),
        None => typed,
    }
}
