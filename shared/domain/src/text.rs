use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Returns the text of a message for display, or "(no text)" if it is empty.
#[must_use]
pub fn shown_text(text: &str) -> &str {
    if text.trim().is_empty() { "(no text)" } else { text }
}

/// The text of an outbound message: 1 to 1,600 characters, not only white space.
///
/// 1,600 characters is the carrier's limit for one SMS of several segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutboundText(String);

/// Why a text cannot be sent. The text of each variant is a sentence for the person who wrote the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidText {
    #[error("There is nothing to send yet. Write a message first.")]
    Empty,
    #[error("This message has {0} characters, and an SMS can carry at most 1,600. Shorten it or send it in two.")]
    TooLong(usize),
}

impl OutboundText {
    const MAX_CHARS: usize = 1600;

    /// Parses a text. Turns `\r\n`, which forms send, into `\n`, and trims white space around the text.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        match text.chars().count() {
            0 => Err(InvalidText::Empty),
            n if n > Self::MAX_CHARS => Err(InvalidText::TooLong(n)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_to_1600_characters_whatever_their_bytes() {
        assert_eq!(OutboundText::parse(" \r\n "), Err(InvalidText::Empty));
        assert!(OutboundText::parse(&"字".repeat(1600)).is_ok());
        assert_eq!(OutboundText::parse(&"字".repeat(1601)), Err(InvalidText::TooLong(1601)));
    }

    #[test]
    fn line_ends_of_a_form_count_once() {
        assert_eq!(OutboundText::parse("a\r\nb").unwrap().as_str(), "a\nb");
    }
}
