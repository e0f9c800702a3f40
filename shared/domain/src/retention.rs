use crate::{Position, Timestamp};

/// How long the history of a conversation is kept: one value for the whole deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    days: u16,
}

impl Retention {
    /// Creates a retention of whole days. `None` for 0 days, which would keep nothing.
    #[must_use]
    pub fn days(days: u16) -> Option<Self> {
        (days > 0).then_some(Self { days })
    }

    /// Returns the retention in days.
    #[must_use]
    pub fn in_days(self) -> u16 {
        self.days
    }

    fn secs(self) -> u64 {
        u64::from(self.days) * 24 * 60 * 60
    }

    /// Returns the earliest position that may still be shown. Every read is bounded by it, because a table's TTL
    /// deletes late.
    #[must_use]
    pub fn oldest_position(self, now: Timestamp) -> Position {
        Position::start_of(now.minus_secs(self.secs()))
    }

    /// Returns when an item with the time `at` may be deleted.
    #[must_use]
    pub fn expires(self, at: Timestamp) -> Timestamp {
        at.plus_secs(self.secs())
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 30 }
    }
}
