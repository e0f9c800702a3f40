use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets so many requests go within a second as leave the API most of what API Gateway takes of an account in a region for all
/// of its APIs and `@connections` together: 10,000 a second, and 2,500 in the newer regions (API Gateway quotas).
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the next may go; `None` before the first.
    next: Mutex<Option<Instant>>,
}

const BETWEEN: Duration = Duration::from_millis(1);

impl Pace {
    /// Returns when it is this request's turn.
    pub(crate) async fn turn(&self) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(turn + BETWEEN);
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_thousand_requests_at_once_take_a_second_and_one_alone_does_not_wait() {
        let (pace, began) = (Pace::default(), Instant::now());
        pace.turn().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        futures_util::future::join_all((0..1000).map(|_| pace.turn())).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1));
        // What was not asked for is not saved up.
        tokio::time::sleep(Duration::from_mins(1)).await;
        let later = Instant::now();
        futures_util::future::join_all((0..100).map(|_| pace.turn())).await;
        assert_eq!(later.elapsed(), Duration::from_millis(99));
    }
}
