//! What somebody decided about numbers: how messages to them are answered, and what they are.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{PhoneNumber, Pool};
use serde::Deserialize;

/// How the next message to a number is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CarrierAnswer {
    /// An error of the service, which did not send it.
    Fail,
    /// An error of the service, which sent it all the same.
    Silent,
    #[serde(untagged)]
    Refuse(SendRejection),
}

/// Why the service certainly did not send it.
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

/// What a number is, as `CarrierLookup` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineType {
    Mobile,
    Landline,
    Voip,
    Invalid,
    /// It cannot be looked up: the service fails.
    Unavailable,
}

/// What becomes of the messages to a number that were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageFate {
    Delivered,
    /// The phone is switched off, for as long as it is tried.
    Unreachable,
    /// Nobody has the number.
    Invalid,
    /// The phone takes no texts from this line.
    Blocked,
    /// Its carrier takes it for unwanted.
    Spam,
    /// Its carrier says nothing.
    Untold,
}

#[derive(Clone)]
pub(crate) struct Steering {
    decided: Arc<Mutex<SteeringState>>,
    usually: MessageFate,
}

#[derive(Default)]
struct SteeringState {
    answers: HashMap<PhoneNumber, VecDeque<CarrierAnswer>>,
    kinds: HashMap<PhoneNumber, LineType>,
    fates: HashMap<PhoneNumber, MessageFate>,
    pools: HashMap<Pool, PhoneNumber>,
}

impl Steering {
    pub(crate) fn new(usually: MessageFate) -> Self {
        Self { decided: Arc::default(), usually }
    }

    /// How the next message to a number is answered, after those steered before.
    pub(crate) fn answer_next(&self, to: PhoneNumber, answer: CarrierAnswer) {
        self.lock_state().answers.entry(to).or_default().push_back(answer);
    }

    pub(super) fn next_answer(&self, to: &PhoneNumber) -> Option<CarrierAnswer> {
        self.lock_state().answers.get_mut(to).and_then(VecDeque::pop_front)
    }

    /// What a number is said to be from now on.
    pub(crate) fn set_line_type(&self, number: PhoneNumber, kind: LineType) {
        self.lock_state().kinds.insert(number, kind);
    }

    /// As was decided; else by its last digits, so that each kind can be tried out.
    pub(super) fn kind_of(&self, number: &PhoneNumber) -> LineType {
        match self.lock_state().kinds.get(number) {
            Some(kind) => *kind,
            None if number.as_str().ends_with("0190") => LineType::Landline,
            None if number.as_str().ends_with("0191") => LineType::Voip,
            None if number.as_str().ends_with("0192") => LineType::Invalid,
            None => LineType::Mobile,
        }
    }

    /// Which number what leaves by a pool is sent from, from now on.
    pub(crate) fn fill_pool(&self, pool: Pool, number: PhoneNumber) {
        self.lock_state().pools.insert(pool, number);
    }

    pub(super) fn number_of(&self, pool: &Pool) -> Option<PhoneNumber> {
        self.lock_state().pools.get(pool).cloned()
    }

    /// What becomes of messages to a number from now on.
    pub(crate) fn set_fate(&self, number: PhoneNumber, fate: MessageFate) {
        self.lock_state().fates.insert(number, fate);
    }

    pub(super) fn fate_of(&self, number: &PhoneNumber) -> MessageFate {
        self.lock_state().fates.get(number).copied().unwrap_or(self.usually)
    }

    fn lock_state(&self) -> MutexGuard<'_, SteeringState> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
