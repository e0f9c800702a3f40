use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::slug::slug;
use crate::{ConversationKey, MobileNumber, PhoneNumber, Pool, Region, TimeZone};

slug! {
    /// Which company. Comes from the session, or from the line a customer wrote to; never from a request.
    CompanyId
}

impl CompanyId {
    /// The one that no company is given. A command would take it for an option, so none has it by chance.
    pub(crate) fn of_heartbeat() -> Self {
        Self("-heartbeat".to_owned())
    }
}

/// A company that talks with its customers through Switchboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    /// How numbers without a country code are read, and which numbers are shown nationally.
    pub region: Region,
    /// Where its appointments are. UTC for a company that was added before it had one.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// The origination number of a first message to a customer.
    pub line: PhoneNumber,
    pub conversation_key: ConversationKey,
    /// A phone number or an address for customers, which the answer to HELP gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactDetails>,
}

/// A phone number or an address of a company, as its customers read it in an answer to HELP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContactDetails(String);

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
    /// The answer to HELP: the company's name, its contact details, and how to opt out.
    #[must_use]
    pub fn help(&self, line: &PhoneNumber) -> String {
        let contact = self.contact.as_ref().map_or_else(|| line.shown_in(self.region), ToString::to_string);
        format!("{}. For help: {contact}. Text STOP to get no more texts.", self.name)
    }

    /// A customer's number, with the conversation that this company has with it.
    #[must_use]
    pub fn mobile(&self, number: PhoneNumber) -> MobileNumber {
        MobileNumber { conversation: self.conversation_key.conversation_with(&number), number }
    }

    /// A number as a line of this company.
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

/// What a line is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineCapability {
    /// Customers write to it, and are written to from it. They may be called from it too.
    #[default]
    Texts,
    /// Customers are called from it, a number that is claimed in Amazon Connect and not in the SMS
    /// service.
    CallsOnly,
}

/// A number of ours that customers write to or are called from, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub number: PhoneNumber,
    pub company: CompanyId,
    /// The company's own, kept here too so that an inbound message needs one look-up, not two.
    pub conversation_key: ConversationKey,
    #[serde(default)]
    pub carries: LineCapability,
    /// What its texts leave by, in place of the number itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}
