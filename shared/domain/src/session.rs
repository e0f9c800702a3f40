use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::conversation::digest;

/// The SHA-256 of a session's token, in hexadecimal. The table never holds a token, so whoever can read the table cannot use
/// its sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash(String);

impl TokenHash {
    #[must_use]
    pub fn new(hexadecimal: String) -> Self {
        Self(hexadecimal)
    }

    /// Names the session that has it.
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

/// Names a session to its person. It is a digest of what the table knows the session by, so it is no credential, and may
/// stand in an address. 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(u128);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The session of a request, and when its person signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSession {
    pub session: TokenHash,
    pub began: Timestamp,
    /// When they last proved to the identity provider who they are; `None` if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Timestamp>,
    /// `None` where its use is not noted, and from an authorizer of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<SessionLifetime>,
}

/// What a stolen session, or one that was left open at a desk, must not be enough for needs a sign-in within so many seconds.
pub const FRESH_SIGN_IN_SECS: u64 = 10 * 60;

impl RequestSession {
    /// Whether they proved within [`FRESH_SIGN_IN_SECS`] who they are. A session can begin without that: an identity
    /// provider remembers people.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.authenticated.is_some_and(|authenticated| now < authenticated.plus_secs(FRESH_SIGN_IN_SECS))
    }
}

/// How long a session lasts, and when it was last used. A write is a use; a page that is opened or refreshed is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLifetime {
    /// The beginning of the five minutes in which something was last written, or when the session began.
    pub last_use: Timestamp,
    /// When the session ends, however much it is used.
    pub ends: Timestamp,
    /// After how many minutes without a use it ends before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u16>,
}

impl SessionLifetime {
    /// How closely the last use is known: it is written no more often.
    const USES_APART_MILLIS: u64 = 5 * 60 * 1000;

    /// Of a session that begins.
    #[must_use]
    pub fn new(began: Timestamp, lasts_secs: u64, idle_minutes: Option<u16>) -> Self {
        Self { last_use: began, ends: began.plus_secs(lasts_secs), idle_minutes }
    }

    /// When the session ends if it is not used again.
    #[must_use]
    pub fn expires(self) -> Timestamp {
        self.idle_minutes.map_or(self.ends, |minutes| self.ends.min(self.last_use.plus_minutes(minutes)))
    }

    /// The lifetime after a use; `None` if the last use is known closely enough already.
    #[must_use]
    pub fn used(self, now: Timestamp) -> Option<Self> {
        let now = now.as_millis();
        let last_use = Timestamp::from_millis(now - now % Self::USES_APART_MILLIS);
        (self.last_use < last_use).then_some(Self { last_use, ..self })
    }
}

/// A session in the list of its person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    pub session: TokenHash,
    /// As the browser is called in a list: "Firefox on Linux".
    pub browser: String,
    pub began: Timestamp,
    pub last_use: Timestamp,
    /// Whether it is the one that the list is asked for in.
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
