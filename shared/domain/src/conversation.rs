use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::{
    CallOutcome, Customer, DeliveryProgress, DeliveryStatus, NextAppointment, PhoneNumber, Position, ReplyOutcome,
    Sender, Timestamp,
};

/// Everything said with one mobile number within the retention, as its head keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationSummary {
    pub id: ConversationId,
    pub sender: Sender,
    /// The line the customer last wrote to, which replies go out from.
    pub line: PhoneNumber,
    /// What its customers are called, and their next appointment, if they have appointments.
    pub name: Option<String>,
    pub next: Option<NextAppointment>,
    /// Where the newest message or call is, and the start of its text.
    pub last: Position,
    pub last_text: String,
    pub last_is_ours: bool,
    /// Whether our newest text reached the customer, if there is one.
    pub reply: Option<ReplyOutcome>,
    /// Where the newest text of the customer is.
    pub heard: Option<Position>,
    /// How the newest one ended, if it is a call.
    pub last_call: Option<CallOutcome>,
    /// Texts of the customer, and calls in which they would not come, since the last text of ours that the carrier took
    /// and has not given back.
    pub unanswered: u32,
    /// Where the latest of those is, answered or not.
    pub asked: Option<Position>,
    /// Whether staff have blocked its number.
    pub is_blocked: bool,
}

impl ConversationSummary {
    /// Whether the newest entry is a text of ours that failed or is unconfirmed.
    #[must_use]
    pub fn is_not_delivered(&self, now: Timestamp) -> bool {
        self.last_is_ours
            && match self.reply {
                Some(ReplyOutcome::Failed | ReplyOutcome::Unconfirmed) => true,
                Some(ReplyOutcome::Pending) => {
                    DeliveryProgress::Queued.delivery_status(self.last.at, now) == DeliveryStatus::Unconfirmed
                }
                Some(ReplyOutcome::Accepted) | None => false,
            }
    }
}

/// Whom a conversation is with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerRef {
    /// Somebody with whom something was said.
    Conversation(Box<ConversationSummary>),
    /// Somebody with an appointment, with whom nothing was said yet.
    Customer(Customer),
}

/// Names a conversation without naming its number, so it may stand in an address and in a log.
/// 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConversationId(u128);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the id of a conversation")]
pub struct InvalidConversationId;

impl ConversationId {
    /// The head's place in its company's inbox.
    #[must_use]
    pub fn place_in_inbox(self, last: Position) -> Position {
        Position::new(last.at, self.0)
    }
}

impl FromStr for ConversationId {
    type Err = InvalidConversationId;
    fn from_str(text: &str) -> Result<Self, InvalidConversationId> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !hex {
            return Err(InvalidConversationId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| InvalidConversationId)
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl TryFrom<String> for ConversationId {
    type Error = InvalidConversationId;
    fn try_from(text: String) -> Result<Self, InvalidConversationId> {
        text.parse()
    }
}

impl From<ConversationId> for String {
    fn from(id: ConversationId) -> String {
        id.to_string()
    }
}

/// A company's secret from which its conversations get their ids. Without it, anyone who saw an
/// id could find the number by trying them all: there are only some ten thousand million.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationKey(String);

impl ConversationKey {
    /// From a random token of at least 128 bits.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    #[must_use]
    pub fn conversation_with(&self, number: &PhoneNumber) -> ConversationId {
        self.conversation_of(number.as_str())
    }

    #[must_use]
    pub fn conversation_with_sender(&self, sender: &Sender) -> ConversationId {
        self.conversation_of(sender.as_str())
    }

    fn conversation_of(&self, whom: &str) -> ConversationId {
        ConversationId(digest(&self.0, &["conversation", whom]))
    }
}

impl fmt::Debug for ConversationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConversationKey(..)")
    }
}

/// The first 128 bits of HMAC-SHA-256 over the parts, each preceded by its length.
pub(crate) fn digest(key: &str, parts: &[&str]) -> u128 {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    let digest = mac.finalize().into_bytes();
    digest.iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_another_conversation_with_every_company() {
        let number = PhoneNumber::e164("+14255550182").unwrap();
        let one = ConversationKey::new("one".into()).conversation_with(&number);
        let other = ConversationKey::new("other".into()).conversation_with(&number);
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
    }

    #[test]
    fn parts_of_a_digest_cannot_run_into_each_other() {
        assert_ne!(digest("k", &["ab", "c"]), digest("k", &["a", "bc"]));
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert!(!format!("{:?}", ConversationKey::new("secret".into())).contains("secret"));
    }
}
