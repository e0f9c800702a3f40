use serde::{Deserialize, Serialize};

use crate::{AppointmentId, ConversationId, PhoneNumber, Position};

/// A call that asked a customer to confirm their appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub conversation: ConversationId,
    /// When it was first known how the call ended, with an id derived from the call's own. It stays
    /// when a better-known outcome replaces the first.
    pub position: Position,
    /// Our number, which the customer was called from.
    pub line: PhoneNumber,
    /// `None` for a call of which nobody said what it was about.
    pub appointment: Option<AppointmentId>,
    pub outcome: CallOutcome,
    /// Whether the customer's number was blocked when it was recorded, so that nobody was told.
    pub while_blocked: bool,
}

/// How a confirmation call ended, from what is known poorly to what is known well: what the customer
/// said with a key is known better than what the network made of the call, and of two keys of one
/// call the one counts that somebody has to do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallOutcome {
    /// It could not be put through.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// Somebody answered, and pressed no key.
    Answered,
    /// A machine answered.
    Voicemail,
    Confirmed,
    AsksToReschedule,
    Declined,
}

impl CallOutcome {
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::NoAnswer,
        Self::Answered,
        Self::Voicemail,
        Self::Confirmed,
        Self::AsksToReschedule,
        Self::Declined,
    ];

    /// Whether this is to replace what was known before.
    #[must_use]
    pub fn supersedes(self, known: Self) -> bool {
        self > known
    }

    /// Whether somebody must get in touch with the customer.
    #[must_use]
    pub fn needs_an_answer(self) -> bool {
        matches!(self, Self::AsksToReschedule | Self::Declined)
    }

    /// In words for staff.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Failed => "Called, but the call could not be put through",
            Self::NoAnswer => "Called, no answer",
            Self::Answered => "Called, answered without pressing a key",
            Self::Voicemail => "Called, reached voicemail",
            Self::Confirmed => "Confirmed by phone",
            Self::AsksToReschedule => "Asked by phone to reschedule",
            Self::Declined => "Declined by phone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_said_is_better_known_than_what_the_network_made_of_the_call() {
        let said = [CallOutcome::Confirmed, CallOutcome::AsksToReschedule, CallOutcome::Declined];
        for network in [CallOutcome::Failed, CallOutcome::NoAnswer, CallOutcome::Answered, CallOutcome::Voicemail] {
            for said in said {
                assert!(said.supersedes(network) && !network.supersedes(said));
            }
        }
    }

    #[test]
    fn a_repeat_replaces_nothing_and_of_two_outcomes_one_always_wins() {
        for one in CallOutcome::ALL {
            assert!(!one.supersedes(one));
            for other in CallOutcome::ALL.into_iter().filter(|other| *other != one) {
                assert_ne!(one.supersedes(other), other.supersedes(one));
            }
        }
    }

    #[test]
    fn only_a_customer_who_will_not_come_then_waits_for_somebody() {
        let waiting: Vec<_> = CallOutcome::ALL.into_iter().filter(|outcome| outcome.needs_an_answer()).collect();
        assert_eq!(waiting, [CallOutcome::AsksToReschedule, CallOutcome::Declined]);
    }
}
