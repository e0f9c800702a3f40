//! What somebody decided about numbers: how messages to them are answered, and what they are.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{PhoneNumber, Pool};
use serde::Deserialize;

/// How the next message to a number is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// An error of the service, which did not send it.
    Fail,
    /// An error of the service, which sent it all the same.
    Silent,
    #[serde(untagged)]
    Refuse(Refused),
}

/// Why the service certainly did not send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refused {
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
pub(crate) enum Kind {
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
pub enum Fate {
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
    decided: Arc<Mutex<Decided>>,
    usually: Fate,
}

#[derive(Default)]
struct Decided {
    answers: HashMap<PhoneNumber, VecDeque<Answer>>,
    kinds: HashMap<PhoneNumber, Kind>,
    fates: HashMap<PhoneNumber, Fate>,
    pools: HashMap<Pool, PhoneNumber>,
}

impl Steering {
    pub(crate) fn new(usually: Fate) -> Self {
        Self { decided: Arc::default(), usually }
    }

    /// How the next message to a number is answered, after those steered before.
    pub(crate) fn answer_next(&self, to: PhoneNumber, answer: Answer) {
        self.decided().answers.entry(to).or_default().push_back(answer);
    }

    pub(super) fn next_answer(&self, to: &PhoneNumber) -> Option<Answer> {
        self.decided().answers.get_mut(to).and_then(VecDeque::pop_front)
    }

    /// What a number is said to be from now on.
    pub(crate) fn decide_kind(&self, number: PhoneNumber, kind: Kind) {
        self.decided().kinds.insert(number, kind);
    }

    /// As was decided; else by its last digits, so that each kind can be tried out.
    pub(super) fn kind_of(&self, number: &PhoneNumber) -> Kind {
        match self.decided().kinds.get(number) {
            Some(kind) => *kind,
            None if number.as_str().ends_with("0190") => Kind::Landline,
            None if number.as_str().ends_with("0191") => Kind::Voip,
            None if number.as_str().ends_with("0192") => Kind::Invalid,
            None => Kind::Mobile,
        }
    }

    /// Which number what leaves by a pool is sent from, from now on.
    pub(crate) fn fill_pool(&self, pool: Pool, number: PhoneNumber) {
        self.decided().pools.insert(pool, number);
    }

    pub(super) fn number_of(&self, pool: &Pool) -> Option<PhoneNumber> {
        self.decided().pools.get(pool).cloned()
    }

    /// What becomes of messages to a number from now on.
    pub(crate) fn decide_fate(&self, number: PhoneNumber, fate: Fate) {
        self.decided().fates.insert(number, fate);
    }

    pub(super) fn fate_of(&self, number: &PhoneNumber) -> Fate {
        self.decided().fates.get(number).copied().unwrap_or(self.usually)
    }

    fn decided(&self) -> MutexGuard<'_, Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
