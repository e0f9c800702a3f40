use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checked::checked;
use crate::conversation::digest;
use crate::{ConversationId, InvalidLocalTime, PhoneNumber, Position, StaffId, Timestamp};

/// An appointment of a company: the current version, and earlier versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    pub id: AppointmentId,
    pub now: AppointmentVersion,
    /// The earlier versions, latest first. The table stores them separately. A list of appointments does not load them,
    /// so they are empty there.
    #[serde(skip)]
    pub past: Vec<AppointmentVersion>,
    /// The digest of the HTTP request that created the appointment, if that request had an idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<RequestDigest>,
}

/// A digest of the HTTP request that creates an appointment. A repeat of the request has the same digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestDigest(String);

impl RequestDigest {
    /// Computes the digest of a request's body.
    #[must_use]
    pub fn request(body: &[u8]) -> Self {
        Self(format!("{:032x}", digest("made-of", &[&String::from_utf8_lossy(body)])))
    }
}

/// One saved version of an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentVersion {
    /// The version number: 1 for the first version, and one more with every change.
    pub number: u32,
    pub details: AppointmentDetails,
    /// The name of the member of staff who saved this version.
    pub by: String,
    pub at: Timestamp,
}

/// The details of an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentDetails {
    pub name: CustomerName,
    pub mobile: Option<MobileNumber>,
    pub start: Timestamp,
    pub length: AppointmentDuration,
    pub service: Service,
    pub notes: Notes,
    /// The practitioner, if one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Practitioner>,
    pub status: AppointmentStatus,
}

/// The practitioner of an appointment: a member of staff, with their name when the appointment was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practitioner {
    pub staff: StaffId,
    pub name: String,
}

/// A field of the appointment details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppointmentField {
    Name,
    Mobile,
    Start,
    Length,
    Service,
    Notes,
    Provider,
    Status,
}

/// A customer's mobile number, with the id of the conversation with that number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MobileNumber {
    pub number: PhoneNumber,
    pub conversation: ConversationId,
}

/// The status of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppointmentStatus {
    Booked,
    /// Confirmed by the customer.
    Confirmed,
    /// Declined by the customer. The appointment does not take place unless staff and the customer agree on it after
    /// all.
    Declined,
    /// The appointment does not take place.
    Cancelled,
}

/// Why an appointment is not valid. The text of each variant is a sentence for the person who entered it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidAppointment {
    #[error(
        "An appointment's id is 1 to 64 letters, digits, dots, hyphens and underscores, of which the first is a letter or a digit."
    )]
    Id,
    #[error("Say whose appointment it is: a name of 1 to 100 characters.")]
    Name,
    #[error("A service is named in at most 100 characters.")]
    Service,
    #[error("Notes have at most 2,000 characters. These have {0}.")]
    Notes(usize),
    #[error("An appointment takes 1 to 1,440 minutes, which is a day.")]
    Length,
    #[error("Nobody on your staff has that id. Choose somebody else.")]
    Provider,
    #[error("An appointment is booked, confirmed, declined or cancelled.")]
    Status,
    #[error(transparent)]
    Moment(#[from] InvalidLocalTime),
    #[error("That is over {0} days ago, longer than appointments are kept. Choose a later day.")]
    LongAgo(u16),
    #[error("That is more than ten years from now. Check the year.")]
    FarOff,
}

impl Appointment {
    /// The largest number of earlier versions that are kept. Two people do not save that many while a third person
    /// edits.
    const PAST: usize = 8;

    #[must_use]
    pub fn new(id: AppointmentId, details: AppointmentDetails, by: &str, at: Timestamp) -> Self {
        Self {
            id,
            now: AppointmentVersion { number: 1, details, by: by.to_owned(), at },
            past: Vec::new(),
            made_of: None,
        }
    }

    /// Returns the next version of the appointment, with other details.
    #[must_use]
    pub fn changed(&self, details: AppointmentDetails, by: &str, at: Timestamp) -> Self {
        let now = AppointmentVersion { number: self.now.number.saturating_add(1), details, by: by.to_owned(), at };
        let past = self.versions().take(Self::PAST).cloned().collect();
        Self { id: self.id.clone(), now, past, made_of: self.made_of.clone() }
    }

    /// Returns all versions, latest first.
    pub fn versions(&self) -> impl Iterator<Item = &AppointmentVersion> {
        std::iter::once(&self.now).chain(&self.past)
    }

    /// Returns the details of the current version.
    #[must_use]
    pub fn details(&self) -> &AppointmentDetails {
        &self.now.details
    }

    /// Returns the position among the company's appointments: ordered by start, then by id.
    #[must_use]
    pub fn place(&self) -> Position {
        Position::new(self.details().start, digest("appointment", &[self.id.as_str()]))
    }

