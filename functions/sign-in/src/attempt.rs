use domain::{Randomness, Timestamp};

use crate::back;

/// A sign-in attempt: what the callback must match, and the page to return to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInAttempt {
    /// The `state` parameter, which identifies this attempt in the authorization request and in the callback. A
    /// callback of another attempt has another `state`.
    pub(crate) state: String,
    /// The nonce in the ID token, which ties the token to this attempt.
    pub(crate) nonce: String,
    /// The PKCE code verifier (RFC 7636), which only this browser can present.
    pub(crate) verifier: String,
    /// Whether the provider must ask for credentials even if it has a session.
    pub(crate) again: bool,
    /// The page of the portal to return to.
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
