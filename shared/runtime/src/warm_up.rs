//! The warm-up of a function: opens the connection to the table before the first request.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_types::SdkConfig;

/// The time-out of the warm-up. A table that does not answer delays a start by no more than this.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Opens a TLS connection to DynamoDB, which the first request then finds in the HTTP client's pool.
///
/// Lambda gives a starting function a whole core, whatever its memory. From its first request on, the function has a
/// small part of a core. At 128 MB, the handshake would then take most of a second.
///
/// The SDK prepares a whole request (endpoint, credentials, signature), but sends `GET /` instead. DynamoDB answers
/// that with its health status, and requires no permission. An error is left to the first request, which can report it.
pub(crate) async fn open(aws: &SdkConfig) {
    let once = Builder::new()
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(TIMEOUT).build());
    let opening = Client::new(aws).get_item().table_name("none").set_key(Some([].into()));
    // The health status is not an item of a table, so the SDK always returns an error.
    let _ = opening.customize().config_override(once).interceptor(HealthProbe).send().await;
}

/// An interceptor that replaces the request by `GET /`, without a signature.
#[derive(Debug)]
struct HealthProbe;

impl Intercept for HealthProbe {
    fn name(&self) -> &'static str {
        "HealthProbe"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let address = context.request().uri().to_owned();
        *context.request_mut() = HttpRequest::get(address)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
    use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// The requests on each connection, up to their bodies.
    type ObservedRequests = Arc<Mutex<Vec<Vec<String>>>>;

    const HEALTH: &str = "HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\nhealthy: dynamodb.us-east-1.amazonaws.com ";
    const NO_ITEM: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";

    /// Starts a server that answers as DynamoDB does, and returns its URL.
    async fn dynamodb() -> (String, ObservedRequests) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = ObservedRequests::default();
        let connections = seen.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection = {
                    let mut connections = connections.lock().unwrap();
                    connections.push(Vec::new());
                    connections.len() - 1
                };
                tokio::spawn(answer(stream, connection, connections.clone()));
            }
        });
        (address, seen)
    }

    /// Answers one request after the other. Each fits into one read here.
    async fn answer(mut stream: TcpStream, connection: usize, seen: ObservedRequests) {
        let mut bytes = [0; 8192];
        while let Ok(length @ 1..) = stream.read(&mut bytes).await {
            let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let answer = if request.starts_with("GET ") { HEALTH } else { NO_ITEM };
            seen.lock().unwrap()[connection].push(request);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn aws(endpoint: &str) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("key", "secret", None)))
            .http_client(crate::http_client())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).build())
            .endpoint_url(endpoint)
            .build()
    }

    #[tokio::test]
    async fn the_first_request_goes_over_the_connection_that_was_opened_at_start() {
        let (address, seen) = dynamodb().await;
        let aws = aws(&address);
        open(&aws).await;
        assert_eq!(seen.lock().unwrap().len(), 1);
        Client::new(&aws).get_item().table_name("table").set_key(Some([].into())).send().await.unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "connections: {seen:?}");
        let [opened, first] = seen[0].as_slice() else { panic!("{seen:?}") };
        assert!(opened.starts_with("GET / HTTP/1.1\r\n"), "{opened}");
        assert!(first.starts_with("POST / HTTP/1.1\r\n"), "{first}");
    }

    #[tokio::test]
    async fn opening_takes_no_permission() {
        let (address, seen) = dynamodb().await;
        open(&aws(&address)).await;
        let opened = seen.lock().unwrap()[0][0].to_lowercase();
        assert!(!opened.contains("authorization") && !opened.contains("x-amz"), "{opened}");
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_reached_or_does_not_answer_lets_a_function_start() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let both = async {
            open(&aws(&address)).await;
            drop(silent);
            open(&aws(&address)).await;
        };
        tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
    }
}
