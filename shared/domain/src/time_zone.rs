use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::{ToSpan, tz};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Timestamp;

/// A company's time zone, by its IANA name: `America/Los_Angeles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(tz::TimeZone);

/// The error for a text that is not the IANA name of a time zone.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the IANA name of a time zone")]
pub struct InvalidTimeZone;

/// A calendar day, without a time zone. Written as `2026-11-30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// A time of day, to the minute. Written as `15:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(Time);

/// Why a day and a time do not identify a moment. The text of each variant is a sentence for the person who typed them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidLocalTime {
    #[error("That is not a day. Write it as year, month and day: 2026-11-30.")]
    UnreadableDay,
    #[error("There is no {0}. Choose a day that is in the calendar.")]
    NoSuchDay(String),
    #[error("That is not a time of the day. Write it in hours and minutes, 00:00 to 23:59.")]
    UnreadableTime,
    #[error(
        "There is no {time} on {day}: the clocks are put forward over it that day. Choose an earlier or a later time."
    )]
    Skipped { day: Day, time: TimeOfDay },
}

impl TimeZone {
    /// Returns the IANA name, or `UTC` if the zone has no IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns the local day and time of a moment.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> (Day, TimeOfDay) {
        let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
        let local = self.0.to_datetime(jiff::Timestamp::from_millisecond(millis).unwrap_or_default());
        (Day(local.date()), TimeOfDay(Time::constant(local.hour(), local.minute(), 0, 0)))
    }

    /// Returns the moment of a local day and time.
    ///
    /// A time that occurs twice, when clocks go back, is the first of the two. Fails with `Skipped` for a time that
    /// does not occur, when clocks go forward.
    pub fn moment(&self, day: Day, time: TimeOfDay) -> Result<Timestamp, InvalidLocalTime> {
        let moment = self.0.to_ambiguous_timestamp(day.0.to_datetime(time.0));
        if moment.is_ambiguous() && matches!(moment.offset(), tz::AmbiguousOffset::Gap { .. }) {
            return Err(InvalidLocalTime::Skipped { day, time });
        }
        moment.compatible().map(from_jiff).map_err(|_| InvalidLocalTime::UnreadableDay)
    }

    /// Returns the UTC offset at `from` in minutes, and each change of it before `until`.
    ///
    /// Each change consists of its time in minutes since 1970 and the new offset in minutes. An offset is positive if
    /// local clocks are ahead of UTC.
    #[must_use]
    pub fn clock(&self, from: Timestamp, until: Timestamp) -> (i32, Vec<(u64, i32)>) {
        let moment = |at: Timestamp| {
            let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
            jiff::Timestamp::from_millisecond(millis).unwrap_or_default()
        };
        let minutes = |offset: tz::Offset| offset.seconds() / 60;
        let changes = self.0.following(moment(from)).take_while(|change| change.timestamp() < moment(until));
        let changes = changes.map(|change| (from_jiff(change.timestamp()).as_secs() / 60, minutes(change.offset())));
        (minutes(self.0.to_offset(moment(from))), changes.collect())
    }

    /// Returns the start of a local day. If clocks skip midnight, this is the first moment after it.
    #[must_use]
    pub fn start_of(&self, day: Day) -> Timestamp {
        let midnight = day.0.to_datetime(Time::midnight());
        self.0.to_ambiguous_timestamp(midnight).compatible().map_or(Timestamp::from_millis(u64::MAX), from_jiff)
    }
}

