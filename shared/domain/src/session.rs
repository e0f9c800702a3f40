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
}
