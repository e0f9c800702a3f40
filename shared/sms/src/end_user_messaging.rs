use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::config::Builder;
use aws_sdk_pinpointsmsvoicev2::error::ProvideErrorMetadata;
use aws_sdk_pinpointsmsvoicev2::operation::send_text_message::SendTextMessageError;
use aws_sdk_pinpointsmsvoicev2::types::error::ValidationException;
use aws_sdk_pinpointsmsvoicev2::types::{
    ConflictExceptionReason, MessageType, ServiceQuotaExceededExceptionReason, ValidationExceptionReason,
};
use aws_types::SdkConfig;
use domain::{Pool, SendError};

use crate::client::{OutboundMessage, SendOutcome, outcome};
use crate::context;
use crate::fresh_connection::FreshConnection;
use crate::provider::EndUserMessagingSettings;

/// A client for `SendTextMessage` of AWS End User Messaging.
#[derive(Clone)]
pub(crate) struct EndUserMessaging {
    client: Client,
    settings: EndUserMessagingSettings,
}

impl EndUserMessaging {
    pub(crate) fn new(aws: &SdkConfig, settings: &EndUserMessagingSettings) -> Self {
        let config = Builder::from(aws).interceptor(FreshConnection).build();
        Self { client: Client::from_conf(config), settings: settings.clone() }
    }

    pub(crate) async fn send(&self, outgoing: OutboundMessage<'_>) -> SendOutcome {
        let OutboundMessage { message, to, pool, .. } = outgoing;
        let sent = self
            .client
            .send_text_message()
            .origination_identity(pool.map_or(message.line.as_str(), Pool::as_str))
            .destination_phone_number(to.as_str())
            .message_body(&message.text)
            .message_type(MessageType::Transactional)
            .set_configuration_set_name(self.settings.configuration_set.clone())
            .set_max_price(self.settings.max_price.clone())
            .set_context(Some(context::context_of(outgoing)))
            .send()
            .await;
        match sent {
            Ok(answer) => SendOutcome::Accepted { provider_id: answer.message_id.unwrap_or_default() },
            Err(error) => outcome(&error, refusal, reason),
        }
    }
}

fn refusal(error: &SendTextMessageError) -> SendError {
    use ConflictExceptionReason as Conflict;
    match error {
        SendTextMessageError::ThrottlingException(_) => SendError::Throttled,
        SendTextMessageError::ConflictException(conflict) => match &conflict.reason {
            Some(Conflict::DestinationPhoneNumberOptedOut) => SendError::OptedOut,
            Some(Conflict::DestinationPhoneNumberNotVerified) => SendError::NotVerified,
            Some(Conflict::DestinationCountryBlockedByProtectConfiguration) => SendError::BlockedCountry,
            Some(Conflict::DestinationPhoneNumberBlockedByProtectNumberOverride) => SendError::BlockedNumber,
            Some(
                Conflict::MessageTypeMismatch
                | Conflict::NoOriginationIdentitiesFound
                | Conflict::NumberCapabilitiesMismatch
                | Conflict::RegistrationNotComplete
                | Conflict::ResourceNotActive,
            ) => SendError::Line,
            _ => SendError::Other,
        },
        SendTextMessageError::ServiceQuotaExceededException(quota) => match quota.reason {
            Some(ServiceQuotaExceededExceptionReason::MonthlySpendLimitReachedForText) => SendError::SpendLimit,
            _ => SendError::Other,
        },
        SendTextMessageError::ResourceNotFoundException(_) => SendError::Line,
        SendTextMessageError::ValidationException(invalid) => invalid_by(invalid),
        // Some throttling errors, from before the service parses the message, have this code.
        error if error.code() == Some("Throttling") => SendError::Throttled,
        _ => SendError::Other,
    }
}

/// Returns the reason that an error contains in addition to its code.
fn reason(error: &SendTextMessageError) -> Option<&str> {
    match error {
        SendTextMessageError::AccessDeniedException(denied) => Some(denied.reason.as_ref()?.as_str()),
        SendTextMessageError::ConflictException(conflict) => Some(conflict.reason.as_ref()?.as_str()),
        SendTextMessageError::ServiceQuotaExceededException(quota) => Some(quota.reason.as_ref()?.as_str()),
        SendTextMessageError::ValidationException(invalid) => Some(invalid.reason.as_ref()?.as_str()),
        _ => None,
    }
}

/// Returns the error for the parameter of the message that the service rejects.
fn invalid_by(invalid: &ValidationException) -> SendError {
    use ValidationExceptionReason as Reason;
    match &invalid.reason {
        Some(Reason::PriceOverThreshold) => return SendError::Price,
        Some(Reason::CountryNotEnabled | Reason::DestinationCountryBlocked) => return SendError::BlockedCountry,
        Some(
            Reason::InvalidIdentityForDestinationCountry
            | Reason::InternationalSendingNotSupported
            | Reason::SenderIdNotRegistered
            | Reason::SenderIdNotSupported
            | Reason::SenderIdRequiresRegistration,
        ) => return SendError::Line,
        _ => {}
    }
    let names = |field: &str| invalid.fields().iter().any(|wrong| wrong.name() == field);
    if names("DestinationPhoneNumber") {
        SendError::InvalidNumber
    } else if names("OriginationIdentity") {
        SendError::Line
    } else if names("MessageBody") {
        SendError::Body
    } else {
        SendError::Other
    }
}
