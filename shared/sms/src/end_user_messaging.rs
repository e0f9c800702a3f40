use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::config::Builder;
use aws_sdk_pinpointsmsvoicev2::error::ProvideErrorMetadata;
use aws_sdk_pinpointsmsvoicev2::operation::send_text_message::SendTextMessageError;
use aws_sdk_pinpointsmsvoicev2::types::error::ValidationException;
use aws_sdk_pinpointsmsvoicev2::types::{
    ConflictExceptionReason, MessageType, ServiceQuotaExceededExceptionReason, ValidationExceptionReason,
};
use aws_types::SdkConfig;
use domain::{Pool, Refusal};

use crate::context;
use crate::gateway::{Handed, Outgoing, outcome};
use crate::own_connection::OwnConnection;
use crate::provider::Settings;

/// AWS End User Messaging, `SendTextMessage`.
#[derive(Clone)]
pub(crate) struct EndUserMessaging {
    client: Client,
    settings: Settings,
}

impl EndUserMessaging {
    pub(crate) fn new(aws: &SdkConfig, settings: &Settings) -> Self {
        let config = Builder::from(aws).interceptor(OwnConnection).build();
        Self { client: Client::from_conf(config), settings: settings.clone() }
    }

    pub(crate) async fn hand_over(&self, outgoing: Outgoing<'_>) -> Handed {
        let Outgoing { message, to, pool, .. } = outgoing;
        let sent = self
            .client
            .send_text_message()
            .origination_identity(pool.map_or(message.line.as_str(), Pool::as_str))
            .destination_phone_number(to.as_str())
            .message_body(&message.text)
            .message_type(MessageType::Transactional)
            .set_configuration_set_name(self.settings.configuration_set.clone())
            .set_max_price(self.settings.max_price.clone())
            .set_context(Some(context::of(outgoing)))
            .send()
            .await;
        match sent {
            Ok(answer) => Handed::Accepted { provider_id: answer.message_id.unwrap_or_default() },
            Err(error) => outcome(&error, refusal, reason),
        }
    }
}

fn refusal(error: &SendTextMessageError) -> Refusal {
    use ConflictExceptionReason as Conflict;
    match error {
        SendTextMessageError::ThrottlingException(_) => Refusal::Throttled,
        SendTextMessageError::ConflictException(conflict) => match &conflict.reason {
            Some(Conflict::DestinationPhoneNumberOptedOut) => Refusal::OptedOut,
            Some(Conflict::DestinationPhoneNumberNotVerified) => Refusal::NotVerified,
            Some(Conflict::DestinationCountryBlockedByProtectConfiguration) => Refusal::BlockedCountry,
            Some(Conflict::DestinationPhoneNumberBlockedByProtectNumberOverride) => Refusal::BlockedNumber,
            Some(
                Conflict::MessageTypeMismatch
                | Conflict::NoOriginationIdentitiesFound
                | Conflict::NumberCapabilitiesMismatch
                | Conflict::RegistrationNotComplete
                | Conflict::ResourceNotActive,
            ) => Refusal::Line,
            _ => Refusal::Other,
        },
        SendTextMessageError::ServiceQuotaExceededException(quota) => match quota.reason {
            Some(ServiceQuotaExceededExceptionReason::MonthlySpendLimitReachedForText) => Refusal::SpendLimit,
            _ => Refusal::Other,
        },
        SendTextMessageError::ResourceNotFoundException(_) => Refusal::Line,
        SendTextMessageError::ValidationException(invalid) => invalid_by(invalid),
        // Said by the service before it looks at the message.
        error if error.code() == Some("Throttling") => Refusal::Throttled,
        _ => Refusal::Other,
    }
}

/// What the API has a name for beside the code.
fn reason(error: &SendTextMessageError) -> Option<&str> {
    match error {
        SendTextMessageError::AccessDeniedException(denied) => Some(denied.reason.as_ref()?.as_str()),
        SendTextMessageError::ConflictException(conflict) => Some(conflict.reason.as_ref()?.as_str()),
        SendTextMessageError::ServiceQuotaExceededException(quota) => Some(quota.reason.as_ref()?.as_str()),
        SendTextMessageError::ValidationException(invalid) => Some(invalid.reason.as_ref()?.as_str()),
        _ => None,
    }
}

/// Which of the things that a message is made of it does not like.
fn invalid_by(invalid: &ValidationException) -> Refusal {
    use ValidationExceptionReason as Reason;
    match &invalid.reason {
        Some(Reason::PriceOverThreshold) => return Refusal::Price,
        Some(Reason::CountryNotEnabled | Reason::DestinationCountryBlocked) => return Refusal::BlockedCountry,
        Some(
            Reason::InvalidIdentityForDestinationCountry
            | Reason::InternationalSendingNotSupported
            | Reason::SenderIdNotRegistered
            | Reason::SenderIdNotSupported
            | Reason::SenderIdRequiresRegistration,
        ) => return Refusal::Line,
        _ => {}
    }
    let names = |field: &str| invalid.fields().iter().any(|wrong| wrong.name() == field);
    if names("DestinationPhoneNumber") {
        Refusal::InvalidNumber
    } else if names("OriginationIdentity") {
        Refusal::Line
    } else if names("MessageBody") {
        Refusal::Body
    } else {
        Refusal::Other
    }
}
