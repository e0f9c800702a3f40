#![doc = include_str!("../README.md")]
#![allow(clippy::disallowed_methods, reason = "this is the place that the others are sent to")]

mod aws;
mod configuration;
mod http_client;
mod log;
mod metrics;
mod warm_up;

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, Randomness, Timestamp};
use store::Store;
use tokio::task::JoinError;

pub use aws::{ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, aws_on_lambda};
pub use configuration::{
    Configuration, InvalidConfiguration, PUSH_DAYS, inbound_topic, live_endpoint, push_days, push_retries, push_secret,
    push_services, self_managed_opt_outs, sending_limits, sign_in_secret, sms_setting,
};
pub use http_client::http_client;
pub use metrics::{Metric, Metrics, NAMESPACE};

/// The configuration, clients and sources of time and randomness that every function receives.
pub struct Runtime {
    pub configuration: Configuration,
    pub aws: aws_types::SdkConfig,
    pub clock: Clock,
    pub randomness: Randomness,
    pub metrics: Metrics,
}

impl Runtime {
    /// Creates the runtime of a function on Lambda: logs as JSON, with configuration and credentials from the
    /// environment.
    pub fn on_lambda() -> Result<Self, InvalidConfiguration> {
        log::begin();
        Ok(Self {
            configuration: Configuration::from_environment()?,
            aws: aws_on_lambda(),
            clock: wall_clock(),
            randomness: randomness(),
            metrics: Metrics::on_lambda(wall_clock()),
        })
    }

    /// Opens the connection to the table during the start. Functions whose first request uses the table call this.
    pub async fn open_table(&self) {
        warm_up::open(&self.aws).await;
    }

    /// Opens the connection to the table and reads the numbering plans, in parallel.
    ///
    /// The connection waits for the network, and the plans take one core for a moment.
    pub async fn warm_up(&self) -> Result<(), JoinError> {
        let plans = tokio::task::spawn_blocking(domain::read_numbering_plans);
        self.open_table().await;
        plans.await
    }

    /// Returns a client for the table.
    #[must_use]
    pub fn store(&self) -> Store {
        let Configuration { table, retention, .. } = self.configuration.clone();
        Store::new(&self.aws, table, retention, self.randomness.clone())
    }
}

/// Returns a clock that reads the system's time.
#[must_use]
pub fn wall_clock() -> Clock {
    Clock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    })
}

/// Returns the operating system's source of randomness.
///
/// # Panics
///
/// A request that takes randomness panics, and so fails, if the operating system has no randomness.
#[must_use]
pub fn randomness() -> Randomness {
    Randomness::new(|| {
        let mut bytes = [0; 32];
        #[allow(clippy::expect_used, reason = "without randomness no session would be safe: the request must fail")]
        getrandom::fill(&mut bytes).expect("the operating system has randomness");
        bytes
    })
}
