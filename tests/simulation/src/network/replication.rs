//! Replication: writes to the table reach a replica later.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::Response;
use domain::Timestamp;
use local::Replica;
use serde_json::Value;

use crate::clock::SimulatedTime;
use crate::rng::Rng;

/// A replica, with the writes that have not reached it yet.
pub(crate) struct Replication {
    seed: u64,
    time: SimulatedTime,
    replica: Replica,
    /// Whether reads can be stale. `false` while the stack is set up, and when the end state is observed.
    is_behind: AtomicBool,
    waiting: Mutex<VecDeque<PendingWrite>>,
}

struct PendingWrite {
    written: Write,
    /// The time at which the table applied the write.
    at: Timestamp,
    /// The time at which the write reaches the replica, since the beginning of the scenario.
    due: Duration,
}

enum Write {
    Request { operation: String, body: Vec<u8> },
    Sweep,
}

/// Makes the random numbers of the lags independent of others.
const PLACE: u64 = 12 << 40;

impl Replication {
    pub(crate) fn new(seed: u64, time: SimulatedTime) -> anyhow::Result<Self> {
        let (is_behind, waiting) = (AtomicBool::new(false), Mutex::default());
        Ok(Self { seed, time, replica: Replica::new()?, is_behind, waiting })
    }

    pub(crate) fn is_behind(&self, is: bool) {
        self.is_behind.store(is, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, operation: &str, body: &[u8]) {
        self.later(Write::Request { operation: operation.to_owned(), body: body.to_vec() });
    }

    pub(super) fn swept(&self) {
        self.later(Write::Sweep);
    }

    /// Answers a read from the replica. Returns `None` if the replica is up to date or the read is consistent.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Option<anyhow::Result<Response>> {
        if !self.is_behind.load(Ordering::Relaxed) || !is_eventually_consistent(operation, body) {
            return None;
        }
        let lags = match self.catch_up() {
            Ok(lags) => lags,
            Err(error) => return Some(Err(error)),
        };
        lags.then(|| Ok(self.replica.read(operation, body)))
    }

    fn later(&self, written: Write) {
        let now = self.time.passed();
        // The seed is the time, so a shortened scenario has the same lags.
        let mut dice = Rng::from_seed(self.seed, &[PLACE, u64::try_from(now.as_millis()).unwrap_or_default()]);
        let longest = if dice.percent(90) { 100 } else { 1_000 };
        let due = now + Duration::from_millis(dice.next_below(longest));
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Writes reach the replica in the order of the table.
        let due = waiting.back().map_or(due, |last| last.due.max(due));
        waiting.push_back(PendingWrite { written, at: self.time.now(), due });
    }

    /// Applies the writes that are due. Returns whether others are left.
    fn catch_up(&self) -> anyhow::Result<bool> {
        let now = self.time.passed();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(PendingWrite { written, at, .. }) = waiting.pop_front_if(|next| next.due <= now) {
            match written {
                Write::Request { operation, body } => self.replica.write(at, &operation, &body)?,
                Write::Sweep => self.replica.sweep(at)?,
            }
        }
        Ok(!waiting.is_empty())
    }
}

fn is_eventually_consistent(operation: &str, body: &[u8]) -> bool {
    let read = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    match operation {
        "GetItem" | "Query" => read()["ConsistentRead"] != true,
        "BatchGetItem" => {
            let request = read();
            let mut tables = request["RequestItems"].as_object().into_iter().flatten();
            tables.all(|(_, wanted)| wanted["ConsistentRead"] != true)
        }
        _ => false,
    }
}
