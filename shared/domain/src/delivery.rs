use serde::{Deserialize, Serialize};

use crate::Progress;

/// Whether a text of ours reached its customer, as far as who waits for an answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// It is about to be handed to the carrier.
    Pending,
    /// Nobody knows whether the carrier took it.
    Unconfirmed,
    /// The carrier took it, and has not given it back. Only this is an answer.
    Accepted,
    /// It was refused, or given back.
    Failed,
}

impl Delivery {
    #[must_use]
    pub fn of(progress: &Progress) -> Self {
        match progress {
            Progress::Queued => Self::Pending,
            Progress::Unconfirmed { .. } => Self::Unconfirmed,
            Progress::Sent { .. } | Progress::Delivered { .. } => Self::Accepted,
            Progress::Failed { .. } | Progress::Undelivered { .. } => Self::Failed,
        }
    }
}
