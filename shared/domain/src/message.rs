use serde::{Deserialize, Serialize};

use crate::conversation::digest;
use crate::{
    CompanyId, ConversationId, DeliveryFailure, Keyword, OptOutManagement, PhoneNumber, Position, SendError, StaffId,
    Timestamp,
};

/// One SMS of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub conversation: ConversationId,
    pub position: Position,
    /// The line: the destination of an inbound message, the origination number of an outbound one.
    pub line: PhoneNumber,
    pub text: String,
    pub kind: MessageKind,
}

/// The direction of a message, with the data recorded for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Inbound {
        /// The opt-out management of the line when the message arrived. It decides what counts as a keyword.
        opt_outs: OptOutManagement,
        /// Whether the number was blocked when the message arrived, so that no notification was sent.
        while_blocked: bool,
    },
    Outbound {
        by: String,
        /// The id of the author; `None` for automatic texts and for messages recorded by older versions.
        staff: Option<StaffId>,
        progress: DeliveryProgress,
        /// The position of the earlier message that this message repeats.
        again: Option<Position>,
        /// The position of the later message that repeats this message.
        tried_again: Option<Position>,
    },
}

/// The recorded progress of an outbound message.
///
/// An update can only move the progress down this list, even if the update arrives late or twice. A `Failed` message
/// may turn out to be sent, and an `Undelivered` one to be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum DeliveryProgress {
    /// Recorded, and about to be sent to the carrier, once.
    Queued,
    /// Sent to the carrier, which did not confirm whether it accepted the message.
    Unconfirmed {
        at: Timestamp,
    },
    Failed {
        refusal: SendError,
    },
    Sent {
        at: Timestamp,
        /// The provider's id of the message, which delivery receipts contain.
        provider_id: String,
    },
    Undelivered {
        at: Timestamp,
        provider_id: String,
        why: DeliveryFailure,
    },
    Delivered {
        at: Timestamp,
        provider_id: String,
    },
}

/// The delivery status of an outbound message at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    Sending,
    Sent {
        at: Timestamp,
    },
    Delivered {
        at: Timestamp,
    },
    Failed(SendError),
    Undelivered(DeliveryFailure),
    /// It is unknown whether the message was sent: the carrier did not answer, or the message was queued too long ago
    /// to be still on its way.
    Unconfirmed,
}

impl DeliveryStatus {
    /// The text that staff see next to an unconfirmed message.
    pub const UNCONFIRMED: &str = "We don't know whether this went out. It will not be sent again by itself.";
}

impl Message {
    /// The author's name that automatic texts are shown with.
    pub const SWITCHBOARD: &str = "Switchboard";

    /// Returns the SMS keyword of an inbound message, if it has one.
    #[must_use]
    pub fn keyword(&self) -> Option<Keyword> {
        match self.kind {
            MessageKind::Inbound { opt_outs, .. } => Keyword::of_text(&self.text, opt_outs),
            MessageKind::Outbound { .. } => None,
        }
    }

    /// Returns whether the customer sent the message.
    #[must_use]
    pub fn is_inbound(&self) -> bool {
        matches!(self.kind, MessageKind::Inbound { .. })
    }

    /// Returns whether a member of staff wrote the message. Automatic texts do not count as answers.
    #[must_use]
    pub fn is_by_staff(&self) -> bool {
        match &self.kind {
            MessageKind::Inbound { .. } => false,
            MessageKind::Outbound { by, staff, .. } => staff.is_some() || by != Self::SWITCHBOARD,
        }
    }

    /// Returns whether staff may send the message again, once they have seen its delivery status.
    ///
    /// A message may be repeated once, if it was not delivered, or failed for another reason than an opt-out. A queued
    /// or unconfirmed message may be repeated 60 seconds after it was queued, since its outcome may arrive until then.
    #[must_use]
    pub fn may_be_sent_again(&self, now: Timestamp) -> bool {
        match &self.kind {
            MessageKind::Outbound { progress, tried_again: None, .. } => match progress {
                DeliveryProgress::Failed { refusal } => *refusal != SendError::OptedOut,
                DeliveryProgress::Undelivered { .. } => true,
                DeliveryProgress::Queued | DeliveryProgress::Unconfirmed { .. } => {
                    DeliveryProgress::is_late(self.position.at, now)
                }
                DeliveryProgress::Sent { .. } | DeliveryProgress::Delivered { .. } => false,
            },
            MessageKind::Outbound { .. } | MessageKind::Inbound { .. } => false,
        }
    }

    /// Returns whether the message can be the one with this provider message id. A missing id on either side matches
    /// every outbound message.
    #[must_use]
    pub fn is_known_as(&self, provider_id: Option<&str>) -> bool {
        match &self.kind {
            MessageKind::Inbound { .. } => false,
            MessageKind::Outbound { progress, .. } => match (progress.provider_id(), provider_id) {
                (Some(known), Some(id)) => known == id,
                _ => true,
            },
        }
    }
}

impl DeliveryProgress {
    /// Returns the provider's id of the message, once the carrier has accepted it.
    #[must_use]
    pub fn provider_id(&self) -> Option<&str> {
        match self {
            Self::Queued | Self::Unconfirmed { .. } | Self::Failed { .. } => None,
            Self::Sent { provider_id, .. }
            | Self::Undelivered { provider_id, .. }
            | Self::Delivered { provider_id, .. } => Some(provider_id),
        }
    }

