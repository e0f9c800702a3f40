use std::env;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;

use crate::http_client;

/// The time-out of one attempt of a request to AWS, including the connection. If a connection hangs, another attempt
/// still has time.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// The time-out of a request to AWS with all attempts and waits.
///
/// It is shorter than the time-out of every function (`infra/template.yaml`). Otherwise a function would end before it
/// could answer.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(4_500);

/// Returns the SDK's configuration for a function on Lambda.
///
/// Lambda sets the region and the credentials in the environment, so `aws-config` is not needed to search for them.
#[must_use]
pub fn aws_on_lambda() -> SdkConfig {
    let variable = |name| env::var(name).unwrap_or_default();
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "lambda",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(RetryConfig::standard())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        );
    // The user agent then contains the function's name, which CloudTrail shows.
    config.set_app_name(AppName::new(variable("AWS_LAMBDA_FUNCTION_NAME")).ok());
    if let Ok(endpoint) = env::var("AWS_ENDPOINT_URL") {
        config = config.endpoint_url(endpoint);
    }
    config.build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;
    use store::{PushSettingsChange, Store, StoreError};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A fake DynamoDB whose every transaction conflicts with another one.
    async fn contended() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"TransactionConflict"}],"message":"x"}"#;
            let answer = format!(
                "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 8192];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_transaction_whose_time_ends_while_others_are_in_its_way_is_not_taken_for_a_table_out_of_reach() {
        let aws = aws_on_lambda().into_builder().endpoint_url(contended().await).region(Region::from_static("local"));
        let within = TimeoutConfig::builder().operation_timeout(Duration::from_millis(1_500)).build();
        let aws = aws.timeout_config(within).build();
        let randomness = domain::Randomness::new(|| [7; 32]);
        let store = Store::new(&aws, "table".to_owned(), domain::Retention::default(), randomness);
        let change = PushSettingsChange { shows_text: Some(true), messages: None };
        let staff = domain::Staff {
            id: "dana".parse().unwrap(),
            name: "Dana Whitfield".to_owned(),
            company: "harbor-dental".parse().unwrap(),
            company_name: "Harbor Dental".to_owned(),
            region: "US".parse().unwrap(),
            time_zone: domain::TimeZone::default(),
            is_program: false,
            is_administrator: false,
            signed_in: None,
        };
        let set = store.set_pushes(&staff, change, domain::Timestamp::from_millis(0)).await;
        assert!(matches!(set, Err(StoreError::Contended { .. })), "{set:?}");
    }

    #[tokio::test]
    async fn a_connection_that_hangs_is_given_up_for_another() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (hanging, _) = listener.accept().await.unwrap();
            let (mut answered, _) = listener.accept().await.unwrap();
            let mut request = [0; 8192];
            assert!(answered.read(&mut request).await.unwrap() > 0);
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";
            answered.write_all(answer.as_bytes()).await.unwrap();
            hanging
        });
        let aws = aws_on_lambda().into_builder().endpoint_url(address).region(Region::from_static("local")).build();
        Client::new(&aws).get_item().table_name("table").set_key(Some([].into())).send().await.unwrap();
        served.await.unwrap();
    }
}
