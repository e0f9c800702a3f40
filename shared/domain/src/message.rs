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
    /// Our number in it: the destination of an inbound SMS, the origination number of an outbound one.
    pub line: PhoneNumber,
    pub text: String,
    pub kind: MessageKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Inbound {
        /// Who kept opt-outs when it came: what its words mean depends on that.
        opt_outs: OptOutManagement,
        /// Whether its number was blocked when it came, so that nobody was told.
        while_blocked: bool,
    },
    Outbound {
        by: String,
        /// Who that is; `None` where nobody wrote it, and for what older versions recorded.
        staff: Option<StaffId>,
        progress: DeliveryProgress,
        /// The message that this one is another try of.
        again: Option<Position>,
        /// The message that is another try of this one.
        tried_again: Option<Position>,
    },
}

/// What is recorded of an outbound SMS. It only ever moves down this list, whatever comes late or
/// again: what is `Failed` may yet turn out to have gone out, and what was not delivered to have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum DeliveryProgress {
    /// Recorded, and about to be handed to the carrier, once.
    Queued,
    /// It was handed over, and nobody knows whether the carrier took it.
    Unconfirmed {
        at: Timestamp,
    },
    Failed {
        refusal: SendError,
    },
    Sent {
        at: Timestamp,
        /// The carrier's own id of the message, which its receipts name.
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

/// What can be told of an outbound SMS at a moment.
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
    /// Nobody knows whether it went out: the carrier did not say, or it is queued too long to be on its way still.
    Unconfirmed,
}

impl DeliveryStatus {
    /// What staff are told of what is unconfirmed.
    pub const UNCONFIRMED: &str = "We don't know whether this went out. It will not be sent again by itself.";
}

impl Message {
    /// The author that automatic texts are shown with.
    pub const SWITCHBOARD: &str = "Switchboard";

    /// What a customer's says of whether they want texts.
    #[must_use]
    pub fn keyword(&self) -> Option<Keyword> {
        match self.kind {
            MessageKind::Inbound { opt_outs, .. } => Keyword::of_text(&self.text, opt_outs),
            MessageKind::Outbound { .. } => None,
        }
    }

    #[must_use]
    pub fn is_inbound(&self) -> bool {
        matches!(self.kind, MessageKind::Inbound { .. })
    }

    /// Whether staff wrote it. Automatic texts answer nothing.
    #[must_use]
    pub fn is_by_staff(&self) -> bool {
        match &self.kind {
            MessageKind::Inbound { .. } => false,
            MessageKind::Outbound { by, staff, .. } => staff.is_some() || by != Self::SWITCHBOARD,
        }
    }

    /// Whether it may be sent again by somebody who knows what is told of it: it did not arrive, or nobody knows though
    /// a receipt has had a minute to come, and nobody has sent it again.
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

    /// Whether it can be the message that the carrier knows by this id.
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
    /// What the carrier calls the message, once it has taken it.
    #[must_use]
    pub fn provider_id(&self) -> Option<&str> {
        match self {
            Self::Queued | Self::Unconfirmed { .. } | Self::Failed { .. } => None,
            Self::Sent { provider_id, .. }
            | Self::Undelivered { provider_id, .. }
            | Self::Delivered { provider_id, .. } => Some(provider_id),
        }
    }

    /// A send that has no outcome after so many seconds will not get one from the request that made it.
    const UNCONFIRMED_AFTER_SECS: u64 = 60;

    fn is_late(queued: Timestamp, now: Timestamp) -> bool {
        queued.plus_secs(Self::UNCONFIRMED_AFTER_SECS) <= now
    }

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

    /// Of the text that answers a customer who asks for help by a message.
    #[must_use]
    pub fn of_help(company: &CompanyId, asked: Self) -> Self {
        Self(digest("help", &[company.as_str(), &asked.to_string()]))
    }

    /// Of a confirmation call: Amazon Connect's id of the contact, within the company.
    #[must_use]
    pub fn of_call(company: &CompanyId, contact_id: &str) -> Self {
        Self(digest("call", &[company.as_str(), contact_id]))
    }

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
