//! CloudWatch's part: counts what functions count, from the lines that they write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use domain::Clock;
use runtime::Metrics;
use serde_json::Value;

use crate::stack::Shared;

/// How often each metric was counted, by function.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<String, BTreeMap<String, u64>>>>);

impl Counts {
    /// What functions count with.
    pub(crate) fn metrics(&self, clock: Clock) -> Metrics {
        let counts = self.clone();
        Metrics::new(clock, move |line| counts.take(line))
    }

    fn take(&self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let function = counts.entry(line["Function"].as_str().unwrap_or_default().to_owned()).or_default();
        let described = line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
        for metric in described.flat_map(|described| described["Metrics"].as_array().into_iter().flatten()) {
            let name = metric["Name"].as_str().unwrap_or_default();
            *function.entry(name.to_owned()).or_default() += line[name].as_u64().unwrap_or_default();
        }
    }
}

pub(crate) async fn counted(State(shared): State<Shared>) -> Json<BTreeMap<String, BTreeMap<String, u64>>> {
    Json(shared.metrics.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
}
