use std::env;
use std::fmt;
use std::io::Write;

use domain::Clock;
use serde_json::json;

/// Something that happened once, for an operator's dashboard and alarms. Named in
/// `infra/template.yaml` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The carrier took a message of staff.
    SendAccepted,
    /// A message of staff did not go out, or nobody knows whether it did.
    SendFailed,
    /// A push service refused what it was sent: our mistake.
    PushRefused,
    /// A browser is not told of something, although it was tried again.
    PushGivenUp,
    /// The identity provider, or what is needed to ask it, was out of reach.
    SignInUnavailable,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Counts what happens, as CloudWatch's embedded metric format in the function's log: no request is
/// made for it. Elsewhere than on Lambda nobody reads such lines, so none are written.
#[derive(Clone)]
pub struct Metrics {
    function: Option<String>,
    clock: Clock,
}

/// Where they are counted.
pub const NAMESPACE: &str = "Switchboard";

impl Metrics {
    pub(crate) fn on_lambda(clock: Clock) -> Self {
        Self { function: env::var("AWS_LAMBDA_FUNCTION_NAME").ok(), clock }
    }

    #[must_use]
    pub fn uncollected(clock: Clock) -> Self {
        Self { function: None, clock }
    }

    pub fn count(&self, metric: Metric) {
        let Some(function) = &self.function else { return };
        let name = metric.to_string();
        let line = json!({
            "_aws": {
                "Timestamp": self.clock.now().as_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Function"]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }],
            },
            "Function": function,
            name: 1,
        });
        // A metric that cannot be written is no reason to fail a request.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