    /// The seconds after which the request that sent a message can no longer record its outcome.
    const UNCONFIRMED_AFTER_SECS: u64 = 60;

    fn is_late(queued: Timestamp, now: Timestamp) -> bool {
        queued.plus_secs(Self::UNCONFIRMED_AFTER_SECS) <= now
    }

    /// Returns the delivery status at `now` of a message that was queued at `queued`.
    #[must_use]
    pub fn delivery_status(&self, queued: Timestamp, now: Timestamp) -> DeliveryStatus {
        match self {
            Self::Queued if Self::is_late(queued, now) => DeliveryStatus::Unconfirmed,
            Self::Queued => DeliveryStatus::Sending,
            Self::Unconfirmed { .. } => DeliveryStatus::Unconfirmed,
            Self::Sent { at, .. } => DeliveryStatus::Sent { at: *at },
            Self::Failed { refusal } => DeliveryStatus::Failed(*refusal),
            Self::Undelivered { why, .. } => DeliveryStatus::Undelivered(*why),
            Self::Delivered { at, .. } => DeliveryStatus::Delivered { at: *at },
        }
    }
}

/// The id of a message or a call. It is derived from unique attributes, so a repeat has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId(u128);

impl MessageId {
    /// Derives the id of an inbound message from the carrier's `inboundMessageId`, which may have any form, and the
    /// company.
    #[must_use]
    pub fn of_inbound(company: &CompanyId, inbound_message_id: &str) -> Self {
        Self(digest("inbound", &[company.as_str(), inbound_message_id]))
    }

    /// Derives the id of a message that staff send from the request's `Idempotency-Key`, the member of staff and the
    /// company.
    #[must_use]
    pub fn of_request(company: &CompanyId, staff: &StaffId, idempotency_key: &str) -> Self {
        Self(digest("request", &[company.as_str(), staff.as_str(), idempotency_key]))
    }

    /// Derives the id of the opt-out acknowledgement from the inbound message that opted out.
    #[must_use]
    pub fn of_confirmation(company: &CompanyId, opt_out: Self) -> Self {
        Self(digest("confirmation", &[company.as_str(), &opt_out.to_string()]))
    }

    /// Derives the id of the answer to HELP from the inbound message that asked for help.
    #[must_use]
    pub fn of_help(company: &CompanyId, asked: Self) -> Self {
        Self(digest("help", &[company.as_str(), &asked.to_string()]))
    }

    /// Derives the id of a confirmation call from Amazon Connect's contact id and the company.
    #[must_use]
    pub fn of_call(company: &CompanyId, contact_id: &str) -> Self {
        Self(digest("call", &[company.as_str(), contact_id]))
    }

    /// Returns the position of the message or call at a moment.
    #[must_use]
    pub fn position(self, at: Timestamp) -> Position {
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
        assert_eq!(DeliveryProgress::Queued.delivery_status(queued, queued.plus_secs(59)), DeliveryStatus::Sending);
        assert_eq!(DeliveryProgress::Queued.delivery_status(queued, queued.plus_secs(60)), DeliveryStatus::Unconfirmed);
    }

    #[test]
    fn what_did_not_arrive_may_be_sent_again_once_and_what_nobody_knows_of_after_a_minute() {
        let at = Timestamp::from_millis(1_000_000);
        let may_be = |progress: &DeliveryProgress, tried_again, now| {
            let kind = MessageKind::Outbound {
                by: "Dana".into(),
                staff: None,
                progress: progress.clone(),
                again: None,
                tried_again,
            };
            let line = PhoneNumber::e164("+12065550142").unwrap();
            let conversation = "0".repeat(32).parse().unwrap();
            let message = Message { conversation, position: Position::new(at, 1), line, text: "hi".into(), kind };
            message.may_be_sent_again(now)
        };
        assert!(!may_be(&DeliveryProgress::Queued, None, at.plus_secs(59)));
        assert!(may_be(&DeliveryProgress::Queued, None, at.plus_secs(60)));
        assert!(
            !may_be(&DeliveryProgress::Unconfirmed { at }, None, at.plus_secs(59)),
            "its receipt may be on its way"
        );
        assert!(may_be(&DeliveryProgress::Unconfirmed { at }, None, at.plus_secs(60)));
        assert!(!may_be(&DeliveryProgress::Queued, Some(Position::new(at, 2)), at.plus_secs(60)));
        assert!(may_be(&DeliveryProgress::Failed { refusal: SendError::Price }, None, at));
        assert!(
            !may_be(&DeliveryProgress::Failed { refusal: SendError::OptedOut }, None, at),
            "only a START changes that"
        );
        let provider_id = String::new();
        assert!(may_be(
            &DeliveryProgress::Undelivered { at, provider_id: provider_id.clone(), why: DeliveryFailure::Expired },
            None,
            at
        ));
        assert!(!may_be(&DeliveryProgress::Delivered { at, provider_id: provider_id.clone() }, None, at));
        assert!(!may_be(&DeliveryProgress::Sent { at, provider_id }, None, at.plus_secs(3600)));
    }

    #[test]
    fn one_id_of_the_carrier_is_another_message_for_another_company() {
        let [one, other] = ["one", "other"].map(|id| id.parse::<CompanyId>().unwrap());
        assert_ne!(MessageId::of_inbound(&one, "x"), MessageId::of_inbound(&other, "x"));
        assert_eq!(MessageId::of_inbound(&one, "x"), MessageId::of_inbound(&one, "x"));
    }
}
