use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an outbound message was certainly not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendError {
    OptedOut,
    InvalidNumber,
    /// The account is in the SMS sandbox, which only texts verified numbers.
    NotVerified,
    /// The account's settings block the country.
    BlockedCountry,
    /// The account's settings block the number.
    BlockedNumber,
    SpendLimit,
    /// The text costs more than the deployment allows.
    Price,
    /// The service rejected the text, not the recipient.
    Body,
    /// The line cannot send: it is not in this account, not active, or not allowed to text to the country.
    Line,
    Throttled,
    Unreachable,
    Other,
}

impl SendError {
    /// Returns the reason as a sentence for the member of staff who sent the message.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OptedOut => {
                "Not sent: this customer has unsubscribed by replying STOP. They resubscribe by texting START."
            }
            Self::InvalidNumber => "Not sent: the carrier does not accept this number.",
            Self::NotVerified => {
                "Not sent: your company can only text numbers that were verified as yet. Your administrator can change that."
            }
            Self::BlockedCountry => "Not sent: your company does not text to this country.",
            Self::BlockedNumber => "Not sent: your company's settings block texts to this number.",
            Self::SpendLimit => {
                "Not sent: this month's budget for texts is used up. Your administrator can have it raised."
            }
            Self::Price => "Not sent: a text to this number costs more than your company allows.",
            Self::Body => "Not sent: the SMS service does not accept this text. Change it and send it again.",
            Self::Line => "Not sent: your company's number cannot send this text. Your administrator can see why.",
            Self::Throttled => "Not sent: too many texts at once. Wait a moment and send it again.",
            Self::Unreachable => "Not sent: the SMS service could not be reached. Try again in a minute.",
            Self::Other => "Not sent: the SMS service refused this message. Your administrator can see why.",
        }
    }

    /// Returns the remedy for operators, if they can fix the cause.
    #[must_use]
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::NotVerified => Some(
                "the account is in the SMS sandbox: request production access, or verify the number as a destination",
            ),
            Self::BlockedCountry | Self::BlockedNumber => {
                Some("a protect configuration of the account blocks it: change its rules to allow messages there")
            }
            Self::SpendLimit => Some(
                "the account's monthly spend limit for messages is reached: raise it, or ask AWS for a higher maximum",
            ),
            Self::Price => Some(
                "the message costs more than the parameter MaxPricePerText: raise it if the message is worth the price",
            ),
            Self::Line => Some(
                "the line cannot send it: check that the number or pool belongs to this account, is active, and may send \
                 there",
            ),
            Self::Throttled => Some(
                "more messages per second were sent than the number allows: a number of another type, or a pool, sends more",
            ),
            Self::Other => {
                Some("the SMS service rejected it: look up the code and the reason in the service's API reference")
            }
            Self::OptedOut | Self::InvalidNumber | Self::Body | Self::Unreachable => None,
        }
    }

    /// Returns which party can fix the cause.
    #[must_use]
    pub fn cause(self) -> FaultOwner {
        match self {
            Self::NotVerified | Self::SpendLimit | Self::Line => FaultOwner::Ours,
            Self::Throttled | Self::Unreachable | Self::Other => FaultOwner::Service,
            // The account's rules and the price limit are there to reject these messages.
            Self::OptedOut
            | Self::InvalidNumber
            | Self::BlockedCountry
            | Self::BlockedNumber
            | Self::Price
            | Self::Body => FaultOwner::Message,
        }
    }

    /// Returns whether an automatic retry is worthwhile: the error is temporary, and the message was certainly not
    /// sent.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable)
    }
}

/// The party that can fix why a text was not sent or not delivered.
///
/// An alarm notifies operators of faults of the deployment at once, and of faults of the service if they continue. A
/// fault of a message causes no alarm, since anyone can enter a number that cannot receive texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOwner {
    /// The deployment: its account, its lines or its spend limit.
    Ours,
    /// The SMS service or a carrier, or the cause is unknown. The fault may be temporary.
    Service,
    /// The author of the message: the recipient's number or the text is wrong.
    Message,
}

impl fmt::Display for FaultOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a message that the carrier accepted was not delivered in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryFailure {
    /// The phone was switched off or out of reach until the carrier gave up.
    Unreachable,
    /// The number is not assigned, or is not a mobile number.
    InvalidNumber,
    /// The phone or its owner blocks texts from this line.
    Blocked,
    /// The carrier filtered the message as unwanted.
    Filtered,
    InvalidMessage,
    CarrierUnreachable,
    Expired,
    /// The account's settings block the number.
    Protected,
}

impl DeliveryFailure {
    /// Returns the reason as a sentence for staff.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "Not delivered: the phone is switched off or out of reach.",
            Self::InvalidNumber => "Not delivered: this number does not take texts. Check it with the customer.",
            Self::Blocked => "Not delivered: this phone blocks texts from your number.",
            Self::Filtered => {
                "Not delivered: the carrier held it back as unwanted. Other words, and no links, may help."
            }
            Self::InvalidMessage => "Not delivered: the carrier does not accept this text.",
            Self::CarrierUnreachable => "Not delivered: the customer's carrier could not be reached.",
            Self::Expired => "Not delivered: it could not be delivered in time.",
            Self::Protected => "Not delivered: your company's settings block texts to this number.",
        }
    }

    /// Returns which party can fix the cause.
    #[must_use]
    pub fn cause(self) -> FaultOwner {
        match self {
            Self::Filtered | Self::CarrierUnreachable | Self::Protected => FaultOwner::Service,
            Self::Unreachable | Self::InvalidNumber | Self::Blocked | Self::InvalidMessage | Self::Expired => {
                FaultOwner::Message
            }
        }
    }

    /// Returns whether the failure means that no text to this number will be delivered. A phone that is switched off
    /// may receive the next text.
    #[must_use]
    pub fn is_the_numbers(self) -> bool {
        self == Self::InvalidNumber
    }
}
