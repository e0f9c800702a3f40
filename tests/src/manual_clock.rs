use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Clock, Timestamp};

/// A clock that stands still until it is moved by hand.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Half past a minute, at noon in Los Angeles, of a day to come: what expires by this clock has not by the table's.
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
