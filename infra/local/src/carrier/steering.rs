//! The configured behaviour of numbers: responses to messages, outcomes of messages, and types of numbers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{PhoneNumber, Pool};
use serde::Deserialize;

/// The response to the next message to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CarrierAnswer {
    /// An error, and the message is not sent.
    Fail,
    /// An error, although the message is sent.
    Silent,
    #[serde(untagged)]
    Refuse(SendRejection),
}

/// A reason why the service certainly did not send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SendRejection {
    #[serde(rename = "throttle")]
    Throttled,
    OptedOut,
    InvalidNumber,
    NotVerified,
    BlockedCountry,
    BlockedNumber,
    SpendLimit,
    Price,
    Body,
    Line,
}

/// The type of a number, with the names of `CarrierLookup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineType {
    Mobile,
    Landline,
    Voip,
    Invalid,
    /// The look-up fails.
    Unavailable,
}

/// The outcome of accepted messages to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryOutcome {
    Delivered,
    /// The phone stays switched off until the carrier stops trying.
    Unreachable,
    /// The number is not assigned.
    Invalid,
    /// The phone blocks texts from this line.
    Blocked,
    /// The carrier treats the message as spam.
    Spam,
    /// The carrier sends no receipt.
    Untold,
}

#[derive(Clone)]
pub(crate) struct CarrierOverrides {
    decided: Arc<Mutex<OverrideState>>,
    usually: DeliveryOutcome,
}

#[derive(Default)]
struct OverrideState {
    answers: HashMap<PhoneNumber, VecDeque<CarrierAnswer>>,
    kinds: HashMap<PhoneNumber, LineType>,
    fates: HashMap<PhoneNumber, DeliveryOutcome>,
    pools: HashMap<Pool, PhoneNumber>,
}

impl CarrierOverrides {
    pub(crate) fn new(usually: DeliveryOutcome) -> Self {
        Self { decided: Arc::default(), usually }
    }

    /// Adds a response to the queue of responses for messages to a number.
    pub(crate) fn answer_next(&self, to: PhoneNumber, answer: CarrierAnswer) {
        self.lock_state().answers.entry(to).or_default().push_back(answer);
    }

    pub(super) fn next_answer(&self, to: &PhoneNumber) -> Option<CarrierAnswer> {
        self.lock_state().answers.get_mut(to).and_then(VecDeque::pop_front)
    }

    /// Sets the type of a number.
    pub(crate) fn set_line_type(&self, number: PhoneNumber, kind: LineType) {
        self.lock_state().kinds.insert(number, kind);
    }

    /// Returns the configured type of a number, or else a type that depends on its last digits. The digits give access
    /// to each type without configuration.
    pub(super) fn kind_of(&self, number: &PhoneNumber) -> LineType {
        match self.lock_state().kinds.get(number) {
            Some(kind) => *kind,
            None if number.as_str().ends_with("0190") => LineType::Landline,
            None if number.as_str().ends_with("0191") => LineType::Voip,
            None if number.as_str().ends_with("0192") => LineType::Invalid,
            None => LineType::Mobile,
        }
    }

    /// Sets the number that messages through a pool are sent from.
    pub(crate) fn fill_pool(&self, pool: Pool, number: PhoneNumber) {
        self.lock_state().pools.insert(pool, number);
    }

    pub(super) fn number_of(&self, pool: &Pool) -> Option<PhoneNumber> {
        self.lock_state().pools.get(pool).cloned()
    }

    /// Sets the outcome of future messages to a number.
    pub(crate) fn set_fate(&self, number: PhoneNumber, fate: DeliveryOutcome) {
        self.lock_state().fates.insert(number, fate);
    }

    pub(super) fn fate_of(&self, number: &PhoneNumber) -> DeliveryOutcome {
        self.lock_state().fates.get(number).copied().unwrap_or(self.usually)
    }

    fn lock_state(&self) -> MutexGuard<'_, OverrideState> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
