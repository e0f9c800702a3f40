use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{PhoneNumber, Region};

/// Whom a text is from: a subscriber, or something that is no phone number and cannot be answered, such as a short code
/// (`68849`) or a name (`SUPPORT`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sender {
    Number(PhoneNumber),
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a sender is not empty")]
pub struct InvalidSender;

impl Sender {
    /// More than carriers take of a name, which is 11 characters.
    const LONGEST: usize = 100;

    /// Reads a sender as carriers write it: of a subscriber in whichever form, of anything else as it comes.
    pub fn read(text: &str) -> Result<Self, InvalidSender> {
        let text = text.trim();
        if let Ok(number) = PhoneNumber::subscriber(text) {
            return Ok(Self::Number(number));
        }
        if text.is_empty() { Err(InvalidSender) } else { Ok(Self::Other(text.chars().take(Self::LONGEST).collect())) }
    }

    /// The number that can be written to, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Other(_) => None,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Other(other) => other,
        }
    }

    /// As people of a region write it, if it is a number; or as it came.
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
