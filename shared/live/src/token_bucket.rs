//! The rate limit of requests to `@connections`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_types::region::Region;
use tokio::time::{Instant, sleep_until};

/// A token bucket: it allows a number of requests at once, then a number a second.
///
/// API Gateway counts a request to `@connections` like a request of a user, against the quota that all APIs of an
/// account share in a region. Without a limit, 64 requests of 20 ms in flight amount to 3,200 requests a second for
/// each instance, and requests of users would be rejected (429).
#[derive(Debug)]
pub(crate) struct TokenBucket {
    every: Duration,
    /// How long an empty bucket takes to fill.
    fills_within: Duration,
    full_at: Mutex<Instant>,
}

/// The quota of an account for API Gateway in one region, in requests a second. The quota for requests at once is half
/// of it. HTTP, REST and WebSocket APIs and `@connections` share the quota.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const QUOTA: u32 = 10_000;

/// The same quota in the regions of `SMALLER`, from the same page.
const SMALLER_QUOTA: u32 = 2_500;
const SMALLER: [&str; 13] = [
    "af-south-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "mx-central-1",
];

/// The divisor of the quota for one instance of a function, which uses a tenth.
///
/// The bucket holds the tokens of a second. Each shard of the table's stream has one instance of the function. An
/// on-demand table begins with four partitions, since it accepts 4,000 writes a second and a partition accepts 1,000.
/// Together the four instances use 4,000 requests a second, or 1,000 in the smaller regions. The HTTP API and the
/// WebSockets (`infra/template.yaml`) use 700 at most.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>
const SHARE: u32 = 10;

impl TokenBucket {
    pub(crate) fn in_region(region: Option<&Region>) -> Self {
        let is_smaller = region.is_some_and(|region| SMALLER.contains(&region.as_ref()));
        let a_second = if is_smaller { SMALLER_QUOTA } else { QUOTA } / SHARE;
        Self {
            every: Duration::from_secs(1) / a_second,
            fills_within: Duration::from_secs(1),
            full_at: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the next token.
    pub(crate) async fn turn(&self) {
        if let Some(at) = self.take(None) {
            sleep_until(at).await;
        }
    }

    /// Waits for the next token. Returns `false` at once, without taking a token, if the next token comes after the
    /// deadline.
    pub(crate) async fn turn_before(&self, deadline: Instant) -> bool {
        let Some(at) = self.take(Some(deadline)) else { return false };
        sleep_until(at).await;
        true
    }

    /// Takes the next token and returns when it is available. Returns `None`, and takes no token, if that time is after
    /// the deadline.
    fn take(&self, deadline: Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_after = (*full_at).max(now) + self.every;
        let at = full_after.checked_sub(self.fills_within).map_or(now, |at| at.max(now));
        if deadline.is_some_and(|deadline| deadline < at) {
            return None;
        }
        *full_at = full_after;
        Some(at)
    }
}
