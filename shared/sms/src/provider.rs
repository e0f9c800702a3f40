use thiserror::Error;

/// The AWS service that sends outbound messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsProvider {
    EndUserMessaging(EndUserMessagingSettings),
    /// Amazon SNS, which sends no delivery receipts. It also does not report that a message was not sent because its
    /// price exceeded `max_price`, in US dollars.
    Sns {
        max_price: Option<String>,
    },
}

/// The settings for sending by End User Messaging.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndUserMessagingSettings {
    /// The configuration set that publishes delivery receipts to Switchboard's topic.
    pub configuration_set: Option<String>,
    /// The highest price of a message, in US dollars: `0.50`.
    pub max_price: Option<String>,
}

/// The error for an unknown value of `SWITCHBOARD_SMS_PROVIDER`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("SWITCHBOARD_SMS_PROVIDER must be EndUserMessaging or SNS")]
pub struct UnknownProvider;

impl SmsProvider {
    /// Reads the provider from a deployment's settings. An empty setting counts as not set.
    pub fn from_settings(setting: impl Fn(&str) -> String) -> Result<Self, UnknownProvider> {
        let set = |name| Some(setting(name)).filter(|value| !value.is_empty());
        match setting("PROVIDER").as_str() {
            "EndUserMessaging" => Ok(Self::EndUserMessaging(EndUserMessagingSettings {
                configuration_set: set("CONFIGURATION_SET"),
                max_price: set("MAX_PRICE"),
            })),
            "SNS" => Ok(Self::Sns { max_price: set("MAX_PRICE") }),
            _ => Err(UnknownProvider),
        }
    }
}
