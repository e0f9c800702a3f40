use serde::{Deserialize, Serialize};

use crate::{AppointmentId, ConversationId, PhoneNumber, Position};

/// A confirmation call, which asked a customer to confirm an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub conversation: ConversationId,
    /// The time when the first outcome was recorded, with an id derived from the call's contact id. The position does
    /// not change when a more reliable outcome replaces the first.
    pub position: Position,
    /// The line that the call came from.
    pub line: PhoneNumber,
    /// `None` if the call event contained no appointment.
    pub appointment: Option<AppointmentId>,
    pub outcome: CallOutcome,
    /// Whether the number was blocked when the call was recorded, so that no notification was sent.
    pub while_blocked: bool,
}

/// The outcome of a confirmation call, ordered from least to most reliable.
///
/// A key that the customer pressed is more reliable than the network's result. If the customer pressed two keys in one
/// call, the key that needs an action by staff wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallOutcome {
    /// The call could not be connected.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// A person answered and pressed no key.
    Answered,
    /// An answering machine or a voicemail service answered.
    Voicemail,
    Confirmed,
    AsksToReschedule,
    Declined,
}

impl CallOutcome {
    /// All outcomes, from least to most reliable.
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::NoAnswer,
        Self::Answered,
        Self::Voicemail,
        Self::Confirmed,
        Self::AsksToReschedule,
        Self::Declined,
    ];

    /// Returns whether this outcome replaces the recorded outcome `known`.
    #[must_use]
    pub fn supersedes(self, known: Self) -> bool {
        self > known
    }

    /// Returns whether staff must contact the customer.
    #[must_use]
    pub fn needs_an_answer(self) -> bool {
        matches!(self, Self::AsksToReschedule | Self::Declined)
    }

    /// Returns the outcome in English for staff.
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
