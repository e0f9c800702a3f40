//! Handing pushes to push services, and what follows from what they answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{Browser, PushFailure, Timestamp};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use push::{AllowedEndpoint, EndpointError, Push, PushOutcome, VapidKeys};
use runtime::Metric;
use store::{NoteOutcome, StoreError};

use crate::DispatchPushFunction;
use crate::circuit_breaker::LEFT_ALONE_SECS;
use crate::retries::Retry;

/// A push to one browser.
pub(crate) struct BrowserDelivery {
    pub(crate) browser: Arc<Browser>,
    pub(crate) to: AllowedEndpoint,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) topic: Option<String>,
    /// Nobody wants to be told after this.
    pub(crate) ends: Timestamp,
    /// How it is tried again, if it is worth it.
    pub(crate) retry: Option<Retry>,
}

/// Where deliveries come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliverySource {
    /// The table's stream, whose next batch waits for this one.
    Stream,
    /// The queue of retries, where nothing waits for anything.
    Queue,
}

/// What is left of a delivery, and by which push service.
enum DeliveryResult {
    Nothing,
    Delivered,
    /// It was not tried, or is to be tried again.
    Later(Retry),
    Abandoned(String),
    Refused(String, u16),
}

/// Requests that are under way to one push service.
const CONCURRENCY: usize = 100;

/// What is not tried within this is kept for later, so that the stream goes on.
const MAX_RETRY_AFTER_SECS: u64 = 20;

