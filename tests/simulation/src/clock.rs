use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use domain::{Clock, Timestamp};
use tokio::time::Instant;

/// The clock of a run: the paused clock of the run's runtime, which advances when no task can run.
#[derive(Clone, Copy)]
pub(crate) struct SimulatedTime {
    began: Instant,
}

/// When each scenario begins: 2026-03-02 17:00 UTC.
const BEGINNING_MILLIS: u64 = 1_772_470_800_000;

impl SimulatedTime {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now() }
    }

    pub(crate) fn passed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) async fn sleep_until(&self, passed: Duration) {
        tokio::time::sleep_until(self.began + passed).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(BEGINNING_MILLIS + u64::try_from(self.passed().as_millis()).unwrap_or_default())
    }

    pub(crate) fn clock(self) -> Clock {
        Clock::new(move || self.now())
    }
}

impl fmt::Debug for SimulatedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

/// The SDK's clock.
impl TimeSource for SimulatedTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(SimulatedTime::now(self).as_millis())
    }
}
