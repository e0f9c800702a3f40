use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::SimulatedTime;
use crate::scenario::ScenarioTime;

/// The trace of a run: its events, one line each, in the order in which they happened.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    pub(crate) fn record(&self, time: SimulatedTime, what: &str) {
        let line = format!("{:>16}  {what}", ScenarioTime(time.passed()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
