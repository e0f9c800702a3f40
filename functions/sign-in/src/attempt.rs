use domain::{Randomness, Timestamp};

use crate::back;

/// A sign-in that has begun: what the callback must match, and where to go then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInAttempt {
    /// Names this attempt to the provider and back: a callback that somebody else began has another.
    pub(crate) state: String,
    /// Stands in the ID token, which so is of this attempt and no other.
    pub(crate) nonce: String,
    /// What only the browser that began can show (PKCE, RFC 7636).
    pub(crate) verifier: String,
    /// Whether the provider is to ask who they are, even somebody whom it still knows.
    pub(crate) again: bool,
    /// A page of the portal.
    pub(crate) back: String,
    pub(crate) begun_secs: u64,
}

impl SignInAttempt {
    pub(crate) fn new(randomness: &Randomness, now: Timestamp, again: bool, wanted: Option<&str>) -> Self {
        Self {
            state: randomness.token(),
            nonce: randomness.token(),
            verifier: randomness.token(),
            again,
            back: back::page(wanted).to_owned(),
            begun_secs: now.as_secs(),
        }
    }
}
