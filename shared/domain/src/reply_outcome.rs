use serde::{Deserialize, Serialize};

use crate::DeliveryProgress;

/// Whether a text of ours reached its customer, as far as who waits for an answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyOutcome {
    /// It is about to be handed to the carrier.
    Pending,
    /// Nobody knows whether the carrier took it.
    Unconfirmed,
    /// The carrier took it, and has not given it back. Only this is an answer.
    Accepted,
    /// It was refused, or given back.
    Failed,
}

impl ReplyOutcome {
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
