//! Which push services are left alone for a while: a batch of the stream that waited for one that
//! lets everybody wait would keep all later batches waiting, and with them the browsers of all others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// So many requests in a row that time out are the push service's trouble, and not a browser's.
const IN_A_ROW: u32 = 3;

/// For so long whoever lets requests time out is left alone: a push service, or one browser.
pub(crate) const LEFT_ALONE_SECS: u64 = 30;

/// What is known of push services since this instance of the function started.
#[derive(Default)]
pub(crate) struct Breaker {
    services: Mutex<HashMap<String, Known>>,
}

#[derive(Default)]
struct Known {
    /// When it last answered anything.
    answered: Option<Timestamp>,
    timed_out: u32,
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Until when nothing of the stream is for a push service, if it is not for it now.
    pub(crate) fn open_until(&self, service: &str, now: Timestamp) -> Option<Timestamp> {
        self.with(service, |known| known.open_until.filter(|until| now < *until))
    }

    pub(crate) fn answered(&self, service: &str, now: Timestamp) {
        self.with(service, |known| *known = Known { answered: Some(now), ..Known::default() });
    }

    /// A request timed out. If others that the push service was sent since were answered, that says
    /// nothing of the service.
    pub(crate) fn timed_out(&self, service: &str, began: Timestamp, now: Timestamp) {
        self.with(service, |known| {
            if known.answered.is_none_or(|answered| answered < began) {
                known.timed_out = known.timed_out.saturating_add(1);
            }
            if known.timed_out >= IN_A_ROW {
                known.open_until = Some(now.plus_secs(LEFT_ALONE_SECS));
            }
        });
    }

    fn with<T>(&self, service: &str, look: impl FnOnce(&mut Known) -> T) -> T {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        look(services.entry(service.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "push.example.com";

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(0).plus_secs(secs)
    }

    #[test]
    fn a_push_service_that_lets_three_in_a_row_wait_is_left_alone_for_half_a_minute_and_no_other() {
        let breaker = Breaker::default();
        breaker.timed_out(SERVICE, at(0), at(5));
        breaker.timed_out(SERVICE, at(0), at(5));
        assert_eq!(breaker.open_until(SERVICE, at(5)), None);
        breaker.timed_out(SERVICE, at(0), at(5));
        assert_eq!(breaker.open_until(SERVICE, at(5)), Some(at(35)));
        assert_eq!(breaker.open_until(SERVICE, at(34)), Some(at(35)));
        assert_eq!(breaker.open_until("push.example.org", at(5)), None);
        // From then on it is tried, and one more says that nothing has changed.
        assert_eq!(breaker.open_until(SERVICE, at(35)), None);
        breaker.timed_out(SERVICE, at(35), at(40));
        assert_eq!(breaker.open_until(SERVICE, at(40)), Some(at(70)));
        // One that is tried again from the queue has its answer.
        breaker.answered(SERVICE, at(41));
        assert_eq!(breaker.open_until(SERVICE, at(41)), None);
    }

    #[test]
    fn browsers_that_hang_while_others_are_served_say_nothing_of_their_push_service() {
        let breaker = Breaker::default();
        breaker.answered(SERVICE, at(1));
        for _ in 0..2 * IN_A_ROW {
            breaker.timed_out(SERVICE, at(0), at(5));
        }
        assert_eq!(breaker.open_until(SERVICE, at(5)), None);
        for _ in 0..IN_A_ROW {
            breaker.timed_out(SERVICE, at(2), at(7));
        }
        assert_eq!(breaker.open_until(SERVICE, at(7)), Some(at(37)));
    }
}
