use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The states of callbacks that were handled. A repeated callback asks the provider nothing. Another instance does ask, and
/// the provider refuses the used code.
#[derive(Default)]
pub(crate) struct UsedAttempts(Mutex<VecDeque<String>>);

/// More than come within the quarter of an hour that an attempt lasts.
const MAX_STATES: usize = 2000;

impl UsedAttempts {
    /// Whether this is the first time.
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
