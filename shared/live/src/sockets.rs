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
use tokio::time::Instant;

use crate::Frame;
use crate::token_bucket::TokenBucket;

/// A client for the `@connections` API of a WebSocket API.
#[derive(Clone)]
pub struct Sockets {
    client: Client,
    pace: Arc<TokenBucket>,
}

/// The result of posting frames to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    Delivered,
    /// The connection does not exist any more.
    Gone,
    /// The connection did not accept the frames in time.
    TooSlow,
    /// The rate limit allowed no post before the deadline, so nothing was posted.
    TooLate,
    /// API Gateway rejected the post or was not reached. The text is the error code.
    Refused(String),
}

/// The error for a connection that could not be closed. Its text contains the error code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the connection was not closed: {0}")]
pub struct CloseError(String);

/// The time-out of one post with its two attempts.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The time-out of one attempt, which leaves time for the second if a connection hangs.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of requests in flight. A thousand posts of 20 ms each then take a third of a second, if the rate limit
/// allows them.
const CONCURRENCY: usize = 64;

impl Sockets {
    /// Creates a client. `endpoint` is the URL below which the WebSocket API has its `@connections`.
    #[must_use]
    pub fn new(aws: &SdkConfig, endpoint: &str) -> Self {
        let config = Builder::from(aws)
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(TIMEOUT).build(),
            )
            .build();
        Self { client: Client::from_conf(config), pace: Arc::new(TokenBucket::in_region(aws.region())) }
    }

    /// Posts frames to connections: in order to each connection, and to several connections at the same time.
    ///
    /// A slow or closed connection does not delay the others. All posts of a client share the rate limit of the region.
    /// Frames that the rate limit does not allow before the deadline are not posted.
    pub async fn post<'a>(
        &self,
        connections: impl IntoIterator<Item = &'a Connection>,
        frames: &[Frame],
        deadline: Instant,
    ) -> Vec<(&'a Connection, PostOutcome)> {
        let post = |connection| self.post_one(connection, frames, deadline);
        let posting: Vec<_> = connections.into_iter().map(post).collect();
        stream::iter(posting).buffer_unordered(CONCURRENCY).collect().await
    }

    async fn post_one<'a>(
        &self,
        connection: &'a Connection,
        frames: &[Frame],
        deadline: Instant,
    ) -> (&'a Connection, PostOutcome) {
        (connection, self.post_to(connection, frames, deadline).await)
    }

    async fn post_to(&self, connection: &Connection, frames: &[Frame], deadline: Instant) -> PostOutcome {
        let whose = connection.holder.staff.qualified_id(&connection.holder.company);
        for Frame(text) in frames {
            if !self.pace.turn_before(deadline).await {
                return PostOutcome::TooLate;
            }
            // The page can belong to another member of staff than the session that opened the socket.
            let data = Blob::new(format!(r#"<template data-staff="{whose}"></template>{text}"#));
            let sent =
                self.client.post_to_connection().connection_id(connection.id.to_string()).data(data).send().await;
            let Err(error) = sent else { continue };
            return match &error {
                SdkError::TimeoutError(_) => PostOutcome::TooSlow,
                SdkError::ServiceError(service) if matches!(service.err(), PostToConnectionError::GoneException(_)) => {
                    PostOutcome::Gone
                }
                _ => PostOutcome::Refused(code(&error)),
            };
        }
        PostOutcome::Delivered
    }

    /// Closes a connection. Also succeeds if the connection is already closed.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), CloseError> {
        self.pace.turn().await;
        let Err(error) = self.client.delete_connection().connection_id(id.to_string()).send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(DeleteConnectionError::GoneException(_)) => Ok(()),
            _ => Err(CloseError(code(&error))),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
    use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::http::{Response, StatusCode};
    use aws_smithy_types::body::SdkBody;
    use domain::{Timestamp, TokenHash};
    use store::ConnectionOwner;

    use super::*;

    /// A fake of API Gateway that accepts every request at once and records its time.
    #[derive(Clone, Debug, Default)]
    struct RecordingGateway(Arc<Mutex<Vec<Instant>>>);

    impl HttpConnector for RecordingGateway {
        fn call(&self, _: aws_smithy_runtime_api::client::orchestrator::HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(Instant::now());
            let status = StatusCode::try_from(200).unwrap();
            HttpConnectorFuture::ready(Ok(Response::new(status, SdkBody::empty())))
        }
    }

    impl RecordingGateway {
        fn sockets(&self, region: &'static str) -> Sockets {
            let connector = SharedHttpConnector::new(self.clone());
            let aws = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static(region))
                .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                    "key", "secret", None, None, "test",
                )))
                .http_client(http_client_fn(move |_, _| connector.clone()))
                .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                .build();
            Sockets::new(&aws, "https://sockets.example/live")
        }

        fn request_count(&self) -> usize {
            self.0.lock().unwrap().len()
        }

        /// Returns the most requests within any second.
        fn most_within_a_second(&self) -> usize {
            let asked = self.0.lock().unwrap();
            let within = |first: &Instant| {
                asked.iter().filter(|at| *at >= first && **at < *first + Duration::from_secs(1)).count()
            };
            asked.iter().step_by(50).map(within).max().unwrap_or_default()
        }
    }

    fn crowd(size: usize) -> Vec<Connection> {
        let holder = ConnectionOwner {
            company: "harbor-dental".parse().unwrap(),
            staff: "dana".parse().unwrap(),
            session: TokenHash::new("ab".repeat(32)),
            began: Timestamp::from_millis(0),
            ends: Timestamp::from_millis(1),
        };
        let connection = |number| Connection {
            id: format!("{number}").parse().unwrap(),
            holder: holder.clone(),
            since: Timestamp::from_millis(0),
        };
        (0..size).map(connection).collect()
    }

    fn frames() -> [Frame; 1] {
        [Frame("<template></template>".to_owned())]
    }

    fn in_secs(secs: u64) -> Instant {
        Instant::now() + Duration::from_secs(secs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_pages_are_posted_to_at_once_and_in_a_smaller_region_over_three_seconds() {
        for (region, takes) in [("us-east-1", 0), ("af-south-1", 3)] {
            let gateway = RecordingGateway::default();
            let sockets = gateway.sockets(region);
            let (crowd, began) = (crowd(1_000), Instant::now());
            let posted = sockets.post(&crowd, &frames(), in_secs(60)).await;
            assert!(posted.iter().all(|(_, posted)| *posted == PostOutcome::Delivered), "{region}");
            assert_eq!((gateway.request_count(), began.elapsed().as_secs()), (1_000, takes), "{region}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_is_posted_and_closed_most_of_the_quota_is_left_to_people() {
        for (region, quota) in [("us-east-1", 10_000), ("mx-central-1", 2_500)] {
            let gateway = RecordingGateway::default();
            let sockets = gateway.sockets(region);
            let crowd = crowd(quota / 4);
            let (first, second) = crowd.split_at(quota / 8);
            // Like a function that serves two companies in turn with the same client.
            sockets.post(first, &frames(), in_secs(60)).await;
            for connection in second {
                sockets.close(&connection.id).await.unwrap();
            }
            assert_eq!(gateway.request_count(), quota / 4);
            let most = gateway.most_within_a_second();
            assert!((quota / 10..=quota / 5 + 1).contains(&most), "{region}: {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_no_turn_before_the_deadline_is_left_out_and_takes_no_turn_of_others() {
        let gateway = RecordingGateway::default();
        let sockets = gateway.sockets("eu-south-1");
        let crowd = crowd(4_000);
        let posted = sockets.post(&crowd, &frames(), in_secs(10)).await;
        let late = posted.iter().filter(|(_, posted)| *posted == PostOutcome::TooLate).count();
        // A full bucket, and ten seconds.
        assert_eq!((gateway.request_count(), late), (250 + 2_500, 4_000 - 2_750));
        let began = Instant::now();
        sockets.close(&crowd[0].id).await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(10), "{:?}", began.elapsed());
    }
}
