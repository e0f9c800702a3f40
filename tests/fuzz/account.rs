//! The functions, in a simulated AWS account that is empty and responds at once.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use domain::{Clock, Randomness, Retention, Scheme, Timestamp};
use https::HttpsError;
use local::{LambdaInstance, OptOutManagement, TABLE};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use push::Pusher;
use runtime::{Configuration, Metrics, Runtime};
use serde_json::{Value, json};
use sms::{EndUserMessagingSettings, SmsProvider};
use tests::TestStack;
use tokio::runtime::Builder;

pub(crate) struct Account {
    thread: tokio::runtime::Runtime,
    instance: LambdaInstance,
}

/// An HTTP client for an account that has secrets and nothing else.
#[derive(Clone, Debug)]
struct SecretsOnlyAccount;

impl HttpConnector for SecretsOnlyAccount {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let secret = request.headers().get("x-amz-target") == Some("secretsmanager.GetSecretValue");
        let answer = if secret { json!({"SecretString": secrets().to_string()}) } else { json!({}) };
        let answer = answer.to_string();
        let ok = StatusCode::try_from(200).map(|ok| HttpResponse::new(ok, SdkBody::from(answer)));
        HttpConnectorFuture::ready(Ok(ok.unwrap()))
    }
}

/// Returns one secret that contains the push keys and the sign-in settings, all that the functions read of secrets. The
/// cookies in the corpus were signed with its `attempt_key`.
fn secrets() -> Value {
    json!({
        "subject": "mailto:it@example.com",
        "keys": [{"private": "A".repeat(42) + "E"}],
        "issuer": "http://127.0.0.1:1",
        "client_id": "switchboard",
        "portal": "https://sms.example.com",
        "attempt_key": "0123456789abcdef0123456789abcdef",
    })
}

impl Account {
    pub(crate) fn open() -> Self {
        let thread = Builder::new_current_thread().enable_all().build().unwrap();
        let mut aws = runtime::aws_on_lambda().into_builder();
        aws.set_http_client(Some(http_client_fn(|_, _| SharedHttpConnector::new(SecretsOnlyAccount))));
        aws.set_endpoint_url(Some("http://aws.local".to_owned()));
        aws.set_region(Some(Region::from_static("local")));
        // 2026-11-20T15:00:00Z, shortly after the messages of the corpus were sent.
        let clock = Clock::new(|| Timestamp::from_millis(1_795_186_800_000));
        let runtime = Runtime {
            configuration: Configuration {
                table: TABLE.to_owned(),
                retention: Retention::default(),
                portal: Scheme::Https,
                idle_minutes: None,
                origin_secret: None,
            },
            aws: aws.build(),
            clock: clock.clone(),
            randomness: Randomness::new(|| [7; 32]),
            metrics: Metrics::new(clock, |_| ()),
        };
        let (sms, managed) =
            (SmsProvider::EndUserMessaging(EndUserMessagingSettings::default()), OptOutManagement::ByUs);
        let nobody = Pusher::carried_by(|_| async { Err(HttpsError::NotReached) }, runtime.clock.clone());
        Self {
            thread,
            instance: LambdaInstance::cold(&runtime, "http://aws.local", nobody, &sms, &TestStack::limits(), managed),
        }
    }

    fn invoke(&self, function: &str, event: &Value) -> Result<Option<Value>, TestCaseError> {
        let answered = self.thread.block_on(self.instance.invoke(function, event.clone())).unwrap();
        prop_assert!(!answered.as_ref().is_err_and(|error| error.error_type == "Panic"), "{} panics", function);
        Ok(answered.ok())
    }

    /// Invokes a function with an event. Fails if the function panics. Any response or error is accepted.
    pub(crate) fn takes(&self, function: &str, event: &Value) -> Result<(), TestCaseError> {
        self.invoke(function, event).map(drop)
    }

    /// Invokes functions with requests. Fails if a function answers with a status of 500 or above.
    pub(crate) fn answers(&self, requests: impl Iterator<Item = (&'static str, Value)>) -> Result<(), TestCaseError> {
        for (function, request) in requests {
            let answer = self.invoke(function, &request)?.unwrap_or_default();
            let status = answer["statusCode"].as_u64().unwrap_or(500);
            prop_assert!(status < 500, "{} answers {}: {}", function, status, answer["body"]);
        }
        Ok(())
    }
}
