use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an SMS certainly did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendError {
    OptedOut,
    InvalidNumber,
    /// The account is in the SMS sandbox, which texts only numbers that were verified.
    NotVerified,
    /// The account's settings block the country.
    BlockedCountry,
    /// The account's settings block the number.
    BlockedNumber,
    SpendLimit,
    /// It costs more than the deployment allows.
    Price,
    /// The text, not whom it is for.
    Body,
    /// The line cannot send: it is not this account's, not active, or not allowed to text there.
    Line,
    Throttled,
    Unreachable,
    Other,
}

impl SendError {
    /// The reason in words for the member of staff who sent it.
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

    /// What an operator can do about it, where it is theirs to mend.
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

    /// Whose it is to mend.
    #[must_use]
    pub fn cause(self) -> FaultOwner {
        match self {
            Self::NotVerified | Self::SpendLimit | Self::Line => FaultOwner::Ours,
            Self::Throttled | Self::Unreachable | Self::Other => FaultOwner::Service,
            // The account's rules and the ceiling are meant to keep out what they keep out.
            Self::OptedOut
            | Self::InvalidNumber
            | Self::BlockedCountry
            | Self::BlockedNumber
            | Self::Price
            | Self::Body => FaultOwner::Message,
        }
    }

    /// Whether it is worth another try by itself: it passes, and certainly nothing went out.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable)
    }
}

/// Whose it is to mend that a text did not go out or did not arrive. Operators are called for what is theirs, at once or
/// where it goes on; anybody can write to a number that takes no texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOwner {
    /// The deployment's: its account, its lines, or what it may spend.
    Ours,
    /// The SMS service's or a carrier's, or nobody knows whose. It may pass.
    Service,
    /// Of whoever wrote: the number that they wrote to, or what they wrote.
    Message,
}

impl fmt::Display for FaultOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an SMS that the carrier took did not arrive, in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryFailure {
    /// The phone was switched off or out of reach for as long as it was tried.
    Unreachable,
    /// Nobody has the number, or it is no mobile.
    InvalidNumber,
    /// The phone, or who has it, takes no texts from us.
    Blocked,
    /// The carrier held it back.
    Filtered,
    InvalidMessage,
    CarrierUnreachable,
    Expired,
    /// The account's settings block it.
    Protected,
}

impl DeliveryFailure {
    /// The reason in words for staff.
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

    /// Whose it is to mend.
    #[must_use]
    pub fn cause(self) -> FaultOwner {
        match self {
            Self::Filtered | Self::CarrierUnreachable | Self::Protected => FaultOwner::Service,
            Self::Unreachable | Self::InvalidNumber | Self::Blocked | Self::InvalidMessage | Self::Expired => {
                FaultOwner::Message
            }
        }
    }

    /// Whether it speaks against the number: no text will arrive there. Of a phone that is switched off nothing is said for
    /// the next text.
    #[must_use]
    pub fn is_the_numbers(self) -> bool {
        self == Self::InvalidNumber
    }
}
