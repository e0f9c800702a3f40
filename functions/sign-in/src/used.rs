use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The attempts that a callback has named. Whoever brings one again has nothing asked of the provider by it; an instance
/// that did not see the first asks, and the provider takes no code twice.
#[derive(Default)]
pub(crate) struct UsedAttempts(Mutex<VecDeque<String>>);

/// More than come within the quarter of an hour that an attempt lasts.
const KEPT: usize = 2000;

impl UsedAttempts {
    /// Whether this is the first time.
    pub(crate) fn add(&self, state: &str) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().any(|known| known == state) {
            return false;
        }
        if used.len() == KEPT {
            used.pop_front();
        }
        used.push_back(state.to_owned());
        true
    }
}
