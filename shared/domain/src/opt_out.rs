use serde::{Deserialize, Serialize};

use crate::{Position, Timestamp};

/// Which side manages the opt-outs of a line and answers SMS keywords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutManagement {
    /// The SMS service manages them, as it does by default.
    #[default]
    ByTheService,
    /// Switchboard manages them: the numbers are set to self-managed opt-outs.
    ByUs,
}

/// The opt-out state of a customer at a company. A customer without an opt-out state gets texts.
///
/// Changes arrive late, repeated and out of order. Each change has a position in time. The change with the latest
/// position is in force, whenever it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum OptOutState {
    Out(OptOut),
    /// The customer opted in by texting START. Nothing else undoes an opt-out.
    In {
        at: Position,
    },
}

/// An opt-out: the customer gets no texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    pub at: Position,
    pub cause: OptOutCause,
}

/// The source of an opt-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OptOutCause {
    /// The customer texted an opt-out keyword.
    Keyword { word: String },
    /// The SMS service has an opt-out of the customer, and rejected a text because of it.
    Refused {
        /// The keyword at the start of an inbound message that the service may have taken for an opt-out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        word: Option<String>,
    },
    /// The customer asked a member of staff for no more texts. `by` is the name of the member of staff.
    Staff { by: String },
}

impl OptOutState {
    /// Returns the position at which the state began.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Out(OptOut { at, .. }) | Self::In { at } => *at,
        }
    }

    /// Returns the opt-out, if the customer has opted out.
    #[must_use]
    pub fn out(self) -> Option<OptOut> {
        match self {
            Self::Out(out) => Some(out),
            Self::In { .. } => None,
        }
    }
}

impl OptOut {
    /// The sentence for staff about how an opt-out ends.
    pub const HOW_TO_RESUBSCRIBE: &str = "Only they can undo it, by texting START.";

    /// Returns when the customer opted out.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.at.at
    }

    /// Returns the sentence for a member of staff who wants to text the customer. `day` is the day of the opt-out in
    /// the company's time zone.
    #[must_use]
    pub fn sentence(&self, day: &str) -> String {
        format!("This customer has opted out of texts ({} on {day}). {}", self.cause.words(), Self::HOW_TO_RESUBSCRIBE)
    }
}

impl OptOutCause {
    /// Returns the cause as a part of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Keyword { word } => format!("they wrote {word}"),
            Self::Refused { word: None } => "the SMS service refused a text for it".to_owned(),
            Self::Refused { word: Some(word) } => {
                format!(
                    "the SMS service refused a text, since it takes one of theirs that begins with {word} for an opt-out"
                )
            }
            Self::Staff { by } => format!("they told {by}"),
        }
    }
}
