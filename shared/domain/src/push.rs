use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::conversation::digest;

/// A browser's push subscription: the three values of `PushSubscription.toJSON()`, unchanged, and the public key that
/// it was created with.
///
/// The values come from the browser and are not trusted. Code that stores or uses them checks them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    pub endpoint: PushEndpoint,
    /// The browser's public key, an uncompressed point on P-256, in base64url.
    pub p256dh: String,
    /// A secret of 16 bytes that the browser and Switchboard share, in base64url.
    pub auth: String,
    /// The public key of Switchboard that the subscription accepts pushes from (its `applicationServerKey`), in
    /// base64url.
    pub key: String,
}

impl PushSubscription {
    /// Returns the id of the subscription.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.endpoint.id()
    }
}

impl fmt::Debug for PushSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushSubscription({})", self.id())
    }
}

/// The URL at which a push service accepts pushes for a browser. Anyone who knows it can try to push, so it is never
/// logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushEndpoint(String);

impl PushEndpoint {
    #[must_use]
    pub fn new(address: String) -> Self {
        Self(address)
    }

    /// Returns the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id of the subscription with this endpoint.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        SubscriptionId(digest("push-endpoint", &[&self.0]))
    }
}

impl fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushEndpoint(..)")
    }
}

/// The id of a push subscription: 32 hexadecimal digits.
///
/// The id is derived from the endpoint, so a browser that subscribes again has the same id. It does not reveal the
/// endpoint, and may appear in a key, a URL and a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubscriptionId(u128);

/// The error for a text that is not the id of a push subscription.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not the id of a push subscription")]
pub struct InvalidSubscriptionId;

impl FromStr for SubscriptionId {
    type Err = InvalidSubscriptionId;
    fn from_str(text: &str) -> Result<Self, InvalidSubscriptionId> {
        let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = plain.then(|| u128::from_str_radix(text, 16)).and_then(Result::ok);
        id.map(Self).ok_or(InvalidSubscriptionId)
    }
}

impl TryFrom<String> for SubscriptionId {
    type Error = InvalidSubscriptionId;
    fn try_from(text: String) -> Result<Self, InvalidSubscriptionId> {
        text.parse()
    }
}

impl From<SubscriptionId> for String {
    fn from(id: SubscriptionId) -> String {
        id.to_string()
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_in_nothing_that_is_printed() {
        let subscription = PushSubscription {
            endpoint: PushEndpoint::new("https://push.example/secret".to_owned()),
            p256dh: String::new(),
            auth: "also-secret".to_owned(),
            key: String::new(),
        };
        assert!(!format!("{subscription:?} {}", subscription.id()).contains("secret"));
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is_one() {
        let id = SubscriptionId(0xab);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "ab", &"0".repeat(33), &"A".repeat(32), &"+".repeat(32)] {
            assert_eq!(bad.parse::<SubscriptionId>(), Err(InvalidSubscriptionId), "{bad}");
        }
    }
}
