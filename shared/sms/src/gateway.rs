use std::error::Error;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use domain::{CompanyId, Message, PhoneNumber, Pool, Randomness, Refusal};
use tokio::time::Instant;

use crate::end_user_messaging::EndUserMessaging;
use crate::provider::Provider;
use crate::sns::Sns;

/// Where outbound SMS leave by.
#[derive(Clone)]
pub struct Gateway {
    service: Service,
    randomness: Randomness,
}

#[derive(Clone)]
enum Service {
    EndUserMessaging(EndUserMessaging),
    Sns(Sns),
}

/// A message that is to be sent, and which of ours it is.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub company: &'a CompanyId,
    pub message: &'a Message,
    pub to: &'a PhoneNumber,
    /// What it leaves by, if that is not its line's number itself.
    pub pool: Option<&'a Pool>,
}

/// What is known after a message was handed to the carrier, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// Accepted, under the carrier's own id.
    Accepted { provider_id: String },
    /// It certainly did not go out.
    Refused(Refusal),
    /// Nobody knows whether it went out: it must not be sent again by itself.
    Unknown,
}

/// Less than a function has, so that it is the function that learns of a time-out.
const PATIENCE: Duration = Duration::from_secs(10);

/// What passes is tried again for so long: with the last try's patience still less than a function has.
const TRY_FOR: Duration = Duration::from_secs(5);

/// About how long is waited before the second try. Doubled for each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl Gateway {
    #[must_use]
    pub fn new(aws: &SdkConfig, provider: &Provider, randomness: &Randomness) -> Self {
        let aws = sending_once(aws);
        let service = match provider {
            Provider::EndUserMessaging(settings) => Service::EndUserMessaging(EndUserMessaging::new(&aws, settings)),
            Provider::Sns => Service::Sns(Sns::new(&aws)),
        };
        Self { service, randomness: randomness.clone() }
    }

    /// Hands a message to the carrier, once. It is offered again only where it certainly was not taken
    /// and what stood in the way passes.
    pub async fn hand_over(&self, outgoing: Outgoing<'_>) -> Handed {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            let handed = match &self.service {
                Service::EndUserMessaging(service) => service.hand_over(outgoing).await,
                Service::Sns(service) => service.hand_over(outgoing).await,
            };
            let Handed::Refused(refusal) = handed else { return handed };
            if !refusal.passes() {
                return handed;
            }
            let waited = jittered(wait, &self.randomness);
            if begun.elapsed() + waited >= TRY_FOR {
                return handed;
            }
            tokio::time::sleep(waited).await;
            wait *= 2;
        }
    }
}

/// Neither service takes an idempotency token, so the SDK's own retries, which follow time-outs too,
/// could send an SMS twice: they are off.
fn sending_once(aws: &SdkConfig) -> SdkConfig {
    aws.to_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).operation_timeout(PATIENCE).build(),
        )
        .build()
}

/// Between half of it and all of it: those who were refused together do not come again together.
fn jittered(wait: Duration, randomness: &Randomness) -> Duration {
    wait.mul_f64(0.5 + randomness.fraction() / 2.0)
}

/// What an answer without acceptance means; `refusal` reads what the service says.
pub(crate) fn outcome<E>(error: &SdkError<E, HttpResponse>, refusal: impl Fn(&E) -> Refusal) -> Handed
where
    E: ProvideErrorMetadata,
{
    let handed = match error {
        SdkError::ConstructionFailure(_) => Handed::Refused(Refusal::Other),
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| refused_connection(error)) =>
        {
            Handed::Refused(Refusal::Unreachable)
        }
        SdkError::ServiceError(service) if service.raw().status().is_client_error() => {
            Handed::Refused(refusal(service.err()))
        }
        _ => Handed::Unknown,
    };
    let code = error.code().unwrap_or("none");
    if let Handed::Refused(refused) = &handed {
        let remedy = refused.remedy().unwrap_or("nothing");
        tracing::warn!(code, ?refused, remedy, "the carrier did not accept a message");
    } else {
        tracing::warn!(code, "nobody knows whether the carrier accepted a message");
    }
    handed
}

/// A connection that was refused carried nothing.
fn refused_connection(error: &(dyn Error + 'static)) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}
