//! A copy of the table that lags behind, like the replicas that DynamoDB uses for eventually consistent reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow};
use axum::response::Response;
use domain::Timestamp;
use dynoxide::Database;
use serde_json::Value;

use crate::in_process::in_table;

/// A second database, to which the caller applies the writes of the table later, in the same order.
pub struct Replica {
    database: Database,
    /// The time at which the table applied the current write, in milliseconds.
    moment: Arc<AtomicU64>,
}

struct ReplicaClock(Arc<AtomicU64>);

impl dynoxide::storage_backend::Clock for ReplicaClock {
    fn now_unix_secs(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 1000
    }

    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this century have 41 bits")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

impl Replica {
    /// Creates a replica that has no table yet.
    pub fn new() -> anyhow::Result<Self> {
        let moment = Arc::new(AtomicU64::new(0));
        let database = Database::memory_with_clock(Arc::new(ReplicaClock(moment.clone())))
            .map_err(|error| anyhow!("there is no memory for a replica: {error}"))?;
        Ok(Self { database, moment })
    }

    /// Applies a request that succeeded on the table at the time `at`.
    pub fn write(&self, at: Timestamp, operation: &str, body: &[u8]) -> anyhow::Result<()> {
        self.moment.store(at.as_millis(), Ordering::Relaxed);
        let answer = if operation == "CreateTable" {
            // No function reads the stream of a replica.
            let mut definition: Value = serde_json::from_slice(body)?;
            definition.as_object_mut().context("a table has a definition")?.remove("StreamSpecification");
            in_table(&self.database, operation, &serde_json::to_vec(&definition)?)
        } else {
            in_table(&self.database, operation, body)
        };
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "a replica did not take {operation}, which the table took: {status}");
        Ok(())
    }

    /// Deletes the items that had expired at the time `at`.
    pub fn sweep(&self, at: Timestamp) -> anyhow::Result<()> {
        self.moment.store(at.as_millis(), Ordering::Relaxed);
        self.database.sweep_ttl().map(drop).map_err(|error| anyhow!("{error}"))
    }

    /// Returns the response to a read.
    #[must_use]
    pub fn read(&self, operation: &str, body: &[u8]) -> Response {
        in_table(&self.database, operation, body)
    }
}
