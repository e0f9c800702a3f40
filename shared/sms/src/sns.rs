use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use domain::SendError;

use crate::client::{OutboundMessage, SendOutcome, outcome};
use crate::fresh_connection::FreshConnection;

/// A client for `Publish` of Amazon SNS, to phone numbers.
#[derive(Clone)]
pub(crate) struct Sns {
    client: Client,
    max_price: Option<String>,
}

impl Sns {
    pub(crate) fn new(aws: &SdkConfig, max_price: Option<String>) -> Self {
        Self { client: Client::from_conf(Builder::from(aws).interceptor(FreshConnection).build()), max_price }
    }

    pub(crate) async fn send(&self, OutboundMessage { message, to, .. }: OutboundMessage<'_>) -> SendOutcome {
        let published = self
            .client
            .publish()
            .phone_number(to.as_str())
            .message(&message.text)
            .set_message_attributes(Some(
                [
                    ("AWS.MM.SMS.OriginationNumber", "String", Some(message.line.as_str())),
                    ("AWS.SNS.SMS.SMSType", "String", Some("Transactional")),
                    ("AWS.SNS.SMS.MaxPrice", "Number", self.max_price.as_deref()),
                ]
                .into_iter()
                .filter_map(|(name, data_type, value)| Some((name.to_owned(), attribute(data_type, value?)?)))
                .collect(),
            ))
            .send()
            .await;
        match published {
            Ok(answer) => SendOutcome::Accepted { provider_id: answer.message_id.unwrap_or_default() },
            Err(error) => outcome(&error, refusal, |_| None),
        }
    }
}

fn attribute(data_type: &str, value: &str) -> Option<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build().ok()
}

fn refusal(error: &PublishError) -> SendError {
    let code = error.code().unwrap_or_default();
    let says = |words| error.message().is_some_and(|message| message.contains(words));
    match code {
        "OptedOut" => SendError::OptedOut,
        _ if says("opted out") => SendError::OptedOut,
        // The message and its attributes are parameters too, so the error must name the number to be about it.
        "InvalidParameter" | "InvalidParameterValue" if says("PhoneNumber") => SendError::InvalidNumber,
        "InvalidParameter" | "InvalidParameterValue" if says("Message") => SendError::Body,
        "Throttled" | "Throttling" | "ThrottlingException" => SendError::Throttled,
        _ => SendError::Other,
    }
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
        assert_eq!(refused("InvalidParameter", number), SendError::InvalidNumber);
        assert_eq!(refused("InvalidParameterValue", number), SendError::InvalidNumber);
        assert_eq!(refused("InvalidParameter", "Invalid parameter: Message too long"), SendError::Body);
        assert_eq!(refused("InvalidParameter", ""), SendError::Other);
        assert_eq!(
            refused("InvalidParameter", "Invalid parameter: Cannot publish to opted out phone number"),
            SendError::OptedOut
        );
        assert_eq!(refused("Throttled", "PhoneNumber"), SendError::Throttled);
    }
}