    /// Returns the details before the last change, if that change moved the appointment to its current time.
    #[must_use]
    pub fn moved_from(&self) -> Option<&AppointmentDetails> {
        let before = &self.past.first()?.details;
        (before.start != self.details().start).then_some(before)
    }

    /// Returns the version with the given number; `None` if that version is no longer kept.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&AppointmentVersion> {
        self.versions().find(|version| version.number == number)
    }

    /// Returns the changes since a version, oldest first.
    ///
    /// Each change is the new version, the version before it, and the fields that differ. Changes that are no longer
    /// kept are left out.
    #[must_use]
    pub fn changes_since(&self, number: u32) -> Vec<(&AppointmentVersion, &AppointmentVersion, Vec<AppointmentField>)> {
        let versions: Vec<_> = self.versions().collect();
        let pairs = versions.windows(2).filter_map(|pair| match pair {
            [after, before] if after.number > number => {
                Some((*after, *before, after.details.differences(&before.details)))
            }
            _ => None,
        });
        let mut changes: Vec<_> = pairs.collect();
        changes.reverse();
        changes
    }
}

impl AppointmentVersion {
    /// Returns whether this version is for the customer of the given conversation.
    #[must_use]
    pub fn is_of(&self, conversation: ConversationId) -> bool {
        self.details.mobile.as_ref().is_some_and(|mobile| mobile.conversation == conversation)
    }
}

impl AppointmentDetails {
    /// Returns when the appointment ends.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.start.plus_minutes(self.length.minutes())
    }

    /// Returns the fields whose values differ from those of `other`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<AppointmentField> {
        [
            (AppointmentField::Name, self.name != other.name),
            (AppointmentField::Mobile, self.mobile != other.mobile),
            (AppointmentField::Start, self.start != other.start),
            (AppointmentField::Length, self.length != other.length),
            (AppointmentField::Service, self.service != other.service),
            (AppointmentField::Notes, self.notes != other.notes),
            (AppointmentField::Provider, self.provider != other.provider),
            (AppointmentField::Status, self.status != other.status),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }

    /// Merges an edit that started from `seen` into the details that were saved since.
    ///
    /// A field that the edit left unchanged gets its saved value. A field that the edit changed keeps the edited value.
    #[must_use]
    pub fn merge_onto(self, saved: &Self, seen: &Self) -> Self {
        fn pick<T: PartialEq + Clone>(typed: T, saved: &T, seen: &T) -> T {
            if typed == *seen { saved.clone() } else { typed }
        }
        Self {
            name: pick(self.name, &saved.name, &seen.name),
            mobile: pick(self.mobile, &saved.mobile, &seen.mobile),
            start: pick(self.start, &saved.start, &seen.start),
            length: pick(self.length, &saved.length, &seen.length),
            service: pick(self.service, &saved.service, &seen.service),
            notes: pick(self.notes, &saved.notes, &seen.notes),
            provider: pick(self.provider, &saved.provider, &seen.provider),
            status: pick(self.status, &saved.status, &seen.status),
        }
    }
}

impl AppointmentStatus {
    /// All statuses.
    pub const ALL: [Self; 4] = [Self::Booked, Self::Confirmed, Self::Declined, Self::Cancelled];

    /// Returns the status after a change of the appointment. A move to another time resets `Confirmed` and `Declined`
    /// to `Booked`, because the customer answered for the earlier time.
    #[must_use]
    pub fn at_another_time(self, is_moved: bool) -> Self {
        match self {
            Self::Confirmed | Self::Declined if is_moved => Self::Booked,
            Self::Booked | Self::Confirmed | Self::Declined | Self::Cancelled => self,
        }
    }

    /// Returns the status as text, for display and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Confirmed => "confirmed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for AppointmentStatus {
    type Err = InvalidAppointment;
    fn from_str(text: &str) -> Result<Self, InvalidAppointment> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(InvalidAppointment::Status)
    }
}

checked! {
    /// The id of an appointment, from a scheduling system or generated by Switchboard.
    ///
    /// The id consists of 1 to 64 characters of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`. The first character is a letter
    /// or a digit, so that the id can appear in a key, a URL and a log.
    #[derive(PartialOrd, Ord)]
    AppointmentId, id => InvalidAppointment
}

fn id(text: &str) -> Result<String, InvalidAppointment> {
    let fits = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err(InvalidAppointment::Id) }
}

/// Joins the lines of a text, and replaces each run of white space by one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The customer's name on an appointment: 1 to 100 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomerName(String);

