use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use serde::Serialize;
use serde_json::Value;

/// The requests to the table and the capacity units that they consumed, by function.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableUsage(Arc<Mutex<BTreeMap<String, UsageCount>>>);

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct UsageCount {
    requests: BTreeMap<String, u64>,
    units: f64,
}

impl TableUsage {
    pub(crate) fn snapshot(&self) -> BTreeMap<String, UsageCount> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self, asks: String, operation: &str, answer: &[u8]) {
        let answer: Option<Value> = serde_json::from_slice(answer).ok();
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counted.entry(asks).or_default();
        *counted.requests.entry(operation.to_owned()).or_default() += 1;
        counted.units += answer.as_ref().and_then(|answer| answer.get("ConsumedCapacity")).map_or(0.0, units);
    }
}

/// Returns the name of the function that sent a request, from its `User-Agent`. Empty for other clients.
pub(crate) fn asking(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.split(' ').find_map(|word| word.strip_prefix("app/")).unwrap_or_default().to_owned()
}

/// Returns the consumed capacity units of one table, or the sum of several.
fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units).sum(),
        table => table.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0),
    }
}
