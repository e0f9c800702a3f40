use std::sync::Arc;
use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use futures_util::stream::{self, StreamExt};
use store::{Connection, ConnectionId};
use thiserror::Error;

use crate::Frame;
use crate::pace::Pace;

/// The connections' side of a WebSocket API.
#[derive(Clone)]
pub struct Sockets {
    client: Client,
    pace: Arc<Pace>,
}

/// What became of frames that were posted to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    Delivered,
    /// There is no such connection any more.
    Gone,
    /// It did not take them in time.
    TooSlow,
    /// API Gateway refused, or was not reached: by its code.
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the connection was not closed: {0}")]
pub struct NotClosed(String);

/// For one post, with the second try of one that failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// For one try: a connection that hangs leaves time for the second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// Each is a request in flight: at the pace of a thousand a second, what 64 ms each have time for.
const AT_A_TIME: usize = 64;

impl Sockets {
    /// Of the WebSocket API whose `@connections` are below `endpoint`.
    #[must_use]
    pub fn new(aws: &SdkConfig, endpoint: &str) -> Self {
        let config = Builder::from(aws)
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(PATIENCE).build(),
            )
            .build();
        Self { client: Client::from_conf(config), pace: Arc::default() }
    }

    /// Posts frames to connections, to each in their order, to all at the same time: one that is
    /// slow or gone holds up no other.
    pub async fn post<'a>(
        &self,
        connections: impl IntoIterator<Item = &'a Connection>,
        frames: &[Frame],
    ) -> Vec<(&'a Connection, Posted)> {
        let posting: Vec<_> = connections.into_iter().map(|connection| self.post_one(connection, frames)).collect();
        stream::iter(posting).buffer_unordered(AT_A_TIME).collect().await
    }

    async fn post_one<'a>(&self, connection: &'a Connection, frames: &[Frame]) -> (&'a Connection, Posted) {
        (connection, self.post_to(connection, frames).await)
    }

    async fn post_to(&self, connection: &Connection, frames: &[Frame]) -> Posted {
        let whose = connection.holder.staff.of(&connection.holder.company);
        for Frame(text) in frames {
            // The page may be somebody else's than the session that its socket was opened with.
            let data = Blob::new(format!(r#"<template data-staff="{whose}"></template>{text}"#));
            self.pace.turn().await;
            let sent =
                self.client.post_to_connection().connection_id(connection.id.to_string()).data(data).send().await;
            let Err(error) = sent else { continue };
            return match &error {
                SdkError::TimeoutError(_) => Posted::TooSlow,
                SdkError::ServiceError(service) if matches!(service.err(), PostToConnectionError::GoneException(_)) => {
                    Posted::Gone
                }
                _ => Posted::Refused(code(&error)),
            };
        }
        Posted::Delivered
    }

    /// Closes a connection, open or not.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), NotClosed> {
        let Err(error) = self.client.delete_connection().connection_id(id.to_string()).send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(DeleteConnectionError::GoneException(_)) => Ok(()),
            _ => Err(NotClosed(code(&error))),
        }
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unnamed").to_owned(),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "not reached".to_owned(),
        _ => "no valid answer".to_owned(),
    }
}
