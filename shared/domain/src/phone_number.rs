use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{numbering_plans, subscriber};

/// A phone number in E.164: `+`, then 7 to 15 digits of which the first is not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a text is not a number that can be texted. The text of each variant is a sentence for the person who typed it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidPhoneNumber {
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
    #[error("“{0}” after the number is an extension or a second number. Write one number, without an extension.")]
    More(String),
}

impl PhoneNumber {
    /// Parses a number that is already in E.164, as carriers write it. Does not check that the number exists, because a
    /// number that has sent a text does.
    pub fn e164(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhoneNumber::Unreadable)?;
        let fits =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidPhoneNumber::Unreadable) }
    }

    /// Creates a number from an E.164 literal in this crate.
    pub(crate) fn from_e164(e164: &'static str) -> Self {
        Self(e164.to_owned())
    }

    /// Parses a customer's number as carriers write it, and converts it to the form of its country's current numbering
    /// plan.
    pub fn subscriber(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let number = Self::e164(text)?;
        Ok(subscriber::newer(&number.0[1..]).map_or(number, |newer| Self(format!("+{newer}"))))
    }

    /// Parses a mobile number as people of a region write it, also in an older form of its country's plan.
    ///
    /// Some plans do not tell mobiles from landlines (North America). There, a number that may be a mobile counts as a
    /// mobile.
    pub fn mobile(text: &str, region: Region) -> Result<Self, InvalidPhoneNumber> {
        let number = read(text.trim(), region).ok_or(InvalidPhoneNumber::Unreadable)?;
        // An extension: the digits after a comma, a semicolon, `#`, `x` or `ext`, which a phone dials after the call is
        // answered.
        if let Some(more) = &number.extension {
            return Err(InvalidPhoneNumber::More(more.clone()));
        }
        let plans = numbering_plans::plan_of(number.country_code);
        let e164 = plans.format(&number, PhoneNumberFormat::E164).into_owned();
        let subscriber = Self::subscriber(&e164);
        let newer = subscriber.as_ref().ok().filter(|newer| newer.0 != e164);
        let number = newer.and_then(|newer| plans.parse(&newer.0, None).ok()).unwrap_or(number);
        let shown = || display(plans, &number, region);
        match plans.get_number_type(&number) {
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => subscriber,
            PhoneNumberType::FixedLine => Err(InvalidPhoneNumber::Landline(shown())),
            PhoneNumberType::Unknown => Err(InvalidPhoneNumber::NotInUse(shown())),
            _ => Err(InvalidPhoneNumber::NotMobile(shown())),
        }
    }

    /// Returns the number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the country of the number. `None` for a number that belongs to no country, such as a satellite phone's,
    /// or to an unknown one.
    #[must_use]
    pub fn country(&self) -> Option<Region> {
        let code = numbering_plans::code_of_number(&self.0)?;
        let plans = numbering_plans::plan_of(code);
        let of_plan = plans.get_region_for_number(&plans.parse(&self.0, None).ok()?);
        // New numbers are assigned before the plans here know them. Such a number counts for the main country of its
        // calling code. North America's code is the exception: two dozen other countries share it, and a text to some
        // of them costs many times as much.
        let mostly_of = || (code != NORTH_AMERICA).then(|| plans.get_region_for_country_code(code)).flatten();
        of_plan.or_else(mostly_of).filter(|region| *region != rlibphonenumber::Region::World).map(Region)
    }

    /// Formats the number as people of a region write it: nationally if it has the region's country code, else
    /// internationally.
    #[must_use]
    pub fn shown_in(&self, region: Region) -> String {
        let plans = numbering_plans::code_of_number(&self.0).map(numbering_plans::plan_of);
        let number = plans.and_then(|plans| Some((plans, plans.parse(&self.0, None).ok()?)));
        number.map_or_else(|| self.0.clone(), |(plans, number)| display(plans, &number, region))
    }
}

/// The calling code that 25 countries share.
const NORTH_AMERICA: i32 = 1;

/// Loads the numbering plans of North America before the first number needs them.
///
/// Without this call, the first such number loads them. The plans of other countries are loaded on first use.
pub fn read_numbering_plans() {
    numbering_plans::plan_of(NORTH_AMERICA);
}

/// Parses a number with the plans of the region's country, which most numbers belong to, then with all plans.
fn read(text: &str, region: Region) -> Option<Parsed> {
    let by = |plans: &PhoneNumberUtil| plans.parse(text, Some(region.0)).ok();
    region.country_code().map(numbering_plans::plan_of).and_then(by).or_else(|| by(numbering_plans::world()))
}