impl CustomerName {
    /// Parses a name. Joins its lines, and replaces each run of white space by one space.
    pub fn parse(text: &str) -> Result<Self, InvalidAppointment> {
        let name = one_line(text);
        if (1..=100).contains(&name.chars().count()) { Ok(Self(name)) } else { Err(InvalidAppointment::Name) }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The service of an appointment: up to 100 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Service(String);

impl Service {
    /// Parses a service. Joins its lines, and replaces each run of white space by one space.
    pub fn parse(text: &str) -> Result<Self, InvalidAppointment> {
        let service = one_line(text);
        if service.chars().count() <= 100 { Ok(Self(service)) } else { Err(InvalidAppointment::Service) }
    }

    /// Returns the service.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Notes for colleagues: up to 2,000 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(String);

impl Notes {
    /// Parses notes. Turns `\r\n`, which forms send, into `\n`, and trims white space around the text.
    pub fn parse(text: &str) -> Result<Self, InvalidAppointment> {
        let notes = text.replace("\r\n", "\n").trim().to_owned();
        match notes.chars().count() {
            0..=2000 => Ok(Self(notes)),
            n => Err(InvalidAppointment::Notes(n)),
        }
    }

    /// Returns the notes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The duration of an appointment: 1 to 1,440 minutes (one day).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppointmentDuration(u16);

impl AppointmentDuration {
    /// Creates a duration. Fails with `Length` outside 1 to 1,440 minutes.
    pub fn of_minutes(minutes: u16) -> Result<Self, InvalidAppointment> {
        if (1..=24 * 60).contains(&minutes) { Ok(Self(minutes)) } else { Err(InvalidAppointment::Length) }
    }

    /// Returns the duration in minutes.
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(name: &str, minutes: u16) -> AppointmentDetails {
        AppointmentDetails {
            name: CustomerName::parse(name).unwrap(),
            mobile: None,
            start: Timestamp::from_millis(1_000_000),
            length: AppointmentDuration::of_minutes(minutes).unwrap(),
            service: Service::parse("Cleaning").unwrap(),
            notes: Notes::parse("").unwrap(),
            provider: None,
            status: AppointmentStatus::Booked,
        }
    }

    fn at_millis(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_id_is_a_scheduling_systems_own_and_cannot_leave_its_place() {
        for good in ["1", "a.b-c_D", "550e8400-e29b-41d4-a716-446655440000", &"x".repeat(64)] {
            assert_eq!(good.parse::<AppointmentId>().unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "-a", "a#b", "a/b", "a b", "é", &"x".repeat(65)] {
            assert_eq!(bad.parse::<AppointmentId>(), Err(InvalidAppointment::Id), "{bad}");
        }
    }

    #[test]
    fn words_are_held_to_a_length_in_characters_whatever_their_bytes() {
        assert_eq!(CustomerName::parse("  Maria \n Lopez ").unwrap().as_str(), "Maria Lopez");
        assert_eq!(CustomerName::parse(" \t"), Err(InvalidAppointment::Name));
        assert!(CustomerName::parse(&"字".repeat(100)).is_ok());
        assert_eq!(CustomerName::parse(&"字".repeat(101)), Err(InvalidAppointment::Name));
        assert_eq!(Service::parse(&"x".repeat(101)), Err(InvalidAppointment::Service));
        assert_eq!(Notes::parse("a\r\nb ").unwrap().as_str(), "a\nb");
        assert_eq!(Notes::parse(&"x".repeat(2001)), Err(InvalidAppointment::Notes(2001)));
        assert_eq!(
            [0, 1441].map(AppointmentDuration::of_minutes),
            [Err(InvalidAppointment::Length), Err(InvalidAppointment::Length)]
        );
    }

    #[test]
    fn what_two_people_changed_is_put_together_and_nobodys_is_lost() {
        let seen = details("Maria Lopez", 30);
        let saved = details("Maria Lopez", 45);
        let typed = details("Maria Garcia", 30);
        let both = typed.merge_onto(&saved, &seen);
        assert_eq!(both, details("Maria Garcia", 45));
    }

    #[test]
    fn a_change_is_told_with_who_made_it_and_what_was_there_before() {
        let first = Appointment::new("a".parse().unwrap(), details("Maria", 30), "Dana", at_millis(1));
        let second = first.changed(details("Maria", 45), "Marcus", at_millis(2));
        let third = second.changed(details("Mary", 45), "Priya", at_millis(3));
        let told: Vec<_> = third
            .changes_since(1)
            .into_iter()
            .map(|(after, before, fields)| (after.by.as_str(), before.number, fields))
            .collect();
        assert_eq!(told, [("Marcus", 1, vec![AppointmentField::Length]), ("Priya", 2, vec![AppointmentField::Name])]);
        assert_eq!(third.changes_since(3), []);
    }

    #[test]
    fn an_appointment_does_not_grow_for_ever() {
        let mut appointment = Appointment::new("a".parse().unwrap(), details("Maria", 30), "Dana", at_millis(1));
        for minutes in 1..=40 {
            appointment = appointment.changed(details("Maria", minutes), "Dana", at_millis(2));
        }
        assert_eq!((appointment.now.number, appointment.past.len()), (41, Appointment::PAST));
        assert!(appointment.version(1).is_none() && appointment.version(40).is_some());
    }
}
