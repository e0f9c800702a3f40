use std::time::Duration;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::config::retry::RetryConfig;
use aws_sdk_pinpointsmsvoicev2::config::timeout::TimeoutConfig;
use aws_sdk_pinpointsmsvoicev2::error::ProvideErrorMetadata;
use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberType;
use aws_types::SdkConfig;
use domain::{NumberKind, PhoneNumber};

use crate::fresh_connection::FreshConnection;

/// Asks what a number is: End User Messaging's `CarrierLookup`. Every question is charged for, so
/// whoever asks keeps the answer, and the SDK, which would ask again after a time-out, asks once.
#[derive(Clone)]
pub struct CarrierLookup {
    client: Client,
}

/// Somebody waits for the answer with a saved appointment before them, which does without.
const PATIENCE: Duration = Duration::from_secs(4);

impl CarrierLookup {
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        let config = aws_sdk_pinpointsmsvoicev2::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .interceptor(FreshConnection)
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_timeout(PATIENCE).build(),
            )
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// `None` if nobody could say: the service is out of reach, or answered in a way that is not known here.
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
