use serde::{Deserialize, Serialize};

use crate::DeliveryProgress;

/// The outcome of an outbound message, for deciding whether the customer has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyOutcome {
    /// The message is about to be sent to the carrier.
    Pending,
    /// It is unknown whether the carrier accepted the message.
    Unconfirmed,
    /// The carrier accepted the message, and has not reported it as undelivered. Only this outcome counts as an answer.
    Accepted,
    /// The message was rejected or not delivered.
    Failed,
}

impl ReplyOutcome {
    /// Returns the outcome for a delivery progress.
    #[must_use]
    pub fn of_progress(progress: &DeliveryProgress) -> Self {
        match progress {
            DeliveryProgress::Queued => Self::Pending,
            DeliveryProgress::Unconfirmed { .. } => Self::Unconfirmed,
            DeliveryProgress::Sent { .. } | DeliveryProgress::Delivered { .. } => Self::Accepted,
            DeliveryProgress::Failed { .. } | DeliveryProgress::Undelivered { .. } => Self::Failed,
        }
    }
}
