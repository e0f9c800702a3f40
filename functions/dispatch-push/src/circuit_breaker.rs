//! Skips push services that time out.
//!
//! A stream batch that waits for one push service delays all later batches, including those for other push services.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// The number of consecutive timeouts after which a push service is skipped. Fewer may be caused by a single browser.
const MAX_TIMEOUTS: u32 = 3;

/// How long a push service, or one browser, is skipped after timeouts, in seconds.
pub(crate) const LEFT_ALONE_SECS: u64 = 30;

/// A circuit breaker for each push service. The state belongs to one instance of the function.
#[derive(Default)]
pub(crate) struct CircuitBreaker {
    services: Mutex<HashMap<String, ServiceState>>,
}

#[derive(Default)]
struct ServiceState {
    /// When the push service last answered a request.
    answered: Option<Timestamp>,
    timed_out: u32,
    open_until: Option<Timestamp>,
}

impl CircuitBreaker {
    /// Returns the time until which a push service is skipped, or `None` if it is not skipped.
    pub(crate) fn open_until(&self, service: &str, now: Timestamp) -> Option<Timestamp> {
        self.with_state(service, |known| known.open_until.filter(|until| now < *until))
    }

    /// Records an answer of a push service, which closes its breaker.
    pub(crate) fn record_answer(&self, service: &str, now: Timestamp) {
        self.with_state(service, |known| *known = ServiceState { answered: Some(now), ..ServiceState::default() });
    }

    /// Records a timeout. A timeout does not count if the push service has answered another request since `began`.
    pub(crate) fn timed_out(&self, service: &str, began: Timestamp, now: Timestamp) {
        self.with_state(service, |known| {
            if known.answered.is_none_or(|answered| answered < began) {
                known.timed_out = known.timed_out.saturating_add(1);
            }
            if known.timed_out >= MAX_TIMEOUTS {
                known.open_until = Some(now.plus_secs(LEFT_ALONE_SECS));
            }
        });
    }

    fn with_state<T>(&self, service: &str, look: impl FnOnce(&mut ServiceState) -> T) -> T {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        look(services.entry(service.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "push.example.com";

    fn at_secs(secs: u64) -> Timestamp {
        Timestamp::from_millis(0).plus_secs(secs)
    }

    #[test]
    fn a_push_service_that_lets_three_in_a_row_wait_is_left_alone_for_half_a_minute_and_no_other() {
        let breaker = CircuitBreaker::default();
        breaker.timed_out(SERVICE, at_secs(0), at_secs(5));
        breaker.timed_out(SERVICE, at_secs(0), at_secs(5));
        assert_eq!(breaker.open_until(SERVICE, at_secs(5)), None);
        breaker.timed_out(SERVICE, at_secs(0), at_secs(5));
        assert_eq!(breaker.open_until(SERVICE, at_secs(5)), Some(at_secs(35)));
        assert_eq!(breaker.open_until(SERVICE, at_secs(34)), Some(at_secs(35)));
        assert_eq!(breaker.open_until("push.example.org", at_secs(5)), None);
        // After the pause, the push service is tried again. One more timeout opens the breaker again.
        assert_eq!(breaker.open_until(SERVICE, at_secs(35)), None);
        breaker.timed_out(SERVICE, at_secs(35), at_secs(40));
        assert_eq!(breaker.open_until(SERVICE, at_secs(40)), Some(at_secs(70)));
        // The push service has answered a retry from the queue.
        breaker.record_answer(SERVICE, at_secs(41));
        assert_eq!(breaker.open_until(SERVICE, at_secs(41)), None);
    }

    #[test]
    fn browsers_that_hang_while_others_are_served_say_nothing_of_their_push_service() {
        let breaker = CircuitBreaker::default();
        breaker.record_answer(SERVICE, at_secs(1));
        for _ in 0..2 * MAX_TIMEOUTS {
            breaker.timed_out(SERVICE, at_secs(0), at_secs(5));
        }
        assert_eq!(breaker.open_until(SERVICE, at_secs(5)), None);
        for _ in 0..MAX_TIMEOUTS {
            breaker.timed_out(SERVICE, at_secs(2), at_secs(7));
        }
        assert_eq!(breaker.open_until(SERVICE, at_secs(7)), Some(at_secs(37)));
    }
}