/// For so long at most a push service is taken at its word that it wants nothing for a browser.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl DispatchPushFunction {
    /// To every push service at its own pace.
    pub(crate) async fn deliver(&self, deliveries: Vec<BrowserDelivery>, source: DeliverySource) {
        if deliveries.is_empty() {
            return;
        }
        let began = self.clock.now();
        let known_to_browsers = deliveries.iter().map(|delivery| delivery.to.key());
        let left = match self.keys.keys_that_have(known_to_browsers).await {
            Ok(keys) => {
                let until = began.plus_secs(MAX_RETRY_AFTER_SECS);
                let mut services = HashMap::<String, Vec<_>>::new();
                for delivery in deliveries {
                    let service = delivery.to.service().to_owned();
                    services.entry(service).or_default().push(self.deliver_one(delivery, source, &keys, until));
                }
                let services = services.into_values();
                let services =
                    services.map(|service| stream::iter(service).buffer_unordered(CONCURRENCY).collect::<Vec<_>>());
                join_all(services).await.into_iter().flatten().collect()
            }
            Err(error) => {
                tracing::error!(%error, "push is unavailable without keys");
                self.metrics.count_by(Metric::PushRefused, "Cause", "Keys");
                let now = self.clock.now();
                deliveries.into_iter().map(|delivery| delivery.later(None, now)).collect::<Vec<_>>()
            }
        };
        self.record_results(left).await;
    }

    async fn deliver_one(
        &self,
        delivery: BrowserDelivery,
        source: DeliverySource,
        keys: &VapidKeys,
        until: Timestamp,
    ) -> DeliveryResult {
        let now = self.clock.now();
        let (browser, service) = (&delivery.browser, delivery.to.service());
        let too_late = (now >= until).then_some(now);
        let is_open = self.breaker.open_until(service, now).filter(|_| source == DeliverySource::Stream);
        let is_left_alone = browser.not_before().filter(|not_before| now < *not_before);
        if let Some(not_before) = too_late.max(is_open).max(is_left_alone) {
            return self.retry_later(delivery, not_before, now).await;
        }
        let secs = delivery.ends.as_secs().saturating_sub(now.as_secs());
        let ttl_secs = u32::try_from(secs).unwrap_or(u32::MAX);
        let push = Push { payload: &delivery.payload, ttl_secs, topic: delivery.topic.as_deref() };
        let (began, outcome) = (now, self.pusher.push(&delivery.to, keys, &push).await);
        let now = self.clock.now();
        match outcome {
            // Those that are tried again are the bad ones: how many of them hang says nothing of the others.
            PushOutcome::TimedOut if source == DeliverySource::Queue => {}
            PushOutcome::TimedOut => self.breaker.timed_out(service, began, now),
            PushOutcome::NotAdmitted(_) => {}
            // Also what cannot be reached says so at once.
            _ => self.breaker.record_answer(service, now),
        }
        match outcome {
            PushOutcome::Delivered => {
                log_store_error(self.store.record_delivery_time(browser, now).await);
                DeliveryResult::Delivered
            }
            PushOutcome::Gone => {
                log_store_error(self.store.delete_browser(&browser.company, &browser.staff, browser.id()).await);
                DeliveryResult::Nothing
            }
            PushOutcome::Later(Some(after)) => {
                let after = after.min(LONGEST_WAIT);
                log_store_error(self.store.record_push_wait(browser, now.plus_secs(after.as_secs()), now).await);
                delivery.later(Some(after), now)
            }
            // No later batch waits for it meanwhile, be it the only one of its push service that hangs.
            PushOutcome::TimedOut => {
                log_store_error(self.store.record_push_wait(browser, now.plus_secs(LEFT_ALONE_SECS), now).await);
                delivery.later(None, now)
            }
            PushOutcome::Later(None) => {
                log_store_error(self.store.record_push_failure(browser, PushFailure::Unreachable, now).await);
                delivery.later(None, now)
            }
            PushOutcome::Refused(status) => {
                let known = log_store_error(self.store.record_push_failure(browser, PushFailure::Refused, now).await);
                // Anybody can register an address that refuses all it is sent: it counts once an hour.
                if known == Some(NoteOutcome::Known) {
                    DeliveryResult::Nothing
                } else {
                    DeliveryResult::Refused(service.to_owned(), status)
                }
            }
            // Also a key that was dropped: whoever's browser it is opens the portal, and it has another.
            PushOutcome::NotAdmitted(why) => {
                log_store_error(self.store.record_push_failure(browser, failure_of(why), now).await);
                DeliveryResult::Nothing
            }
        }
    }

    /// Leaves for later what is not tried now. A test is for now or never.
    async fn retry_later(&self, delivery: BrowserDelivery, not_before: Timestamp, now: Timestamp) -> DeliveryResult {
        let service = delivery.to.service();
        match delivery.retry {
            Some(retry) if not_before < delivery.ends => DeliveryResult::Later(Retry { not_before, ..retry }),
            Some(_) => DeliveryResult::Abandoned(service.to_owned()),
            None => {
                log_store_error(self.store.record_push_failure(&delivery.browser, PushFailure::Unreachable, now).await);
                DeliveryResult::Nothing
            }
        }
    }

    async fn record_results(&self, left: Vec<DeliveryResult>) {
        let mut retries = Vec::new();
        let (mut refused, mut given_up) = (BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new());
        let mut delivered = 0;
        for left in left {
            match left {
                DeliveryResult::Nothing => {}
                DeliveryResult::Delivered => delivered += 1,
                DeliveryResult::Later(retry) => retries.push(retry),
                DeliveryResult::Abandoned(service) => {
                    self.metrics.count(Metric::PushAbandoned);
                    *given_up.entry(service).or_default() += 1;
                }
                DeliveryResult::Refused(service, status) => {
                    self.metrics.count_by(Metric::PushRefused, "Cause", "Service");
                    *refused.entry((service, status)).or_default() += 1;
                }
            }
        }
        self.metrics.count_many(Metric::PushDelivered, delivered);
        for ((service, status), pushes) in refused {
            tracing::error!(service, status, pushes, "a push service rejected a push; it is not retried");
        }
        for (service, pushes) in given_up {
            tracing::warn!(service, pushes, "pushes were sent to the failure queue");
        }
        if !retries.is_empty() {
            for _ in 0..self.retries.enqueue(&retries, self.clock.now()).await {
                self.metrics.count(Metric::PushAbandoned);
            }
        }
    }

    /// What is known of a browser that nothing can be pushed to.
    pub(crate) async fn not_admitted(&self, browser: &Browser, why: EndpointError, now: Timestamp) {
        log_store_error(self.store.record_push_failure(browser, failure_of(why), now).await);
    }
}

impl BrowserDelivery {
    /// Tried in vain. A test is tried once, and nothing is given up with it: its person looks at the screen.
    fn later(self, after: Option<Duration>, now: Timestamp) -> DeliveryResult {
        let Some(retry) = self.retry else { return DeliveryResult::Nothing };
        let retry = retry.failed(after, now).filter(|retry| retry.not_before < self.ends);
        retry.map_or_else(|| DeliveryResult::Abandoned(self.to.service().to_owned()), DeliveryResult::Later)
    }
}

fn failure_of(why: EndpointError) -> PushFailure {
    match why {
        EndpointError::Keys => PushFailure::Refused,
        EndpointError::Address | EndpointError::Service | EndpointError::PrivateNetwork => PushFailure::NotAllowed,
    }
}

/// A note that is not made is made with the next push.
fn log_store_error<T>(done: Result<T, StoreError>) -> Option<T> {
    done.inspect_err(|error| tracing::warn!(%error, "the result of a push was not recorded")).ok()
}
