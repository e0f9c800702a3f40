use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The states of callbacks that this instance has handled.
///
/// A repeated callback makes no request to the provider. Another instance does make one, and the provider rejects the
/// used code.
#[derive(Default)]
pub(crate) struct UsedAttempts(Mutex<VecDeque<String>>);

/// How many states are kept: more than come in the 15 minutes that an attempt lasts.
const MAX_STATES: usize = 2000;

impl UsedAttempts {
    /// Adds a state. Returns whether it is new.
    pub(crate) fn add(&self, state: &str) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().any(|known| known == state) {
            return false;
        }
        if used.len() == MAX_STATES {
            used.pop_front();
        }
        used.push_back(state.to_owned());
        true
    }
}
