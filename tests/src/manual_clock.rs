use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Clock, Timestamp};

/// A clock that shows the same time until a test advances it.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Returns a clock at 12:00:30 tomorrow in Los Angeles. An item that has expired by this clock has not expired by
    /// the table's clock.
    #[must_use]
    pub fn at_noon() -> Self {
        let zone: domain::TimeZone = "America/Los_Angeles".parse().expect("a zone");
        let (today, _) = zone.local(runtime::wall_clock().now());
        let noon = zone.moment(today.next(), "12:00".parse().expect("a time")).expect("no clock leaves noon out");
        Self(Arc::new(AtomicU64::new(noon.plus_secs(30).as_millis())))
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        let millis = self.0.clone();
        Clock::new(move || Timestamp::from_millis(millis.load(Ordering::Relaxed)))
    }

    pub fn passes(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}
