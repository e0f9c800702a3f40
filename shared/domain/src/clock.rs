use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last moment whose milliseconds fit the 13 digits of a sort key: 2286-11-20.
    const LAST: u64 = 9_999_999_999_999;

    /// Creates a moment from milliseconds since 1970. A moment after 2286-11-20 becomes the last moment that a sort key
    /// can hold.
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(Self::LAST))
    }

    /// Returns the milliseconds since 1970.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns whole seconds since 1970, the unit of a table's TTL attribute.
    #[must_use]
    pub fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the moment `secs` seconds later.
    #[must_use]
    pub fn plus_secs(self, secs: u64) -> Self {
        Self::from_millis(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    /// Returns the moment `minutes` minutes later.
    #[must_use]
    pub fn plus_minutes(self, minutes: u16) -> Self {
        self.plus_secs(u64::from(minutes) * 60)
    }

    /// Returns the moment `secs` seconds earlier, but not before 1970.
    #[must_use]
    pub fn minus_secs(self, secs: u64) -> Self {
        Self(self.0.saturating_sub(secs.saturating_mul(1000)))
    }

    /// Parses a moment as AWS writes it in an SNS envelope. `None` if it is not RFC 3339.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        // The hours of an offset are 00 to 23 (RFC 3339, section 5.6). `jiff` accepts more.
        let offset = text.get("2026-11-30".len()..)?.split_once(['+', '-']);
        if offset.is_some_and(|(_, offset)| offset.get(..2).is_none_or(|hours| hours > "23")) {
            return None;
        }
        Some(Self::from_millis(u64::try_from(time.as_millisecond()).unwrap_or(0)))
    }
}

/// Formats the moment as RFC 3339 in UTC with milliseconds, for `<time datetime>` and JSON.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
        write!(f, "{time:.3}")
    }
}

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// A source of random bytes that cannot be guessed.
#[derive(Clone)]
pub struct Randomness(Arc<dyn Fn() -> [u8; 32] + Send + Sync>);

impl Randomness {
    pub fn new(bytes: impl Fn() -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Arc::new(bytes))
    }

    /// Returns 32 random bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        (self.0)()
    }

    /// Returns a number from 0 up to, but not including, 1. Callers use it to spread out work that would otherwise
    /// start at the same time.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let [byte, ..] = self.bytes();
        f64::from(byte) / 256.0
    }

    /// Returns a token of 64 hexadecimal digits, which are 256 bits.
    #[must_use]
    pub fn token(&self) -> String {
        hex::encode(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_rfc_3339() {
        let moment = Timestamp::from_millis(1_732_250_000_123);
        assert_eq!(moment.to_string(), "2024-11-22T04:33:20.123Z");
        assert_eq!(Timestamp::from_rfc3339("2024-11-22T05:33:20.123+01:00"), Some(moment));
        for bad in ["2024-11-22T05:33:20+25:00", "2024-11-22T05:33:20-24:00", "2024-11-22", "yesterday"] {
            assert_eq!(Timestamp::from_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_moment_outgrows_the_thirteen_digits_of_a_sort_key() {
        assert_eq!(Timestamp::from_millis(u64::MAX).as_millis().to_string().len(), 13);
    }
}
