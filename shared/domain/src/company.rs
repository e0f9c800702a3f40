use serde::{Deserialize, Serialize};

use crate::slug::slug;
use crate::{ConversationKey, Mobile, PhoneNumber, Pool, Region, TimeZone};

slug! {
    /// Which company. Comes from the session, or from the line a customer wrote to; never from a request.
    CompanyId
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
}

impl Company {
    /// A customer's number, with the conversation that this company has with it.
    #[must_use]
    pub fn mobile(&self, number: PhoneNumber) -> Mobile {
        Mobile { conversation: self.conversation_key.conversation_with(&number), number }
    }

    /// A number as a line of this company.
    #[must_use]
    pub fn a_line(&self, number: PhoneNumber) -> Line {
        Line {
            number,
            company: self.id.clone(),
            conversation_key: self.conversation_key.clone(),
            carries: Carries::default(),
            pool: None,
        }
    }
}

/// What a line is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carries {
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
    pub carries: Carries,
    /// What its texts leave by, in place of the number itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}
