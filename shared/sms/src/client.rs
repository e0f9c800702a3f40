use std::error::Error;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use domain::{CompanyId, Message, PhoneNumber, Pool, Randomness, SendError};
use tokio::time::Instant;

use crate::end_user_messaging::EndUserMessaging;
use crate::provider::SmsProvider;
use crate::sns::Sns;

/// A client for the SMS service, which sends outbound messages.
#[derive(Clone)]
pub struct SmsClient {
    service: Service,
    randomness: Randomness,
}

#[derive(Clone)]
enum Service {
    EndUserMessaging(EndUserMessaging),
    Sns(Sns),
}

/// A message to send, with its company, recipient and pool.
#[derive(Clone, Copy, Debug)]
pub struct OutboundMessage<'a> {
    pub company: &'a CompanyId,
    pub message: &'a Message,
    pub to: &'a PhoneNumber,
    /// The pool to send from; `None` to send from the line itself.
    pub pool: Option<&'a Pool>,
}

/// The result of passing a message to the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The service accepted the message. `provider_id` is its id for the message.
    Accepted { provider_id: String },
    /// The message was certainly not sent.
    Refused(SendError),
    /// The message may have been sent, so it must not be retried automatically.
    Unknown,
}

/// The time-out of a request. It is shorter than the function's time-out, so the function can record that the request
/// timed out.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long temporary errors are retried.
const TRY_FOR: Duration = Duration::from_secs(5);

/// The longest time that sending a message takes, with retries.
pub const SEND_TIMEOUT: Duration = TRY_FOR.saturating_add(TIMEOUT);

/// The approximate wait before the second attempt. The wait doubles with each further attempt.
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl SmsClient {
    #[must_use]
    pub fn new(aws: &SdkConfig, provider: &SmsProvider, randomness: &Randomness) -> Self {
        let aws = sending_once(aws);
        let service = match provider {
            SmsProvider::EndUserMessaging(settings) => Service::EndUserMessaging(EndUserMessaging::new(&aws, settings)),
            SmsProvider::Sns { max_price } => Service::Sns(Sns::new(&aws, max_price.clone())),
        };
        Self { service, randomness: randomness.clone() }
    }

    /// Sends a message once. Retries only if the message was certainly not accepted and the error is temporary.
    pub async fn send(&self, outgoing: OutboundMessage<'_>) -> SendOutcome {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            let handed = self.offer(outgoing).await;
            let SendOutcome::Refused(refusal) = handed else { return handed };
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

    async fn offer(&self, outgoing: OutboundMessage<'_>) -> SendOutcome {
        match &self.service {
            Service::EndUserMessaging(service) => service.send(outgoing).await,
            Service::Sns(service) => service.send(outgoing).await,
        }
    }
}

/// Turns off the SDK's retries, which also follow time-outs. Neither service accepts an idempotency token, so a retry
/// could send a message twice.
fn sending_once(aws: &SdkConfig) -> SdkConfig {
    aws.to_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).operation_timeout(TIMEOUT).build(),
        )
        .build()
}

/// Returns a random wait between half of `wait` and all of it, so that rejected senders do not retry together.
fn jittered(wait: Duration, randomness: &Randomness) -> Duration {
    wait.mul_f64(0.5 + randomness.fraction() / 2.0)
}

/// Returns the outcome of a request that was not accepted.
///
/// `refusal` maps the service's error. `reason` returns the service's detail beyond the error code, for the log.
pub(crate) fn outcome<E>(
    error: &SdkError<E, HttpResponse>,
    refusal: impl Fn(&E) -> SendError,
    reason: impl Fn(&E) -> Option<&str>,
) -> SendOutcome
where
    E: ProvideErrorMetadata,
{
    let handed = match error {
        SdkError::ConstructionFailure(_) => SendOutcome::Refused(SendError::Other),
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| refused_connection(error)) =>
        {
            SendOutcome::Refused(SendError::Unreachable)
        }
        SdkError::ServiceError(service) if service.raw().status().is_client_error() => {
            SendOutcome::Refused(refusal(service.err()))
        }
        _ => SendOutcome::Unknown,
    };
    let code = error.code().unwrap_or("none");
    let reason = error.as_service_error().and_then(reason);
    if let SendOutcome::Refused(refused) = &handed {
        let remedy = refused.remedy().unwrap_or("none");
        tracing::warn!(code, reason, ?refused, remedy, "a message was not sent");
    } else {
        tracing::warn!(code, "the outcome of a send is unknown");
    }
    handed
}

