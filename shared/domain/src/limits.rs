use std::str::FromStr;

use thiserror::Error;

use crate::{PhoneNumber, Region, Staff, TimeZone, Timestamp, UsageLimits};

/// The sending limits of a deployment: rate limits per member of staff, company and number, and allowed countries.
///
/// The limits are generous for people and tight for a client in a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingLimits {
    pub staff: RateLimit,
    pub company: RateLimit,
    pub number: RateLimit,
    /// The countries that texts may go to, in addition to the company's own.
    pub countries: Vec<Region>,
    /// The rate limits of metered actions other than sending, such as number lookups and exports.
    pub usage: UsageLimits,
}

/// A rate limit: messages per minute and per day, written as `20/500`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub(crate) minute: u32,
    pub(crate) day: u32,
}

/// The error for a text that is not two numbers from 1 to 999999 separated by a slash.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not two numbers from 1 to 999999 with a slash between, as in 20/500")]
pub struct InvalidRateLimit;

/// The scope of a rate limit: whose messages are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    Staff,
    Company,
    Number,
}

/// The period after which a count starts again at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitPeriod {
    /// A clock minute, which begins at second 0.
    Minute,
    /// A calendar day in the company's time zone.
    Day,
}

/// One minute or day in which the messages of a scope are counted, with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitWindow {
    pub counted: LimitScope,
    pub period: LimitPeriod,
    pub begins: Timestamp,
    /// The end of the window. The count then starts again at zero.
    pub ends: Timestamp,
    pub most: u32,
}

/// Why a message may not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRestriction {
    /// The limit of this window is reached.
    Reached(LimitWindow),
    /// The deployment does not text to this country; `None` for a number that belongs to no country or to an unknown
    /// one.
    Country(Option<Region>),
}

const MINUTE_MILLIS: u64 = 60_000;

impl SendingLimits {
    /// Returns the windows in which a message of a member of staff counts now.
    #[must_use]
    pub fn windows(&self, staff: &Staff, now: Timestamp) -> [LimitWindow; 6] {
        let window = |counted, period| {
            let allowed = match counted {
                LimitScope::Staff => self.staff,
                LimitScope::Company => self.company,
                LimitScope::Number => self.number,
            };
            let most = match period {
                LimitPeriod::Minute => allowed.minute,
                LimitPeriod::Day => allowed.day,
            };
            LimitWindow::containing(counted, period, most, &staff.time_zone, now)
        };
        [
            window(LimitScope::Staff, LimitPeriod::Minute),
            window(LimitScope::Staff, LimitPeriod::Day),
            window(LimitScope::Company, LimitPeriod::Minute),
            window(LimitScope::Company, LimitPeriod::Day),
            window(LimitScope::Number, LimitPeriod::Minute),
            window(LimitScope::Number, LimitPeriod::Day),
        ]
    }

    /// Checks whether a company in the region `home` may text to the country of a number. Fails with the country, or
    /// with `None` if the country is unknown.
    pub fn reach(&self, number: &PhoneNumber, home: Region) -> Result<(), Option<Region>> {
        let country = number.country();
        let reached = country.is_some_and(|country| country == home || self.countries.contains(&country));
        if reached { Ok(()) } else { Err(country) }
    }
}

impl LimitWindow {
    /// Returns the window that contains a moment.
    pub(crate) fn containing(
        counted: LimitScope,
        period: LimitPeriod,
        most: u32,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let (begins, ends) = match period {
            LimitPeriod::Minute => {
                let minute = now.as_millis() - now.as_millis() % MINUTE_MILLIS;
                (Timestamp::from_millis(minute), Timestamp::from_millis(minute + MINUTE_MILLIS))
            }
            LimitPeriod::Day => {
                let (day, _) = zone.local(now);
                (zone.start_of(day), zone.start_of(day.next()))
            }
        };
        Self { counted, period, begins, ends, most }
    }

    /// Returns the seconds until the window ends, at least 1.
    #[must_use]
    pub fn lasts_secs(&self, now: Timestamp) -> u64 {
        self.ends.as_millis().saturating_sub(now.as_millis()).div_ceil(1000).max(1)
    }
}

/// The default limits. Twenty messages a minute are more than one person types. A company's limit of 120 a minute
/// allows for forty people at a busy pace.
impl Default for SendingLimits {
    fn default() -> Self {
        Self {
            staff: RateLimit { minute: 20, day: 500 },
            company: RateLimit { minute: 120, day: 5_000 },
            number: RateLimit { minute: 10, day: 60 },
            countries: Vec::new(),
            usage: UsageLimits::default(),
        }
    }
}

impl RateLimit {
    const MAX_RATE: u32 = 999_999;
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        let number = |text: &str| match text.parse() {
            Ok(number) if (1..=Self::MAX_RATE).contains(&number) && !text.starts_with('+') => Ok(number),
            _ => Err(InvalidRateLimit),
        };
        let (minute, day) = text.split_once('/').ok_or(InvalidRateLimit)?;
        Ok(Self { minute: number(minute)?, day: number(day)? })
    }
}

