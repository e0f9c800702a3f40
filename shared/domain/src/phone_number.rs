use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A phone number in E.164: `+`, then 7 to 15 digits of which the first is not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why something is not a number we can text. Each is a sentence for the person who typed it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotANumber {
    #[error("That is not a phone number. Write it as you would dial it, or with + and the country code.")]
    Unreadable,
    #[error("{0} is not a number that exists. Check it for a missing or an extra digit.")]
    NotInUse(String),
    #[error("{0} is a landline, which cannot receive an SMS. Use a mobile number.")]
    Landline(String),
    #[error("{0} cannot receive an SMS. Use a mobile number.")]
    NotMobile(String),
    #[error("{0} is your own number.")]
    OurOwn(String),
}

impl PhoneNumber {
    /// Reads a number already in E.164, as carriers write it. That it exists is not checked: a
    /// number that has texted us does.
    pub fn e164(text: &str) -> Result<Self, NotANumber> {
        let digits = text.strip_prefix('+').ok_or(NotANumber::Unreadable)?;
        let fits =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotANumber::Unreadable) }
    }

    /// Reads a mobile number as people of a region write it.
    ///
    /// Where a numbering plan does not tell mobiles from landlines (North America), a number that
    /// may be a mobile counts as one.
    pub fn mobile(text: &str, region: Region) -> Result<Self, NotANumber> {
        let number = Parsed::parse(text.trim(), Some(region.0)).map_err(|_| NotANumber::Unreadable)?;
        let shown = || display(&number, region);
        match number.get_type() {
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => {
                Self::e164(&number.format_as(PhoneNumberFormat::E164))
            }
            PhoneNumberType::FixedLine => Err(NotANumber::Landline(shown())),
            PhoneNumberType::Unknown => Err(NotANumber::NotInUse(shown())),
            _ => Err(NotANumber::NotMobile(shown())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as people of a region write it: nationally if it is of the region's country,
    /// internationally otherwise.
    #[must_use]
    pub fn shown_in(&self, region: Region) -> String {
        Parsed::parse(&self.0, None).map_or_else(|_| self.0.clone(), |number| display(&number, region))
    }
}

/// Reads the numbering plans of the world. It takes a few milliseconds and happens by itself with
/// the first number that is read or shown: a process can do it before somebody waits for it.
pub fn read_numbering_plans() {
    LazyLock::force(&rlibphonenumber::PHONE_NUMBER_UTIL);
}

fn display(number: &Parsed, region: Region) -> String {
    // Country codes, not regions, are compared: the 25 countries of North America dial one another nationally.
    let here = region.country_code() == Some(number.country_code);
    let format = if here { PhoneNumberFormat::National } else { PhoneNumberFormat::International };
    number.format_as(format).into_owned()
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotANumber;
    fn try_from(text: String) -> Result<Self, NotANumber> {
        Self::e164(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> String {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region of the world by its ISO 3166 code, `US` or `AU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(rlibphonenumber::Region);

#[derive(Debug, Error)]
#[error("not the ISO 3166 code of a region")]
pub struct NotARegion;

impl Region {
    fn country_code(self) -> Option<i32> {
        rlibphonenumber::PHONE_NUMBER_UTIL.get_country_code_for_region(self.0)
    }
}

impl FromStr for Region {
    type Err = NotARegion;
    fn from_str(text: &str) -> Result<Self, NotARegion> {
        text.parse().map(Self).map_err(|_| NotARegion)
    }
}

impl TryFrom<String> for Region {
    type Error = NotARegion;
    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> String {
        region.to_string()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.as_region_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        code.parse().unwrap()
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (written, home) in [
            ("(425) 555-0182", "US"),
            ("425.555.0182", "US"),
            (" 1 425 555 0182", "US"),
            ("+1 425-555-0182", "AU"),
            ("0011 1 425 555 0182", "AU"),
        ] {
            let number = PhoneNumber::mobile(written, region(home)).unwrap();
            assert_eq!(number.as_str(), "+14255550182", "{written}");
        }
    }

    #[test]
    fn a_number_is_shown_as_the_region_writes_it() {
        let number = PhoneNumber::e164("+61491570156").unwrap();
        assert_eq!(number.shown_in(region("AU")), "0491 570 156");
        assert_eq!(number.shown_in(region("US")), "+61 491 570 156");
        let canadian = PhoneNumber::e164("+15145550123").unwrap();
        assert_eq!(canadian.shown_in(region("US")), "(514) 555-0123");
    }

    #[test]
    fn what_cannot_be_a_mobile_is_refused_by_name() {
        let refused = |text, home| PhoneNumber::mobile(text, region(home)).unwrap_err();
        assert_eq!(refused("hello", "US"), NotANumber::Unreadable);
        assert_eq!(refused("", "US"), NotANumber::Unreadable);
        assert!(matches!(refused("12345", "US"), NotANumber::NotInUse(_)));
        assert!(matches!(refused("800 555 0199", "US"), NotANumber::NotMobile(_)));
        assert!(matches!(refused("(02) 9374 4000", "AU"), NotANumber::Landline(_)));
    }

    #[test]
    fn only_e164_is_e164() {
        for bad in
            ["", "+", "14255550182", "+0425555018", "+1425", "+1 4255550182", "+1425555018212345", "+1425555O182"]
        {
            assert_eq!(PhoneNumber::e164(bad), Err(NotANumber::Unreadable), "{bad}");
        }
    }
}
