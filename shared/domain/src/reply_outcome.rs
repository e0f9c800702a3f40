use serde::{Deserialize, Serialize};

use crate::DeliveryProgress;

/// The outcome of an outbound message, as far as it decides whether a customer has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyOutcome {
    /// It is about to be sent to the carrier.
    Pending,
    /// It is unknown whether the carrier accepted it.
    Unconfirmed,
    /// The carrier accepted it, and has not reported it as undelivered. Only this counts as an answer.
    Accepted,
    /// It was rejected or not delivered.
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