impl SendRestriction {
    /// Returns the reason as a sentence for the member of staff who wants to send.
    #[must_use]
    pub fn sentence(&self, company_name: &str) -> String {
        let window = match self {
            Self::Reached(window) => window,
            Self::Country(Some(country)) => {
                return format!(
                    "Not sent: {company_name} does not text to the country of this number ({country}). Your administrator can have it allowed."
                );
            }
            Self::Country(None) => {
                return "Not sent: it is not known which country this number is of. Check it with the customer."
                    .to_owned();
            }
        };
        let who = match window.counted {
            LimitScope::Staff => "you have sent".to_owned(),
            LimitScope::Company => format!("{company_name} has sent"),
            LimitScope::Number => "this customer has been sent".to_owned(),
        };
        let within = match window.period {
            LimitPeriod::Minute => "this minute",
            LimitPeriod::Day => "today",
        };
        let what_to_do = match (window.period, window.counted) {
            (LimitPeriod::Minute, _) => "Wait a minute and press Send again: your text is kept.",
            (LimitPeriod::Day, LimitScope::Staff) => {
                "You can send again after midnight. A colleague can send it now, and your administrator can have the limit raised."
            }
            (LimitPeriod::Day, LimitScope::Company) => {
                "It can send again after midnight. Your administrator can have the limit raised."
            }
            (LimitPeriod::Day, LimitScope::Number) => {
                "You can text them again after midnight. If it cannot wait, call them."
            }
        };
        format!("Not sent: {who} {} {within}, the most that is allowed. {what_to_do}", texts(window.most))
    }

    /// Returns the seconds until the restriction ends; `None` if it does not end without a change of settings.
    #[must_use]
    pub fn lasts_secs(&self, now: Timestamp) -> Option<u64> {
        match self {
            Self::Reached(window) => Some(window.lasts_secs(now)),
            Self::Country(_) => None,
        }
    }
}

/// Formats a number of texts: `1 text`, `5,000 texts`.
fn texts(number: u32) -> String {
    if number == 1 { "1 text".to_owned() } else { format!("{} texts", with_thousands(number)) }
}

/// Formats a number with a thousands separator: `60`, `5,000`.
pub(crate) fn with_thousands(number: u32) -> String {
    match (number / 1000, number % 1000) {
        (0, few) => few.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn dana() -> Staff {
        Staff {
            id: "dana".parse().unwrap(),
            name: "Dana Whitfield".to_owned(),
            company: "harbor-dental".parse().unwrap(),
            company_name: "Harbor Dental".to_owned(),
            region: "US".parse().unwrap(),
            time_zone: "America/Los_Angeles".parse().unwrap(),
            is_program: false,
            is_administrator: false,
            signed_in: None,
        }
    }

    #[test]
    fn an_allowance_is_two_numbers_of_which_none_is_nothing() {
        assert_eq!("20/500".parse(), Ok(SendingLimits::default().staff));
        for bad in ["", "20", "20/", "/500", "0/500", "20/0", "-1/5", "+1/5", "1/1000000", "1/2/3", "20 / 500"] {
            assert_eq!(bad.parse::<RateLimit>(), Err(InvalidRateLimit), "{bad}");
        }
    }

    #[test]
    fn a_minute_is_the_clocks_and_a_day_is_the_companys() {
        let now = Timestamp::from_rfc3339("2026-11-01T07:30:59.999Z").unwrap();
        let windows = SendingLimits::default().windows(&dana(), now);
        let shown = |window: &LimitWindow| (window.begins.to_string(), window.ends.to_string());
        // A day of 25 hours: the clocks go back.
        assert_eq!(shown(&windows[0]), ("2026-11-01T07:30:00.000Z".into(), "2026-11-01T07:31:00.000Z".into()));
        assert_eq!(shown(&windows[1]), ("2026-11-01T07:00:00.000Z".into(), "2026-11-02T08:00:00.000Z".into()));
        assert_eq!(SendRestriction::Reached(windows[0]).lasts_secs(now), Some(1), "not sooner than it ends");
    }

    #[test]
    fn a_sentence_says_who_has_sent_how_many_and_what_to_do() {
        let windows = SendingLimits::default().windows(&dana(), Timestamp::from_millis(0));
        let said: Vec<_> =
            windows.iter().map(|window| SendRestriction::Reached(*window).sentence("Harbor Dental")).collect();
        assert_eq!(
            said[0],
            "Not sent: you have sent 20 texts this minute, the most that is allowed. Wait a minute and press Send again: your text is kept."
        );
        assert!(said[3].starts_with("Not sent: Harbor Dental has sent 5,000 texts today, the most"), "{}", said[3]);
        assert!(said[5].starts_with("Not sent: this customer has been sent 60 texts today, the most"), "{}", said[5]);
        assert_eq!(texts(1), "1 text");
        assert_eq!(texts(1_001), "1,001 texts");
    }

    #[test]
    fn a_company_texts_to_its_own_country_and_to_those_that_were_added() {
        let home: Region = "US".parse().unwrap();
        let number = |text| PhoneNumber::e164(text).unwrap();
        let country = |text| match SendingLimits::default().reach(&number(text), home) {
            Ok(()) => "reached".to_owned(),
            Err(Some(country)) => country.to_string(),
            Err(None) => "unknown".to_owned(),
        };
        for (to, answer) in [
            ("+14255550182", "reached"),
            ("+15145550123", "CA"),
            ("+18765550123", "JM"),
            ("+16585550123", "JM"),
            ("+18095550123", "DO"),
            ("+12685550123", "AG"),
            ("+17875550123", "PR"),
            ("+447400123456", "GB"),
            ("+447911123456", "GG"),
            ("+61491570156", "AU"),
            // An area code that is not assigned, the codes of no country, and a code that does not exist.
            ("+12115550123", "unknown"),
            ("+881612345678", "unknown"),
            ("+8835100012345", "unknown"),
            ("+9991234567", "unknown"),
        ] {
            assert_eq!(country(to), answer, "{to}");
        }
        let more = SendingLimits { countries: vec!["CA".parse().unwrap()], ..SendingLimits::default() };
        assert_eq!(more.reach(&number("+15145550123"), home), Ok(()));
        assert!(more.reach(&number("+18765550123"), home).is_err());
    }
}
