//! Phone numbers as operators write them.

use anyhow::{anyhow, bail};
use domain::{Company, InvalidPhoneNumber, PhoneNumber, Region};
use store::Directory;

/// Parses the number of a new line: in E.164, or in the format of its company's region.
pub(crate) fn read(text: &str, region: Region) -> anyhow::Result<PhoneNumber> {
    match PhoneNumber::mobile(text, region) {
        // Keep the E.164 form as written: the SMS service knows the number by it.
        Ok(number) => Ok(e164(text).unwrap_or(number)),
        // A line can be toll-free or a landline that texts, unlike a customer's phone. The full form leaves no doubt
        // about which number is meant.
        Err(InvalidPhoneNumber::Landline(shown) | InvalidPhoneNumber::NotMobile(shown)) => e164(text).ok_or_else(|| {
            anyhow!(
                "Nothing was changed: {shown} is not a mobile number. If it is your line, write it with + and the country \
                 code."
            )
        }),
        Err(unreadable) => bail!("Nothing was changed. {unreadable}"),
    }
}

/// Parses a customer's number: in E.164, or in the format of the company's region.
pub(crate) fn of_customer(text: &str, region: Region) -> anyhow::Result<PhoneNumber> {
    e164(text)
        .and_then(|number| PhoneNumber::subscriber(number.as_str()).ok())
        .or_else(|| PhoneNumber::mobile(text, region).ok())
        .ok_or_else(|| {
            anyhow!("Nothing was changed: that is not a phone number. Write it with + and the country code.")
        })
}

/// Finds the line with this number: in E.164, or in the format of the region of the line's company.
pub(crate) fn of_line(text: &str, directory: &Directory) -> anyhow::Result<PhoneNumber> {
    if let Some(number) = e164(text) {
        return Ok(number);
    }
    let meant = |company: &Company| PhoneNumber::mobile(text, company.region).ok();
    let mut found: Vec<_> = directory
        .lines
        .iter()
        .filter(|line| {
            let owner = directory.companies.iter().find(|company| company.id == line.company);
            owner.and_then(meant).is_some_and(|number| number == line.number)
        })
        .map(|line| line.number.clone())
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(number), true) => Ok(number),
        (Some(_), false) => {
            bail!("Nothing was changed: {text} matches several lines. Write it with + and the country code.")
        }
        (None, _) => bail!("Nothing was changed: no line matches {text}. `line list` shows the lines."),
    }
}

/// Formats a number for operators: in E.164, and in the format of the region.
pub(crate) fn display_number(number: &PhoneNumber, region: Region) -> String {
    format!("{number} ({})", number.shown_in(region))
}

fn e164(text: &str) -> Option<PhoneNumber> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !['-', '.', '(', ')'].contains(c)).collect();
    PhoneNumber::e164(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toll_free_line_is_accepted_in_e164_and_a_typo_never() {
        let us = "US".parse().unwrap();
        assert_eq!(read("(206) 555-0142", us).unwrap().as_str(), "+12065550142");
        assert_eq!(read("+1 206-555-0142", us).unwrap().as_str(), "+12065550142");
        assert_eq!(read("+1 (800) 555-0199", us).unwrap().as_str(), "+18005550199");
        for doubtful in ["800 555 0199", "+1206555014", "+120655501420", "hello", ""] {
            assert!(read(doubtful, us).unwrap_err().to_string().starts_with("Nothing was changed"), "{doubtful}");
        }
    }
}
