//! Handing pushes to push services, and what follows from what they answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{Browser, PushTrouble, Timestamp};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use push::{Admitted, Keys, NotAdmitted, Outcome, Push};
use runtime::Metric;
use store::{Noted, StoreError};

use crate::DispatchPush;
use crate::breaker::LEFT_ALONE_SECS;
use crate::retries::Retry;

/// A push to one browser.
pub(crate) struct Delivery {
    pub(crate) browser: Arc<Browser>,
    pub(crate) to: Admitted,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) topic: Option<String>,
    /// Nobody wants to be told after this.
    pub(crate) ends: Timestamp,
    /// How it is tried again, if it is worth it.
    pub(crate) retry: Option<Retry>,
}

/// Where deliveries come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The table's stream, whose next batch waits for this one.
    Stream,
    /// The queue of retries, where nothing waits for anything.
    Queue,
}

/// What is left of a delivery, and by which push service.
enum Left {
    Nothing,
    Delivered,
    /// It was not tried, or is to be tried again.
    Later(Retry),
    GivenUp(String),
    Refused(String, u16),
}

/// Requests that are under way to one push service.
const AT_A_TIME: usize = 100;

/// What is not tried within this is kept for later, so that the stream goes on.
const LONGEST_SECS: u64 = 20;

/// For so long at most a push service is taken at its word that it wants nothing for a browser.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl DispatchPush {
    /// To every push service at its own pace.
    pub(crate) async fn deliver(&self, deliveries: Vec<Delivery>, source: Source) {
        if deliveries.is_empty() {
            return;
        }
        let began = self.clock.now();
        let known_to_browsers = deliveries.iter().map(|delivery| delivery.to.key());
        let left = match self.keys.keys_that_have(known_to_browsers).await {
            Ok(keys) => {
                let until = began.plus_secs(LONGEST_SECS);
                let mut services = HashMap::<String, Vec<_>>::new();
                for delivery in deliveries {
                    let service = delivery.to.service().to_owned();
                    services.entry(service).or_default().push(self.deliver_one(delivery, source, &keys, until));
                }
                let services = services.into_values();
                let services =
                    services.map(|service| stream::iter(service).buffer_unordered(AT_A_TIME).collect::<Vec<_>>());
                join_all(services).await.into_iter().flatten().collect()
            }
            Err(error) => {
                tracing::error!(%error, "nothing is pushed without keys");
                self.metrics.count_by(Metric::PushRefused, "Cause", "Keys");
                let now = self.clock.now();
                deliveries.into_iter().map(|delivery| delivery.later(None, now)).collect::<Vec<_>>()
            }
        };
        self.settle(left).await;
    }

    async fn deliver_one(&self, delivery: Delivery, source: Source, keys: &Keys, until: Timestamp) -> Left {
        let now = self.clock.now();
        let (browser, service) = (&delivery.browser, delivery.to.service());
        let too_late = (now >= until).then_some(now);
        let is_open = self.breaker.open_until(service, now).filter(|_| source == Source::Stream);
        let is_left_alone = browser.not_before().filter(|not_before| now < *not_before);
        if let Some(not_before) = too_late.max(is_open).max(is_left_alone) {
            return self.postpone(delivery, not_before, now).await;
        }
        let secs = delivery.ends.as_secs().saturating_sub(now.as_secs());
        let ttl_secs = u32::try_from(secs).unwrap_or(u32::MAX);
        let push = Push { payload: &delivery.payload, ttl_secs, topic: delivery.topic.as_deref() };
        let (began, outcome) = (now, self.pusher.push(&delivery.to, keys, &push).await);
        let now = self.clock.now();
        match outcome {
            // Those that are tried again are the bad ones: how many of them hang says nothing of the others.
            Outcome::TimedOut if source == Source::Queue => {}
            Outcome::TimedOut => self.breaker.timed_out(service, began, now),
            Outcome::NotAdmitted(_) => {}
            // Also what cannot be reached says so at once.
            _ => self.breaker.answered(service, now),
        }
        match outcome {
            Outcome::Delivered => {
                noted(self.store.note_delivery(browser, now).await);
                Left::Delivered
            }
            Outcome::Gone => {
                noted(self.store.forget_browser(&browser.company, &browser.staff, browser.id()).await);
                Left::Nothing
            }
            Outcome::Later(Some(after)) => {
                let after = after.min(LONGEST_WAIT);
                noted(self.store.note_push_wait(browser, now.plus_secs(after.as_secs()), now).await);
                delivery.later(Some(after), now)
            }
            // No later batch waits for it meanwhile, be it the only one of its push service that hangs.
            Outcome::TimedOut => {
                noted(self.store.note_push_wait(browser, now.plus_secs(LEFT_ALONE_SECS), now).await);
                delivery.later(None, now)
            }
            Outcome::Later(None) => {
                noted(self.store.note_push_trouble(browser, PushTrouble::Unreachable, now).await);
                delivery.later(None, now)
            }
            Outcome::Refused(status) => {
                let known = noted(self.store.note_push_trouble(browser, PushTrouble::Refused, now).await);
                // Anybody can register an address that refuses all it is sent: it counts once an hour.
                if known == Some(Noted::Known) { Left::Nothing } else { Left::Refused(service.to_owned(), status) }
            }
            // Also a key that was dropped: whoever's browser it is opens the portal, and it has another.
            Outcome::NotAdmitted(why) => {
                noted(self.store.note_push_trouble(browser, trouble(why), now).await);
                Left::Nothing
            }
        }
    }

    /// Leaves for later what is not tried now. A test is for now or never.
    async fn postpone(&self, delivery: Delivery, not_before: Timestamp, now: Timestamp) -> Left {
        let service = delivery.to.service();
        match delivery.retry {
            Some(retry) if not_before < delivery.ends => Left::Later(Retry { not_before, ..retry }),
            Some(_) => Left::GivenUp(service.to_owned()),
            None => {
                noted(self.store.note_push_trouble(&delivery.browser, PushTrouble::Unreachable, now).await);
                Left::Nothing
            }
        }
    }

    async fn settle(&self, left: Vec<Left>) {
        let mut retries = Vec::new();
        let (mut refused, mut given_up) = (BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new());
        let mut delivered = 0;
        for left in left {
            match left {
                Left::Nothing => {}
                Left::Delivered => delivered += 1,
                Left::Later(retry) => retries.push(retry),
                Left::GivenUp(service) => {
                    self.metrics.count(Metric::PushGivenUp);
                    *given_up.entry(service).or_default() += 1;
                }
                Left::Refused(service, status) => {
                    self.metrics.count_by(Metric::PushRefused, "Cause", "Service");
                    *refused.entry((service, status)).or_default() += 1;
                }
            }
        }
        self.metrics.count_many(Metric::PushDelivered, delivered);
        for ((service, status), pushes) in refused {
            tracing::error!(service, status, pushes, "a push service refused what it was sent; it is not tried again");
        }
        for (service, pushes) in given_up {
            tracing::warn!(service, pushes, "pushes were given up");
        }
        if !retries.is_empty() {
            for _ in 0..self.retries.put(&retries, self.clock.now()).await {
                self.metrics.count(Metric::PushGivenUp);
            }
        }
    }

    /// What is known of a browser that nothing can be pushed to.
    pub(crate) async fn not_admitted(&self, browser: &Browser, why: NotAdmitted, now: Timestamp) {
        noted(self.store.note_push_trouble(browser, trouble(why), now).await);
    }
}

impl Delivery {
    /// Tried in vain. A test is tried once, and nothing is given up with it: its person looks at the screen.
    fn later(self, after: Option<Duration>, now: Timestamp) -> Left {
        let Some(retry) = self.retry else { return Left::Nothing };
        let retry = retry.failed(after, now).filter(|retry| retry.not_before < self.ends);
        retry.map_or_else(|| Left::GivenUp(self.to.service().to_owned()), Left::Later)
    }
}

fn trouble(why: NotAdmitted) -> PushTrouble {
    match why {
        NotAdmitted::Keys => PushTrouble::Refused,
        NotAdmitted::Address | NotAdmitted::Service | NotAdmitted::PrivateNetwork => PushTrouble::NotAllowed,
    }
}

/// A note that is not made is made with the next push.
fn noted<T>(done: Result<T, StoreError>) -> Option<T> {
    done.inspect_err(|error| tracing::warn!(%error, "what became of a push was not noted")).ok()
}
