use std::env;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use domain::Clock;
use serde_json::json;

/// Something that happened once, for an operator's dashboard and alarms. Named in
/// `infra/template.yaml` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The carrier took a message of staff.
    SendAccepted,
    /// A message of staff did not go out, or nobody knows whether it did. By `FaultOwner`.
    SendFailed,
    /// A message of staff was not let out: beyond a limit, or to a country that is not texted. By `Limit`.
    SendLimited,
    /// A message that the carrier had taken did not arrive. By `FaultOwner`.
    Undelivered,
    /// A push service took what it was sent.
    PushDelivered,
    /// A push service refuses what it is sent for a browser, or there are no keys to sign it with. By `FaultOwner`.
    PushRefused,
    /// A browser is not told of something, although it was tried again.
    PushGivenUp,
    /// An administrator took or erased everything held of a customer. By `Done`.
    CustomerData,
    /// An administrator was kept from that: somebody did it as often as anybody may in a day.
    CustomerDataLimited,
    /// A text that the deployment sent itself came through as far as browsers are told of texts.
    Heartbeat,
    /// A line is not set at the SMS service as it is to be.
    LinesWrong,
    /// The identity provider, or what is needed to ask it, was out of reach.
    SignInUnavailable,
    /// CloudFront still shows a value of the origin secret that was replaced half an hour ago, and soon counts no more.
    OriginSecretOverdue,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Counts what happens, a line in CloudWatch's embedded metric format each: on Lambda in the function's
/// log, so that no request is made for it.
#[derive(Clone)]
pub struct Metrics {
    function: String,
    clock: Clock,
    write: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Where they are counted.
pub const NAMESPACE: &str = "Switchboard";

impl Metrics {
    pub(crate) fn on_lambda(clock: Clock) -> Self {
        // A metric that cannot be written is no reason to fail a request.
        let log = |line: &str| drop(writeln!(std::io::stdout().lock(), "{line}"));
        Self::new(clock, log).for_function(&env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default())
    }

    /// `write` takes the lines.
    #[must_use]
    pub fn new(clock: Clock, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { function: String::new(), clock, write: Arc::new(write) }
    }

    /// The same, counted for a function.
    #[must_use]
    pub fn for_function(self, function: &str) -> Self {
        Self { function: function.to_owned(), ..self }
    }

    pub fn count(&self, metric: Metric) {
        self.emit(metric, 1, None);
    }

    /// Counts what happened many times at once; nothing if it did not happen.
    pub fn count_many(&self, metric: Metric, times: usize) {
        if times > 0 {
            self.emit(metric, times, None);
        }
    }

    /// Counts it twice: with all of its kind, and by a dimension with those of the same value.
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
