use thiserror::Error;

/// Which service outbound SMS leave by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsProvider {
    EndUserMessaging(EndUserMessagingSettings),
    /// Amazon SNS, which tells nobody what became of a message: nor that it was not sent because it cost more than
    /// `max_price`, in US dollars.
    Sns {
        max_price: Option<String>,
    },
}

/// How messages are sent by End User Messaging.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndUserMessagingSettings {
    /// What sends their receipts to a topic of ours.
    pub configuration_set: Option<String>,
    /// The most that a message may cost, in US dollars: `0.50`.
    pub max_price: Option<String>,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("SWITCHBOARD_SMS_PROVIDER must be EndUserMessaging or SNS")]
pub struct UnknownProvider;

impl SmsProvider {
    /// From the settings of a deployment, where one that is empty is none.
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