fn display(plans: &PhoneNumberUtil, number: &Parsed, region: Region) -> String {
    // Compares country codes instead of regions: the 25 countries of North America dial one another nationally.
    let here = region.country_code() == Some(number.country_code);
    let format = if here { PhoneNumberFormat::National } else { PhoneNumberFormat::International };
    plans.format(number, format).into_owned()
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;
    fn try_from(text: String) -> Result<Self, InvalidPhoneNumber> {
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

/// A region of the world by its ISO 3166 code, such as `US` or `AU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(rlibphonenumber::Region);

/// The error for a text that is not the ISO 3166 code of a region.
#[derive(Debug, Error)]
#[error("not the ISO 3166 code of a region")]
pub struct InvalidRegion;

impl Region {
    /// Returns whether the region has phone numbers. `UK` is a reserved code without numbers: the country's numbers
    /// belong to `GB`.
    #[must_use]
    pub fn has_numbers(self) -> bool {
        self.country_code().is_some()
    }

    /// Parses a list of ISO 3166 codes with commas, `CA,GB`. Returns the regions that have numbers, and the items that
    /// are not the code of such a region.
    #[must_use]
    pub fn read_list(text: &str) -> (Vec<Self>, Vec<&str>) {
        let (mut regions, mut unknown) = (Vec::new(), Vec::new());
        for code in text.split(',').filter(|code| !code.is_empty()) {
            match code.parse() {
                Ok(region) if Self::has_numbers(region) => regions.push(region),
                Ok(_) | Err(InvalidRegion) => unknown.push(code),
            }
        }
        (regions, unknown)
    }

    fn country_code(self) -> Option<i32> {
        numbering_plans::code_of_region(self.0)
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;
    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        text.parse().map(Self).map_err(|_| InvalidRegion)
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;
    fn try_from(text: String) -> Result<Self, InvalidRegion> {
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
    fn of_a_list_of_regions_what_is_none_is_told_apart() {
        assert_eq!(Region::read_list("CA,GB"), (vec![region("CA"), region("GB")], Vec::new()));
        assert_eq!(Region::read_list("CA,ZZ,,UK,GB"), (vec![region("CA"), region("GB")], vec!["ZZ", "UK"]));
        assert_eq!(Region::read_list(""), (Vec::new(), Vec::new()));
    }

    #[test]
    fn the_plans_of_the_own_country_read_no_number_otherwise_than_all_plans() {
        let numbers = ["14255550182", "61491570156", "447911123456", "393471234567", "5491123456789", "80012345678"];
        for home in ["US", "CA", "AU", "GB", "IT", "AR", "RU", "KZ", "AQ"].map(region) {
            for number in numbers.iter().chain(&["79161234567", "390236618300", "12345", "999123456"]) {
                for before in ["", "+", "++", "0", "00", "+00", "011", "0011", "8~10", "+0011", "1"] {
                    let written = format!("{before}{number}");
                    let by_all = numbering_plans::world().parse(&written, Some(home.0)).ok();
                    assert_eq!(read(&written, home), by_all, "{written} in {home}");
                }
            }
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
        let refused = |text: &str, home| PhoneNumber::mobile(text, region(home)).unwrap_err();
        assert_eq!(refused("hello", "US"), InvalidPhoneNumber::Unreadable);
        assert_eq!(refused("", "US"), InvalidPhoneNumber::Unreadable);
        assert!(matches!(refused("12345", "US"), InvalidPhoneNumber::NotInUse(_)));
        assert!(matches!(refused("800 555 0199", "US"), InvalidPhoneNumber::NotMobile(_)));
        assert!(matches!(refused("(02) 9374 4000", "AU"), InvalidPhoneNumber::Landline(_)));
        for (more, is) in
            [("x12", "12"), (";ext=12", "12"), ("#12", "12"), (",,12", "12"), (";2065550101", "2065550101")]
        {
            assert_eq!(
                refused(&format!("425-555-0182{more}"), "US"),
                InvalidPhoneNumber::More(is.to_owned()),
                "{more}"
            );
        }
        for two in ["4255550182/2065550101", "4255550182 or 2065550101", "4255550182 2065550101"] {
            assert!(PhoneNumber::mobile(two, region("US")).is_err(), "{two}");
        }
    }

    #[test]
    fn a_form_that_a_country_had_before_is_read_as_the_number_that_it_is_now() {
        for (written, home, number) in [
            ("+52 1 55 8765 4321", "US", "+525587654321"),
            ("+52 1 55 8765 4321", "MX", "+525587654321"),
            ("044 55 8765 4321", "MX", "+525587654321"),
            ("55 8765 4321", "MX", "+525587654321"),
            ("+54 11 2345-6789", "US", "+5491123456789"),
            ("011 15 2345-6789", "AR", "+5491123456789"),
            ("11 2345-6789", "AR", "+5491123456789"),
            ("+54 9 11 2345-6789", "AR", "+5491123456789"),
            ("(11) 8765-4321", "BR", "+5511987654321"),
            ("+55 11 98765-4321", "US", "+5511987654321"),
            ("07 12 34 56", "CI", "+2250707123456"),
            ("+225 07 07 12 34 56", "US", "+2250707123456"),
            ("97 12 34 56", "BJ", "+2290197123456"),
            ("+229 01 97 12 34 56", "US", "+2290197123456"),
            ("347 123 4567", "IT", "+393471234567"),
        ] {
            assert_eq!(PhoneNumber::mobile(written, region(home)).unwrap().as_str(), number, "{written} in {home}");
        }
        assert!(PhoneNumber::mobile("06 6982 1234", region("IT")).is_err(), "a fixed line of Italy's, with its zero");
        let fixed = PhoneNumber::subscriber("+390669821234").unwrap();
        assert_eq!(fixed.shown_in(region("IT")), "06 6982 1234");
        // A company's line keeps the form that the SMS service uses.
        assert_eq!(PhoneNumber::e164("+541123456789").unwrap().as_str(), "+541123456789");
    }

    #[test]
    fn only_e164_is_e164() {
        for bad in
            ["", "+", "14255550182", "+0425555018", "+1425", "+1 4255550182", "+1425555018212345", "+1425555O182"]
        {
            assert_eq!(PhoneNumber::e164(bad), Err(InvalidPhoneNumber::Unreadable), "{bad}");
        }
    }
}
