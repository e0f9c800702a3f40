use serde::{Deserialize, Serialize};

use crate::{Position, Timestamp};

/// Who keeps opt-outs of a line, and answers a customer who opts out or asks for help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutManagement {
    /// The SMS service, as it does by default.
    #[default]
    ByTheService,
    /// Nobody but us: the numbers are set to self-managed opt-outs.
    ByUs,
}

/// The latest word on whether a customer gets a company's texts. Without one, they do.
///
/// Words come late, repeated and out of order, so each has a place in time, and the latest is in force
/// whenever it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum OptOutState {
    Out(OptOut),
    /// The customer's own START, which is all that undoes an opt-out.
    In {
        at: Position,
    },
}

/// That a customer gets no texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    pub at: Position,
    pub cause: OptOutCause,
}

/// How it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OptOutCause {
    /// They wrote so, in a word that means it.
    Keyword { word: String },
    /// The SMS service has it of them, and refused a text.
    Refused {
        /// With which a text of theirs begins, that it may have taken for an opt-out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        word: Option<String>,
    },
    /// They said so to a member of staff, by name.
    Staff { by: String },
}

impl OptOutState {
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Out(OptOut { at, .. }) | Self::In { at } => *at,
        }
    }

    #[must_use]
    pub fn out(self) -> Option<OptOut> {
        match self {
            Self::Out(out) => Some(out),
            Self::In { .. } => None,
        }
    }
}

impl OptOut {
    /// What follows from it for staff.
    pub const UNDONE: &str = "Only they can undo it, by texting START.";

    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.at.at
    }

    /// For whoever wanted to text the customer; `day` is when it was, where they are.
    #[must_use]
    pub fn sentence(&self, day: &str) -> String {
        format!("This customer has opted out of texts ({} on {day}). {}", self.cause.words(), Self::UNDONE)
    }
}

impl OptOutCause {
    /// How it came about, as part of a sentence.
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
