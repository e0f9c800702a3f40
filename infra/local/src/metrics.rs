//! The part of CloudWatch that counts metrics, from the lines that functions write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use domain::Clock;
use runtime::Metrics;
use serde_json::Value;

use crate::stack::StackParts;

/// The counts of each metric, by function.
///
/// A metric with a second dimension has a count for each of its values too, with the value after its name.
#[derive(Clone, Default)]
pub(crate) struct MetricCounts(Arc<Mutex<BTreeMap<String, BTreeMap<String, u64>>>>);

impl MetricCounts {
    /// Returns a `Metrics` that adds to these counts.
    pub(crate) fn metrics(&self, clock: Clock) -> Metrics {
        let counts = self.clone();
        Metrics::new(clock, move |line| counts.take(line))
    }

    fn take(&self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let function = counts.entry(line["Function"].as_str().unwrap_or_default().to_owned()).or_default();
        let described = line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
        for described in described {
            let name = described["Metrics"][0]["Name"].as_str().unwrap_or_default();
            for dimensions in described["Dimensions"].as_array().into_iter().flatten() {
                let others = dimensions.as_array().into_iter().flatten().filter(|dimension| *dimension != "Function");
                let values = others.filter_map(|dimension| line[dimension.as_str()?].as_str());
                let counted = [name].into_iter().chain(values).collect::<Vec<_>>().join(" ");
                *function.entry(counted).or_default() += line[name].as_u64().unwrap_or_default();
            }
        }
    }
}

pub(crate) async fn list_counts(State(shared): State<StackParts>) -> Json<BTreeMap<String, BTreeMap<String, u64>>> {
    Json(shared.metrics.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
}
