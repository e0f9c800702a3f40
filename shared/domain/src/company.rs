use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::slug::slug;
use crate::{ConversationKey, MobileNumber, PhoneNumber, Pool, Region, TimeZone};

slug! {
    /// The id of a company. The id comes from the session, or from the line that a customer texted, and never from the
    /// input of a request.
    CompanyId
}

impl CompanyId {
    /// Returns the reserved company id of the heartbeat, which begins with a hyphen. No company can get this id,
    /// because the command that adds companies reads a leading hyphen as an option.
    pub(crate) fn of_heartbeat() -> Self {
        Self("-heartbeat".to_owned())
    }
}

/// A company that texts with its customers through Switchboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    /// The region in which numbers without a country code are read, and whose numbers are shown in national format.
    pub region: Region,
    /// The time zone of the company's appointments. UTC for a company that was added before companies had a time zone.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// The origination number of the first message to a customer.
    pub line: PhoneNumber,
    pub conversation_key: ConversationKey,
    /// A phone number or an address for customers, which the answer to HELP contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactDetails>,
}

/// A company's phone number or address for customers, as shown in the answer to HELP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContactDetails(String);

/// The error for contact details that are not 1 to 100 characters on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a phone number or an address has 1 to 100 characters, on one line")]
pub struct InvalidContactDetails;

impl FromStr for ContactDetails {
    type Err = InvalidContactDetails;
    fn from_str(text: &str) -> Result<Self, InvalidContactDetails> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidContactDetails) }
    }
}

impl TryFrom<String> for ContactDetails {
    type Error = InvalidContactDetails;
    fn try_from(text: String) -> Result<Self, InvalidContactDetails> {
        text.parse()
    }
}

impl From<ContactDetails> for String {
    fn from(details: ContactDetails) -> String {
        details.0
    }
}

impl fmt::Display for ContactDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Company {
    /// Returns the answer to HELP: the company's name, its contact details, and how to opt out.
    #[must_use]
    pub fn help(&self, line: &PhoneNumber) -> String {
        let contact = self.contact.as_ref().map_or_else(|| line.shown_in(self.region), ToString::to_string);
        format!("{}. For help: {contact}. Reply STOP to unsubscribe.", self.name)
    }

    /// Returns a customer's number with the id of the company's conversation with it.
    #[must_use]
    pub fn mobile(&self, number: PhoneNumber) -> MobileNumber {
        MobileNumber { conversation: self.conversation_key.conversation_with(&number), number }
    }

    /// Returns a number as a line of this company.
    #[must_use]
    pub fn a_line(&self, number: PhoneNumber) -> Line {
        Line {
            number,
            company: self.id.clone(),
            conversation_key: self.conversation_key.clone(),
            carries: LineCapability::default(),
            pool: None,
        }
    }
}

/// The purpose of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineCapability {
    /// Texts in both directions. Calls to customers may also come from the line.
    #[default]
    Texts,
    /// Calls to customers only. The number is claimed in Amazon Connect, and not in the SMS service.
    CallsOnly,
}

/// A line: a company's number that customers text, or that calls to them come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub number: PhoneNumber,
    pub company: CompanyId,
    /// A copy of the company's key, so that an inbound message needs one lookup instead of two.
    pub conversation_key: ConversationKey,
    #[serde(default)]
    pub carries: LineCapability,
    /// The pool that sends the line's texts, instead of the number itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}
