use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The SHA-256 of a session's token, in hexadecimal. The table never holds a token, so whoever can read the table cannot use
/// its sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash(String);

impl TokenHash {
    #[must_use]
    pub fn new(hexadecimal: String) -> Self {
        Self(hexadecimal)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The session of a request, and when its person signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub session: TokenHash,
    pub began: Timestamp,
    /// When they last proved to the identity provider who they are; `None` if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Timestamp>,
}

/// What a stolen session, or one that was left open at a desk, must not be enough for needs a sign-in within so many seconds.
pub const FRESH_SIGN_IN_SECS: u64 = 10 * 60;

impl SignedIn {
    /// Whether they proved within [`FRESH_SIGN_IN_SECS`] who they are. A session can begin without that: an identity
    /// provider remembers people.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.authenticated.is_some_and(|authenticated| now < authenticated.plus_secs(FRESH_SIGN_IN_SECS))
    }
}
