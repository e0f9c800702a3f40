use thiserror::Error;

/// Which service outbound SMS leave by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    EndUserMessaging(Settings),
    /// Amazon SNS, which tells nobody what became of a message.
    Sns,
}

/// How messages are sent by End User Messaging.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What sends their receipts to a topic of ours.
    pub configuration_set: Option<String>,
    /// The most that a part of a message may cost, in US dollars: `0.50`.
    pub max_price: Option<String>,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("SWITCHBOARD_SMS_PROVIDER must be EndUserMessaging or SNS")]
pub struct UnknownProvider;

impl Provider {
    /// From the settings of a deployment, where one that is empty is none.
    pub fn from_settings(name: &str, configuration_set: &str, max_price: &str) -> Result<Self, UnknownProvider> {
        let set = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        match name {
            "EndUserMessaging" => Ok(Self::EndUserMessaging(Settings {
                configuration_set: set(configuration_set),
                max_price: set(max_price),
            })),
            "SNS" => Ok(Self::Sns),
            _ => Err(UnknownProvider),
        }
    }
}
