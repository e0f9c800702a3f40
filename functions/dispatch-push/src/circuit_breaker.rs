//! Skips push services that time out.
//!
//! A stream batch that waits for one push service delays all later batches, and with them the browsers of all others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// How many timeouts in a row are the fault of the push service, and not of a browser.
const MAX_TIMEOUTS: u32 = 3;

/// How long a push service, or one browser, is skipped after timeouts, in seconds.
pub(crate) const LEFT_ALONE_SECS: u64 = 30;

/// The state of the push services since this function instance started.
#[derive(Default)]
pub(crate) struct CircuitBreaker {
    services: Mutex<HashMap<String, ServiceState>>,
}

#[derive(Default)]
struct ServiceState {
    /// When it last answered a request.
    answered: Option<Timestamp>,
    timed_out: u32,
    open_until: Option<Timestamp>,
}

impl CircuitBreaker {
    /// Returns until when a push service is skipped, or `None` if it is not.
    pub(crate) fn open_until(&self, service: &str, now: Timestamp) -> Option<Timestamp> {
        self.with_state(service, |known| known.open_until.filter(|until| now < *until))
    }

    /// Records an answer of a push service, which closes its breaker.
    pub(crate) fn record_answer(&self, service: &str, now: Timestamp) {
        self.with_state(service, |known| *known = ServiceState { answered: Some(now), ..ServiceState::default() });
    }

    /// Records a timeout. It does not count if the push service has answered another request since this one began.
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
        // After the pause the service is tried again, and one more timeout opens the breaker again.
        assert_eq!(breaker.open_until(SERVICE, at_secs(35)), None);
        breaker.timed_out(SERVICE, at_secs(35), at_secs(40));
        assert_eq!(breaker.open_until(SERVICE, at_secs(40)), Some(at_secs(70)));
        // A retry from the queue has been answered.
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
