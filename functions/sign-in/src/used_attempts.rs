use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The states of callbacks that this instance has handled.
///
/// A repeated callback makes no request to the provider. In another instance, a repeated callback does make a request,
/// and the provider rejects the used code.
#[derive(Default)]
pub(crate) struct UsedAttempts(Mutex<VecDeque<String>>);

/// The maximum number of states that are kept. It exceeds the number of callbacks expected in the 15 minutes of an
/// attempt.
const MAX_STATES: usize = 2000;

impl UsedAttempts {
    /// Adds a state. Returns whether the state is new.
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
