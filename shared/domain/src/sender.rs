use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{PhoneNumber, Region};

/// The sender of an inbound message: a subscriber's number, or another sender that cannot be answered.
///
/// The other senders are short codes (`68849`) and names (`SUPPORT`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sender {
    Number(PhoneNumber),
    Other(String),
}

/// The error for an empty sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a sender is not empty")]
pub struct InvalidSender;

impl Sender {
    /// The longest other sender that is kept, in characters. Carriers allow 11 for a name.
    const MAX_CHARS: usize = 100;

    /// Parses a sender as carriers write it. A subscriber's number is converted to the form of the current numbering
    /// plan; any other sender is kept as given, up to 100 characters.
    pub fn read(text: &str) -> Result<Self, InvalidSender> {
        let text = text.trim();
        if let Ok(number) = PhoneNumber::subscriber(text) {
            return Ok(Self::Number(number));
        }
        if text.is_empty() { Err(InvalidSender) } else { Ok(Self::Other(text.chars().take(Self::MAX_CHARS).collect())) }
    }

    /// Returns the phone number, if the sender has one and can be answered.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Other(_) => None,
        }
    }

    /// Returns the sender as text: a number in E.164, or the other sender as it was received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Other(other) => other,
        }
    }

    /// Formats the sender for display in a region: a number as people there write it, any other sender as received.
    #[must_use]
    pub fn shown_in(&self, region: Region) -> String {
        match self {
            Self::Number(number) => number.shown_in(region),
            Self::Other(other) => other.clone(),
        }
    }
}

impl From<PhoneNumber> for Sender {
    fn from(number: PhoneNumber) -> Self {
        Self::Number(number)
    }
}

impl TryFrom<String> for Sender {
    type Error = InvalidSender;
    fn try_from(text: String) -> Result<Self, InvalidSender> {
        Self::read(&text)
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> String {
        sender.as_str().to_owned()
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_has_one_form_and_everything_else_is_as_it_came() {
        let read = |text| Sender::read(text).unwrap();
        assert_eq!(read("+5215587654321"), read("+525587654321"));
        for other in ["68849", "SUPPORT", "4255550182", "+123", "Dr. Ito"] {
            assert_eq!(read(other), Sender::Other(other.to_owned()));
            assert_eq!(read(other).number(), None);
        }
        assert_eq!(Sender::read(" "), Err(InvalidSender));
        assert_eq!(read(&"x".repeat(1000)).as_str().len(), 100);
    }
}