/// Returns whether the connection was refused, so that nothing was transmitted.
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_types::region::Region;
    use domain::{DeliveryProgress, MessageKind, Position, Timestamp};
    use serde_json::{Value, json};

    use super::*;
    use crate::provider::EndUserMessagingSettings;

    /// A fake SMS service that returns the same answer to every request and records the last one. `None` refuses
    /// connections.
    #[derive(Clone, Debug)]
    struct FixedAnswer {
        answer: Option<String>,
        asked: Arc<Mutex<String>>,
    }

    impl HttpConnector for FixedAnswer {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            *self.asked.lock().unwrap() = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            let status = StatusCode::try_from(400).unwrap();
            HttpConnectorFuture::ready(match &self.answer {
                Some(answer) => Ok(HttpResponse::new(status, SdkBody::from(answer.clone()))),
                None => Err(ConnectorError::io(refused().into())),
            })
        }
    }

    #[derive(Clone, Default)]
    struct LogBuffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for LogBuffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the outcome of a message, the fields of its log line, and the request that the service received.
    async fn send_through(provider: &SmsProvider, answer: Option<String>) -> (SendOutcome, Value, String) {
        let (log, service) = (LogBuffer::default(), FixedAnswer { answer, asked: Arc::default() });
        let mut aws = runtime::aws_on_lambda().into_builder();
        let connector = service.clone();
        aws.set_http_client(Some(http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()))));
        aws.set_region(Some(Region::from_static("local")));
        let gateway = SmsClient::new(&aws.build(), provider, &Randomness::new(|| [7; 32]));
        let line = PhoneNumber::e164("+12065550142").unwrap();
        let kind = MessageKind::Outbound {
            by: "Dana".into(),
            staff: None,
            progress: DeliveryProgress::Queued,
            again: None,
            tried_again: None,
        };
        let position = Position::new(Timestamp::from_millis(1_000_000), 1);
        let message =
            Message { conversation: "0".repeat(32).parse().unwrap(), position, line, text: "hi".into(), kind };
        let (company, to) = ("harbor-dental".parse().unwrap(), PhoneNumber::e164("+14255550182").unwrap());
        let outgoing = OutboundMessage { company: &company, message: &message, to: &to, pool: None };
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let listening = tracing::subscriber::set_default(subscriber);
        let handed = gateway.offer(outgoing).await;
        drop(listening);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!log.contains("5550182") && !log.contains("\"hi\""), "{log}");
        let logged = serde_json::from_str::<Value>(log.lines().last().unwrap()).unwrap()["fields"].clone();
        let asked = service.asked.lock().unwrap().clone();
        (handed, logged, asked)
    }

    /// Returns text that the sentence for staff contains, and text that the remedy for operators contains. "none"
    /// means that operators have no remedy.
    fn codes_of(refusal: SendError) -> (&'static str, &'static str) {
        match refusal {
            SendError::OptedOut => ("has unsubscribed by replying STOP", "none"),
            SendError::InvalidNumber => ("does not accept this number", "none"),
            SendError::NotVerified => ("numbers that were verified", "the SMS sandbox"),
            SendError::BlockedCountry => ("does not text to this country", "a protect configuration"),
            SendError::BlockedNumber => ("settings block texts to this number", "a protect configuration"),
            SendError::SpendLimit => ("budget for texts is used up", "monthly spend limit"),
            SendError::Price => ("costs more than your company allows", "the parameter MaxPricePerText"),
            SendError::Body => ("does not accept this text", "none"),
            SendError::Line => ("your company's number cannot send this text", "belongs to this account, is active"),
            SendError::Throttled => ("too many texts at once", "or a pool, sends more"),
            SendError::Unreachable => ("the SMS service could not be reached", "none"),
            SendError::Other => ("the SMS service refused this message", "the code and the reason"),
        }
    }

    fn is_told(refusal: SendError, logged: &Value) {
        let ((staff, operators), sentence) = (codes_of(refusal), refusal.sentence());
        let remedy = logged["remedy"].as_str().unwrap();
        assert!(sentence.starts_with("Not sent: ") && sentence.ends_with('.'), "{sentence}");
        assert!(sentence.contains(staff), "{refusal:?}: {sentence}");
        assert!(remedy.contains(operators) && !remedy.ends_with('.'), "{refusal:?}: {remedy}");
    }

    #[tokio::test]
    async fn a_rejection_by_end_user_messaging_has_a_sentence_for_staff_and_a_code_and_reason_for_operators() {
        let (conflict, quota, invalid) = ("ConflictException", "ServiceQuotaExceededException", "ValidationException");
        let denied = "AccessDeniedException";
        for (code, reason, field, refusal) in [
            ("ThrottlingException", None, None, SendError::Throttled),
            ("ResourceNotFoundException", None, None, SendError::Line),
            (conflict, Some("DESTINATION_PHONE_NUMBER_OPTED_OUT"), None, SendError::OptedOut),
            (conflict, Some("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), None, SendError::NotVerified),
            (conflict, Some("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"), None, SendError::BlockedCountry),
            (
                conflict,
                Some("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"),
                None,
                SendError::BlockedNumber,
            ),
            (conflict, Some("MESSAGE_TYPE_MISMATCH"), None, SendError::Line),
            (conflict, Some("NO_ORIGINATION_IDENTITIES_FOUND"), None, SendError::Line),
            (conflict, Some("NUMBER_CAPABILITIES_MISMATCH"), None, SendError::Line),
            (conflict, Some("REGISTRATION_NOT_COMPLETE"), None, SendError::Line),
            (conflict, Some("RESOURCE_NOT_ACTIVE"), None, SendError::Line),
            (conflict, Some("OF_SOME_YEAR_TO_COME"), None, SendError::Other),
            (quota, Some("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"), None, SendError::SpendLimit),
            (quota, Some("OF_SOME_YEAR_TO_COME"), None, SendError::Other),
            (denied, Some("ACCOUNT_DISABLED"), None, SendError::Other),
            (denied, Some("INSUFFICIENT_ACCOUNT_REPUTATION"), None, SendError::Other),
            (invalid, Some("PRICE_OVER_THRESHOLD"), None, SendError::Price),
            (invalid, Some("COUNTRY_NOT_ENABLED"), None, SendError::BlockedCountry),
            (invalid, Some("DESTINATION_COUNTRY_BLOCKED"), None, SendError::BlockedCountry),
            (invalid, Some("INVALID_IDENTITY_FOR_DESTINATION_COUNTRY"), None, SendError::Line),
            (invalid, Some("INTERNATIONAL_SENDING_NOT_SUPPORTED"), None, SendError::Line),
            (invalid, Some("SENDER_ID_NOT_REGISTERED"), None, SendError::Line),
            (invalid, Some("FIELD_VALIDATION_FAILED"), Some("DestinationPhoneNumber"), SendError::InvalidNumber),
            (invalid, Some("FIELD_VALIDATION_FAILED"), Some("OriginationIdentity"), SendError::Line),
            (invalid, Some("FIELD_VALIDATION_FAILED"), Some("MessageBody"), SendError::Body),
            (invalid, Some("FIELD_VALIDATION_FAILED"), Some("TimeToLive"), SendError::Other),
        ] {
            let fields = field.map(|name| json!([{"Name": name, "Message": "is not valid"}]));
            let said = json!({"__type": code, "Message": "refused", "Reason": reason, "Fields": fields});
            let (handed, logged, _) = send_through(
                &SmsProvider::EndUserMessaging(EndUserMessagingSettings::default()),
                Some(said.to_string()),
            )
            .await;
            assert_eq!(handed, SendOutcome::Refused(refusal), "{code} {reason:?}");
            assert_eq!((logged["code"].as_str(), logged["reason"].as_str()), (Some(code), reason), "{logged}");
            is_told(refusal, &logged);
        }
    }

    #[tokio::test]
    async fn a_rejection_by_sns_has_a_sentence_for_staff_and_a_code_for_operators() {
        for (code, message, refusal) in [
            ("OptedOut", "The phone number has opted out", SendError::OptedOut),
            ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: not valid", SendError::InvalidNumber),
            ("InvalidParameter", "Invalid parameter: Message too long", SendError::Body),
            ("Throttled", "Rate exceeded", SendError::Throttled),
            ("AuthorizationError", "Not authorized", SendError::Other),
        ] {
            let said = format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            let (handed, logged, _) = send_through(&SmsProvider::Sns { max_price: None }, Some(said)).await;
            assert_eq!((handed, logged["code"].as_str()), (SendOutcome::Refused(refusal), Some(code)));
            is_told(refusal, &logged);
        }
    }

    #[tokio::test]
    async fn a_refused_connection_means_that_nothing_was_sent() {
        for provider in
            [SmsProvider::Sns { max_price: None }, SmsProvider::EndUserMessaging(EndUserMessagingSettings::default())]
        {
            let (handed, logged, _) = send_through(&provider, None).await;
            assert_eq!(handed, SendOutcome::Refused(SendError::Unreachable));
            is_told(SendError::Unreachable, &logged);
        }
    }

    #[tokio::test]
    async fn both_services_receive_the_price_ceiling_if_one_is_set() {
        let settings = |max_price| {
            SmsProvider::EndUserMessaging(EndUserMessagingSettings { max_price, ..EndUserMessagingSettings::default() })
        };
        let price = || Some("0.50".to_owned());
        let (_, _, asked) = send_through(&settings(price()), None).await;
        assert_eq!(serde_json::from_str::<Value>(&asked).unwrap()["MaxPrice"], "0.50");
        let (_, _, asked) = send_through(&SmsProvider::Sns { max_price: price() }, None).await;
        let attribute = asked.split('&').find(|field| field.ends_with("=AWS.SNS.SMS.MaxPrice")).unwrap();
        let entry = attribute.split(".Name=").next().unwrap();
        assert!(asked.contains(&format!("{entry}.Value.DataType=Number&{entry}.Value.StringValue=0.50")), "{asked}");
        for provider in [settings(None), SmsProvider::Sns { max_price: None }] {
            assert!(!send_through(&provider, None).await.2.contains("MaxPrice"));
        }
    }
}
