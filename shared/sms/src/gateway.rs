use std::error::Error;
use std::io;
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use domain::{OutboundText, PhoneNumber, Refusal};

/// Where outbound SMS leave by: Amazon SNS.
#[derive(Clone)]
pub struct Gateway {
    client: Client,
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

impl Gateway {
    /// `Publish` takes no idempotency token, so the SDK's own retries, which follow time-outs too,
    /// could send an SMS twice: they are off.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        let config = aws_sdk_sns::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).operation_timeout(PATIENCE).build(),
            )
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Hands a message to the carrier, once, from a line of ours.
    pub async fn hand_over(&self, from: &PhoneNumber, to: &PhoneNumber, text: &OutboundText) -> Handed {
        let published = self
            .client
            .publish()
            .phone_number(to.as_str())
            .message(text.as_str())
            .set_message_attributes(Some(
                [("AWS.MM.SMS.OriginationNumber", from.as_str()), ("AWS.SNS.SMS.SMSType", "Transactional")]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), attribute(value)?)))
                    .collect(),
            ))
            .send()
            .await;
        match published {
            Ok(answer) => Handed::Accepted { provider_id: answer.message_id.unwrap_or_default() },
            Err(error) => {
                let handed = outcome(&error);
                tracing::warn!(code = error.code().unwrap_or("none"), ?handed, "the carrier did not accept a message");
                handed
            }
        }
    }
}

fn attribute(value: &str) -> Option<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
}

fn outcome(error: &SdkError<PublishError>) -> Handed {
    match error {
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
    }
}

fn refusal(error: &PublishError) -> Refusal {
    let code = error.code().unwrap_or_default();
    let says = |words| error.message().is_some_and(|message| message.contains(words));
    match code {
        "OptedOut" => Refusal::OptedOut,
        _ if says("opted out") => Refusal::OptedOut,
        // The message and its attributes are parameters, too, and say nothing of the customer's number.
        "InvalidParameter" | "InvalidParameterValue" if says("PhoneNumber") => Refusal::InvalidNumber,
        "Throttled" | "Throttling" | "ThrottlingException" => Refusal::Throttled,
        _ => Refusal::Other,
    }
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

#[cfg(test)]
mod tests {
    use aws_sdk_sns::error::ErrorMetadata;

    use super::*;

    #[test]
    fn only_what_is_said_of_the_number_is_held_against_it() {
        let refused = |code: &str, message: &str| {
            refusal(&PublishError::generic(ErrorMetadata::builder().code(code).message(message).build()))
        };
        let number = "Invalid parameter: PhoneNumber Reason: it is not valid to publish to";
        assert_eq!(refused("InvalidParameter", number), Refusal::InvalidNumber);
        assert_eq!(refused("InvalidParameterValue", number), Refusal::InvalidNumber);
        for other in ["Invalid parameter: Message", "Invalid parameter: Message too long", ""] {
            assert_eq!(refused("InvalidParameter", other), Refusal::Other, "{other}");
        }
        assert_eq!(
            refused("InvalidParameter", "Invalid parameter: Cannot publish to opted out phone number"),
            Refusal::OptedOut
        );
        assert_eq!(refused("Throttled", "PhoneNumber"), Refusal::Throttled);
    }
}
