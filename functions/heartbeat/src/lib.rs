#![doc = include_str!("../README.md")]

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;
use domain::{OptOutManagement, heartbeat};
use lambda_runtime::Diagnostic;
use runtime::{Metric, Metrics, Runtime};
use serde_json::{Value, json};
use sms::{InboundMessage, LineFault};
use store::{DirectoryError, Store, StoreError};
use thiserror::Error;

/// Sends a test message to the deployment as a customer would, and checks the lines once a day.
pub struct HeartbeatFunction {
    store: Store,
    aws: SdkConfig,
    sns: Client,
    topic: String,
    managed: OptOutManagement,
    metrics: Metrics,
}

/// The reason why inbound messages may be lost unnoticed. Lambda retries the invocation and counts an error.
#[derive(Debug, Error)]
pub enum HeartbeatError {
    #[error("the heartbeat's line cannot be made: {0}")]
    Line(#[from] DirectoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{action} failed: {code}")]
    Aws { action: &'static str, code: String },
}

impl From<HeartbeatError> for Diagnostic {
    fn from(failed: HeartbeatError) -> Self {
        Self { error_type: "HeartbeatFailed".to_owned(), error_message: failed.to_string() }
    }
}

impl HeartbeatFunction {
    /// `topic` is the ARN of the SNS topic for inbound messages. `managed` says whether the SMS service or Switchboard
    /// manages opt-outs.
    #[must_use]
    pub fn new(runtime: &Runtime, topic: String, managed: OptOutManagement) -> Self {
        Self {
            store: runtime.store(),
            aws: runtime.aws.clone(),
            sns: Client::new(&runtime.aws),
            topic,
            managed,
            metrics: runtime.metrics.clone(),
        }
    }

    /// Checks the lines if the event requests it. Otherwise sends a heartbeat.
    pub async fn handle(&self, event: &Value) -> Result<Value, HeartbeatError> {
        if event["check"] == "lines" { self.check_lines().await } else { self.send_heartbeat().await }
    }

    async fn send_heartbeat(&self) -> Result<Value, HeartbeatError> {
        // This fails if the number is a company's line, so that no company receives a heartbeat.
        self.store.make_heartbeat_line().await?;
        let removed = self.store.remove_heartbeats().await?;
        let text = InboundMessage {
            id: heartbeat::INBOUND_ID.to_owned(),
            from: heartbeat::customer(),
            to: heartbeat::line().number,
            text: heartbeat::TEXT.to_owned(),
            received: None,
        };
        let published = self.sns.publish().topic_arn(&self.topic).message(text.payload()).send().await;
        published.map_err(|error| failed("sns:Publish", &error))?;
        Ok(json!({"removed": removed}))
    }

    async fn check_lines(&self) -> Result<Value, HeartbeatError> {
        let lines = self.store.lines().await?;
        if lines.is_empty() {
            return Ok(json!({"lines": 0, "wrong": 0}));
        }
        let known = sms::account_numbers(&self.aws).await;
        let known = known.map_err(|error| failed("sms-voice:DescribePhoneNumbers", &error))?;
        let faults = sms::line_faults(&lines, &known, &self.topic, self.managed);
        for LineFault { line, reason } in &faults {
            tracing::error!(company = %line.company, reason, "a line is configured wrongly");
        }
        self.metrics.count_many(Metric::LineFaults, faults.len());
        Ok(json!({"lines": lines.len(), "wrong": faults.len()}))
    }
}

fn failed<E: ProvideErrorMetadata, R>(action: &'static str, error: &SdkError<E, R>) -> HeartbeatError {
    let code = match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("an error without a name"),
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(_) => "not reached",
        _ => "no valid answer",
    };
    HeartbeatError::Aws { action, code: code.to_owned() }
}
