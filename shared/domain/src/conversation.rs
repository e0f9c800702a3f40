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

/// The summary of a conversation: the current state of all messages and calls with one number within the retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationSummary {
    pub id: ConversationId,
    pub sender: Sender,
    /// The line that the customer last texted. Replies are sent from it.
    pub line: PhoneNumber,
    /// The names of the customers who share the number, and their next appointment; `None` without appointments.
    pub name: Option<String>,
    pub next: Option<NextAppointment>,
    /// The position of the newest message or call. `last_text` is the start of its text.
    pub last: Position,
    pub last_text: String,
    pub last_is_ours: bool,
    /// The outcome of the newest outbound message, if there is one.
    pub reply: Option<ReplyOutcome>,
    /// The position of the newest inbound message.
    pub heard: Option<Position>,
    /// The outcome of the newest entry, if that is a call.
    pub last_call: Option<CallOutcome>,
    /// The number of entries that wait for an answer: inbound messages, and calls in which the customer declined or
    /// asked to reschedule. The count starts after the last outbound message that the carrier accepted and did not
    /// report as undelivered.
    pub unanswered: u32,
    /// The position of the latest entry that needed an answer, even if it has been answered.
    pub asked: Option<Position>,
    /// Whether staff have blocked the number.
    pub is_blocked: bool,
}

impl ConversationSummary {
    /// Returns whether the newest entry is an outbound message that failed or is unconfirmed.
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

/// The customer of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationCustomer {
    /// A customer with at least one message or call.
    Conversation(Box<ConversationSummary>),
    /// A customer who has an appointment, but no message or call yet.
    Customer(Customer),
}

/// The id of a conversation: 32 hexadecimal digits.
///
/// The id does not reveal the customer's number, so it may appear in a URL and in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConversationId(u128);

/// The error for a text that is not the id of a conversation.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the id of a conversation")]
pub struct InvalidConversationId;

impl ConversationId {
    /// Returns the position of the conversation summary in its company's inbox, given the position of its last entry.
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

/// A company's secret key, from which the ids of its conversations are derived.
///
/// Without a key, anyone who saw an id could find the number by trying all numbers: only about ten thousand million
/// numbers exist.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationKey(String);

impl ConversationKey {
    /// Creates a key from a random token of at least 128 bits.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// Derives the id of the conversation with a number.
    #[must_use]
    pub fn conversation_with(&self, number: &PhoneNumber) -> ConversationId {
        self.conversation_of(number.as_str())
    }

    /// Derives the id of the conversation with a sender.
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

/// Returns the first 128 bits of HMAC-SHA-256 over the parts, each preceded by its length in 8 bytes.
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
