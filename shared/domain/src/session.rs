use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::conversation::digest;

/// The SHA-256 of a session's token, in hexadecimal.
///
/// The table never holds a token, so someone who can read the table cannot use its sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash(String);

impl TokenHash {
    #[must_use]
    pub fn new(hexadecimal: String) -> Self {
        Self(hexadecimal)
    }

    /// Returns the id of the session with this token.
    #[must_use]
    pub fn id(&self) -> SessionId {
        SessionId(digest("session", &[&self.0]))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a session in its owner's list: 32 hexadecimal digits.
///
/// The id is a digest of the token hash. It is not a credential, and may appear in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(u128);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The session that an HTTP request belongs to, with the time of the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSession {
    pub session: TokenHash,
    pub began: Timestamp,
    /// When the user last authenticated at the identity provider; `None` if the provider did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Timestamp>,
    /// `None` if uses of the session are not recorded, or if an older version of the authorizer handled the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<SessionLifetime>,
}

/// The seconds within which the user must have signed in for sensitive actions.
///
/// A stolen session, or a browser left open at a desk, is then not enough for these actions.
pub const FRESH_SIGN_IN_SECS: u64 = 10 * 60;

impl RequestSession {
    /// Returns whether the user authenticated within [`FRESH_SIGN_IN_SECS`]. A session can begin without that, because
    /// identity providers remember users.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.authenticated.is_some_and(|authenticated| now < authenticated.plus_secs(FRESH_SIGN_IN_SECS))
    }
}

/// The lifetime and the last use of a session. A write counts as a use; opening or refreshing a page does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLifetime {
    /// The start of the five-minute period of the last write, or the start of the session.
    pub last_use: Timestamp,
    /// When the session ends, however much it is used.
    pub ends: Timestamp,
    /// The minutes without use after which the session ends early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u16>,
}

impl SessionLifetime {
    /// The precision of the last use, which is written at most once in this time.
    const USES_APART_MILLIS: u64 = 5 * 60 * 1000;

    /// Creates the lifetime of a new session.
    #[must_use]
    pub fn new(began: Timestamp, lasts_secs: u64, idle_minutes: Option<u16>) -> Self {
        Self { last_use: began, ends: began.plus_secs(lasts_secs), idle_minutes }
    }

    /// Returns when the session ends if it is not used again.
    #[must_use]
    pub fn expires(self) -> Timestamp {
        self.idle_minutes.map_or(self.ends, |minutes| self.ends.min(self.last_use.plus_minutes(minutes)))
    }

    /// Returns the lifetime with its last use set to `now`; `None` if that would not change it.
    ///
    /// The last use is rounded down to five minutes.
    #[must_use]
    pub fn used(self, now: Timestamp) -> Option<Self> {
        let now = now.as_millis();
        let last_use = Timestamp::from_millis(now - now % Self::USES_APART_MILLIS);
        (self.last_use < last_use).then_some(Self { last_use, ..self })
    }
}

/// A session in its owner's list of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    pub session: TokenHash,
    /// The name of the browser in a list: "Firefox on Linux".
    pub browser: String,
    pub began: Timestamp,
    pub last_use: Timestamp,
    /// Whether the request for the list belongs to this session.
    pub is_this: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        Timestamp::from_millis(1_732_276_800_000)
    }

    #[test]
    fn the_id_of_a_session_says_nothing_of_its_token() {
        let [one, other] = ["ab", "cd"].map(|token| TokenHash::new(token.repeat(32)));
        assert_eq!(one.id(), one.id());
        assert_ne!(one.id(), other.id());
        assert_eq!(one.id().to_string().len(), 32);
        assert!(!one.to_string().contains(&one.id().to_string()));
    }

    #[test]
    fn a_last_use_is_written_once_in_five_minutes() {
        let began = SessionLifetime::new(noon().plus_secs(60), 12 * 60 * 60, None);
        assert_eq!(began.used(noon().plus_secs(299)), None);
        let used = began.used(noon().plus_secs(301)).unwrap();
        assert_eq!(used.last_use, noon().plus_secs(300));
        assert_eq!(used.used(noon().plus_secs(599)), None);
        assert_eq!(began.used(noon().plus_secs(599)), Some(used), "who knows no better writes the same once more");
        assert_eq!(used.used(noon().plus_secs(600)).unwrap().last_use, noon().plus_secs(600));
    }

    #[test]
    fn a_session_ends_when_it_was_not_used_for_so_long_and_at_its_end_in_any_case() {
        let for_hours = SessionLifetime::new(noon(), 12 * 60 * 60, None);
        assert_eq!(for_hours.expires(), noon().plus_secs(12 * 60 * 60));
        let idle = SessionLifetime::new(noon(), 12 * 60 * 60, Some(60));
        assert_eq!(idle.expires(), noon().plus_minutes(60));
        assert_eq!(idle.used(noon().plus_minutes(30)).unwrap().expires(), noon().plus_minutes(90));
        assert_eq!(idle.used(noon().plus_minutes(11 * 60 + 30)).unwrap().expires(), idle.ends);
    }
}