/// Converts a moment from `jiff`. A moment before 1970 becomes the start of 1970.
fn from_jiff(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

/// The default time zone is UTC.
impl Default for TimeZone {
    fn default() -> Self {
        Self(tz::TimeZone::UTC)
    }
}

impl FromStr for TimeZone {
    type Err = InvalidTimeZone;

    /// Parses an IANA name in any letter case. The zone keeps the IANA's own spelling.
    fn from_str(name: &str) -> Result<Self, InvalidTimeZone> {
        tz::TimeZone::get(name).map(Self).map_err(|_| InvalidTimeZone)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = InvalidTimeZone;
    fn try_from(text: String) -> Result<Self, InvalidTimeZone> {
        text.parse()
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> String {
        zone.to_string()
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Day {
    /// Returns the next day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1.day()))
    }

    /// Returns the previous day.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1.day()))
    }

    /// Formats the day as a heading: `Monday, 30 November 2026`.
    #[must_use]
    pub fn written_out(self) -> String {
        self.0.strftime("%A, %-d %B %Y").to_string()
    }
}

impl FromStr for Day {
    type Err = InvalidLocalTime;

    fn from_str(text: &str) -> Result<Self, InvalidLocalTime> {
        let mut parts = text.split('-').map(|part| number(part, if part.len() == 4 { 4 } else { 2 }));
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidLocalTime::UnreadableDay);
        };
        if text.len() != 10 || !(1970..=2286).contains(&year) {
            return Err(InvalidLocalTime::UnreadableDay);
        }
        let narrow = |number: i16| i8::try_from(number).unwrap_or(0);
        Date::new(year, narrow(month), narrow(day)).map(Self).map_err(|_| InvalidLocalTime::NoSuchDay(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidLocalTime;

    /// Parses `15:30`. Seconds and their fractions, which some browsers and calendars send, are accepted and dropped.
    fn from_str(text: &str) -> Result<Self, InvalidLocalTime> {
        let (text, fraction) = text.split_once('.').map_or((text, None), |(text, fraction)| (text, Some(fraction)));
        let mut parts = text.split(':').map(|part| number(part, 2));
        let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) else {
            return Err(InvalidLocalTime::UnreadableTime);
        };
        let seconds = parts.next();
        let is_fraction = |it: &str| seconds.is_some() && !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
        if matches!(seconds, Some(None)) || parts.next().is_some() || !fraction.is_none_or(is_fraction) {
            return Err(InvalidLocalTime::UnreadableTime);
        }
        let narrow = |number: i16| i8::try_from(number).unwrap_or(-1);
        Time::new(narrow(hour), narrow(minute), 0, 0).map(Self).map_err(|_| InvalidLocalTime::UnreadableTime)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(zone: &str, day: &str, time: &str) -> Result<String, InvalidLocalTime> {
        let zone: TimeZone = zone.parse().unwrap();
        zone.moment(day.parse()?, time.parse()?).map(|at| at.to_string())
    }

    #[test]
    fn the_clock_of_a_zone_is_where_it_stands_and_when_it_is_changed() {
        let at = |text: &str| Timestamp::from_rfc3339(text).unwrap();
        let zone: TimeZone = "America/Los_Angeles".parse().unwrap();
        let (offset, changes) = zone.clock(at("2026-11-30T12:00:00Z"), at("2027-11-30T12:00:00Z"));
        let minutes = |text: &str| at(text).as_secs() / 60;
        assert_eq!(offset, -480);
        assert_eq!(changes, [(minutes("2027-03-14T10:00:00Z"), -420), (minutes("2027-11-07T09:00:00Z"), -480)]);
        let half: TimeZone = "Asia/Kolkata".parse().unwrap();
        assert_eq!(half.clock(at("2026-11-30T12:00:00Z"), at("2036-11-30T12:00:00Z")), (330, vec![]));
    }

    #[test]
    fn a_day_and_a_time_are_a_moment_where_the_company_is() {
        assert_eq!(moment("America/Los_Angeles", "2026-11-30", "15:00").unwrap(), "2026-11-30T23:00:00.000Z");
        assert_eq!(moment("Australia/Sydney", "2026-11-30", "15:00").unwrap(), "2026-11-30T04:00:00.000Z");
        assert_eq!(moment("UTC", "2026-11-30", "15:00:59").unwrap(), "2026-11-30T15:00:00.000Z");
        assert_eq!(moment("UTC", "2026-11-30", "15:00:59.000").unwrap(), "2026-11-30T15:00:00.000Z");
    }

    #[test]
    fn a_moment_reads_back_as_the_day_and_the_time_it_came_from() {
        let zone: TimeZone = "Australia/Sydney".parse().unwrap();
        let (day, time) = ("2026-12-01".parse().unwrap(), "00:15".parse().unwrap());
        assert_eq!(zone.local(zone.moment(day, time).unwrap()), (day, time));
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_is_refused_in_words() {
        let refused = moment("America/Los_Angeles", "2027-03-14", "02:30").unwrap_err();
        assert!(refused.to_string().contains("no 02:30 on 2027-03-14"), "{refused}");
        assert_eq!(moment("America/Los_Angeles", "2027-03-14", "03:00").unwrap(), "2027-03-14T10:00:00.000Z");
    }

    #[test]
    fn a_time_that_the_clocks_show_twice_is_the_first() {
        assert_eq!(moment("America/Los_Angeles", "2026-11-01", "01:30").unwrap(), "2026-11-01T08:30:00.000Z");
    }

    #[test]
    fn a_day_is_as_long_as_it_is() {
        let zone: TimeZone = "America/Los_Angeles".parse().unwrap();
        let hours = |day: &str| {
            let day: Day = day.parse().unwrap();
            (zone.start_of(day.next()).as_secs() - zone.start_of(day).as_secs()) / 3600
        };
        assert_eq!([hours("2027-03-14"), hours("2026-11-30"), hours("2026-11-01")], [23, 24, 25]);
    }

    #[test]
    fn days_that_are_not_in_the_calendar_are_refused() {
        for impossible in ["2026-02-30", "2026-13-01", "2026-00-10", "2027-02-29"] {
            assert_eq!(impossible.parse::<Day>(), Err(InvalidLocalTime::NoSuchDay(impossible.into())));
        }
        for unreadable in ["", "tomorrow", "30/11/2026", "2026-11-3", "2026-11-30T10:00", "+026-11-30", "1969-12-31"] {
            assert_eq!(unreadable.parse::<Day>(), Err(InvalidLocalTime::UnreadableDay), "{unreadable}");
        }
        for unreadable in ["", "24:00", "12:60", "3 pm", "1:30", "12", "12:00:00:00", "-1:00", "12:00.5", "12:00:00."] {
            assert_eq!(unreadable.parse::<TimeOfDay>(), Err(InvalidLocalTime::UnreadableTime), "{unreadable}");
        }
    }

    #[test]
    fn a_month_turns_into_the_next() {
        let last: Day = "2026-12-31".parse().unwrap();
        assert_eq!(last.next().to_string(), "2027-01-01");
        assert_eq!(last.next().previous(), last);
        assert_eq!(last.written_out(), "Thursday, 31 December 2026");
    }

    #[test]
    fn a_zone_is_known_by_its_name_and_by_nothing_else() {
        assert_eq!("america/los_angeles".parse::<TimeZone>().unwrap().name(), "America/Los_Angeles");
        for bad in ["", "Mars/Olympus", "PST8", "+10:00", "../etc/localtime", "America"] {
            assert_eq!(bad.parse::<TimeZone>(), Err(InvalidTimeZone), "{bad}");
        }
    }
}
