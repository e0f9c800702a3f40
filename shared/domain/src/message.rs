use serde::{Deserialize, Serialize};

use crate::conversation::digest;
use crate::{CompanyId, ConversationId, PhoneNumber, Position, StaffId, Timestamp};

/// One SMS of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub conversation: ConversationId,
    pub position: Position,
    /// Our number in it: the destination of an inbound SMS, the origination number of an outbound one.
    pub line: PhoneNumber,
    pub text: String,
    pub kind: MessageKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Inbound,
    Outbound { by: String, progress: Progress },
}

/// What is recorded of an outbound SMS. It only ever moves from `Queued` to one of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Progress {
    /// Recorded, and about to be handed to the carrier, once.
    Queued,
    Sent {
        at: Timestamp,
        /// The carrier's own id of the message, which its receipts will name.
        provider_id: String,
    },
    Failed {
        refusal: Refusal,
    },
}

/// Why an SMS certainly did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    OptedOut,
    InvalidNumber,
    Throttled,
    Unreachable,
    Other,
}

impl Refusal {
    /// The reason in words for the member of staff who sent it.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OptedOut => {
                "Not sent: this customer asked to get no more texts by replying STOP. Only a START from them changes that."
            }
            Self::InvalidNumber => "Not sent: the carrier does not accept this number.",
            Self::Throttled => "Not sent: too many texts at once. Wait a moment and send it again.",
            Self::Unreachable => "Not sent: the SMS service could not be reached. Try again in a minute.",
            Self::Other => "Not sent: the SMS service refused this message. Your administrator can see why.",
        }
    }
}

/// What can be told of an outbound SMS at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Sending,
    Sent {
        at: Timestamp,
    },
    Failed(Refusal),
    /// Queued too long for it still to be on its way: nobody knows whether it went out.
    Unconfirmed,
}

impl Progress {
    /// A send that has no outcome after so many seconds will not get one from the request that made it.
    const UNCONFIRMED_AFTER_SECS: u64 = 60;

    #[must_use]
    pub fn told(&self, queued: Timestamp, now: Timestamp) -> Told {
        match self {
            Self::Queued if queued.plus_secs(Self::UNCONFIRMED_AFTER_SECS) <= now => Told::Unconfirmed,
            Self::Queued => Told::Sending,
            Self::Sent { at, .. } => Told::Sent { at: *at },
            Self::Failed { refusal } => Told::Failed(*refusal),
        }
    }
}

/// Names a message or a call. Derived from what makes it unique, so that a repeat has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId(u128);

impl MessageId {
    /// Of an inbound SMS: the carrier's `inboundMessageId`, whatever its form, within the company.
    #[must_use]
    pub fn of_inbound(company: &CompanyId, inbound_message_id: &str) -> Self {
        Self(digest("inbound", &[company.as_str(), inbound_message_id]))
    }

    /// Of a message that staff send: the request's `Idempotency-Key`, which is the sender's own.
    #[must_use]
    pub fn of_request(company: &CompanyId, staff: &StaffId, idempotency_key: &str) -> Self {
        Self(digest("request", &[company.as_str(), staff.as_str(), idempotency_key]))
    }

    /// Of the text that confirms an opt-out by a customer's message.
    #[must_use]
    pub fn of_confirmation(company: &CompanyId, opt_out: Self) -> Self {
        Self(digest("confirmation", &[company.as_str(), &opt_out.to_string()]))
    }

    /// Of a confirmation call: Amazon Connect's id of the contact, within the company.
    #[must_use]
    pub fn of_call(company: &CompanyId, contact_id: &str) -> Self {
        Self(digest("call", &[company.as_str(), contact_id]))
    }

    #[must_use]
    pub fn at(self, at: Timestamp) -> Position {
        Position::new(at, self.0)
    }
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_without_an_outcome_is_unconfirmed_after_a_minute() {
        let queued = Timestamp::from_millis(1_000_000);
        assert_eq!(Progress::Queued.told(queued, queued.plus_secs(59)), Told::Sending);
        assert_eq!(Progress::Queued.told(queued, queued.plus_secs(60)), Told::Unconfirmed);
    }

    #[test]
    fn one_id_of_the_carrier_is_another_message_for_another_company() {
        let [one, other] = ["one", "other"].map(|id| id.parse::<CompanyId>().unwrap());
        assert_ne!(MessageId::of_inbound(&one, "x"), MessageId::of_inbound(&other, "x"));
        assert_eq!(MessageId::of_inbound(&one, "x"), MessageId::of_inbound(&one, "x"));
    }
}
