use std::time::Duration;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::config::retry::RetryConfig;
use aws_sdk_pinpointsmsvoicev2::config::timeout::TimeoutConfig;
use aws_sdk_pinpointsmsvoicev2::error::ProvideErrorMetadata;
use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberType;
use aws_types::SdkConfig;
use domain::{NumberKind, PhoneNumber};

use crate::fresh_connection::FreshConnection;

/// A client for `CarrierLookup` of End User Messaging, which returns the kind of a phone number.
///
/// Every lookup is charged for, so callers store the result. The SDK's retries are off, because they would repeat a
/// lookup after a time-out.
#[derive(Clone)]
pub struct CarrierLookup {
    client: Client,
}

/// The time-out of a lookup. A user waits for the result after saving an appointment. Without a result, the appointment
/// is shown all the same.
const TIMEOUT: Duration = Duration::from_secs(4);

impl CarrierLookup {
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        let config = aws_sdk_pinpointsmsvoicev2::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .interceptor(FreshConnection)
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_timeout(TIMEOUT).build(),
            )
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Returns the kind of a number. Returns `None` if the service is unavailable or returns an unknown type. Makes one
    /// request.
    pub async fn kind_of(&self, number: &PhoneNumber) -> Option<NumberKind> {
        match self.client.carrier_lookup().phone_number(number.as_str()).send().await {
            Ok(found) => match found.phone_number_type {
                PhoneNumberType::Mobile | PhoneNumberType::Prepaid => Some(NumberKind::Mobile),
                PhoneNumberType::Landline => Some(NumberKind::Landline),
                PhoneNumberType::Voip | PhoneNumberType::Other => Some(NumberKind::Other),
                PhoneNumberType::Invalid => Some(NumberKind::Invalid),
                _ => None,
            },
            Err(error) => {
                tracing::warn!(code = error.code().unwrap_or("none"), "a number could not be looked up");
                None
            }
        }
    }
}
