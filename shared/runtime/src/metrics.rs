use std::env;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use domain::Clock;
use serde_json::json;

/// A metric of an event, for an operator's dashboard and alarms. `infra/template.yaml` contains the names too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The carrier accepted a message of staff.
    SendAccepted,
    /// A message of staff was not sent, or its outcome is unknown. Counted by the dimension `FaultOwner`.
    SendFailed,
    /// A message of staff was blocked by a limit, or because its country is not allowed. Counted by the dimension
    /// `Limit`.
    SendLimited,
    /// A message that the carrier had accepted was not delivered. Counted by the dimension `FaultOwner`.
    Undelivered,
    /// A push service accepted a push.
    PushDelivered,
    /// A push service rejects the pushes to a browser, or there are no keys to sign them with. Counted by the dimension
    /// `FaultOwner`.
    PushRefused,
    /// A push was given up after its retries.
    PushAbandoned,
    /// An administrator exported or erased a customer's data. Counted by the dimension `Done`.
    CustomerData,
    /// An administrator could not export or erase a customer's data because of the daily limit.
    CustomerDataLimited,
    /// A heartbeat text passed through the deployment, up to the notification of browsers.
    Heartbeat,
    /// A line is not configured at the SMS service as Switchboard requires.
    LineFaults,
    /// The identity provider, or something needed to reach it, was unavailable.
    SignInUnavailable,
    /// CloudFront still sends a value of the origin secret that was replaced more than half an hour ago and expires
    /// soon.
    OriginSecretOverdue,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Counts events, each as a line in CloudWatch's embedded metric format.
///
/// On Lambda the lines are in the function's log, so counting needs no request.
#[derive(Clone)]
pub struct Metrics {
    function: String,
    clock: Clock,
    write: Arc<dyn Fn(&str) + Send + Sync>,
}

/// The namespace of the metrics in CloudWatch.
pub const NAMESPACE: &str = "Switchboard";

impl Metrics {
    pub(crate) fn on_lambda(clock: Clock) -> Self {
        // A metric that cannot be written must not fail a request.
        let log = |line: &str| drop(writeln!(std::io::stdout().lock(), "{line}"));
        Self::new(clock, log).for_function(&env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default())
    }

    /// Creates metrics that pass each line to `write`.
    #[must_use]
    pub fn new(clock: Clock, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { function: String::new(), clock, write: Arc::new(write) }
    }

    /// Returns a copy that counts for a function.
    #[must_use]
    pub fn for_function(self, function: &str) -> Self {
        Self { function: function.to_owned(), ..self }
    }

    /// Counts an event once.
    pub fn count(&self, metric: Metric) {
        self.emit(metric, 1, None);
    }

    /// Counts an event several times. Writes nothing for 0.
    pub fn count_many(&self, metric: Metric, times: usize) {
        if times > 0 {
            self.emit(metric, times, None);
        }
    }

    /// Counts an event twice: in total, and by the value of a dimension.
    pub fn count_by(&self, metric: Metric, dimension: &str, value: &str) {
        self.emit(metric, 1, Some((dimension, value)));
    }

    fn emit(&self, metric: Metric, times: usize, by: Option<(&str, &str)>) {
        let name = metric.to_string();
        let mut line = json!({
            "_aws": {
                "Timestamp": self.clock.now().as_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Function"]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }],
            },
            "Function": self.function,
            name: times,
        });
        if let Some((dimension, value)) = by {
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] = json!([["Function"], ["Function", dimension]]);
            line[dimension] = json!(value);
        }
        (self.write)(&line.to_string());
    }
}
