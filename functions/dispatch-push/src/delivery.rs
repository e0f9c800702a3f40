//! Delivers push notifications to push services and handles their answers.

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

/// A push notification for one browser.
pub(crate) struct BrowserDelivery {
    pub(crate) browser: Arc<Browser>,
    pub(crate) to: AllowedEndpoint,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) topic: Option<String>,
    /// The push notification is not delivered after this time.
    pub(crate) ends: Timestamp,
    /// The queue record for a retry. `None` if the delivery is attempted only once.
    pub(crate) retry: Option<Retry>,
}

/// The source of a batch of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliverySource {
    /// The table's stream. The next batch waits for this one.
    Stream,
    /// The retry queue. No later batch waits for this one.
    Queue,
}

/// The result of a delivery. Contains the push service if the result is counted for each service.
enum DeliveryResult {
    Nothing,
    Delivered,
    /// The delivery was not attempted, or must be retried.
    Later(Retry),
    Abandoned(String),
    Refused(String, u16),
}

/// The maximum number of concurrent requests to one push service.
const CONCURRENCY: usize = 100;

/// How long a batch is delivered, in seconds. Deliveries that were not attempted by then are queued as retries, so that
/// the next batch of the stream can start.
const MAX_DELIVERY_SECS: u64 = 20;

/// The longest `Retry-After` of a push service that is respected.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl DispatchPushFunction {
    /// Delivers push notifications to all push services in parallel, with up to 100 concurrent requests to each
    /// service.
    pub(crate) async fn deliver(&self, deliveries: Vec<BrowserDelivery>, source: DeliverySource) {
        if deliveries.is_empty() {
            return;
        }
        let began = self.clock.now();
        let known_to_browsers = deliveries.iter().map(|delivery| delivery.to.key());
        let left = match self.keys.keys_that_have(known_to_browsers).await {
            Ok(keys) => {
                let until = began.plus_secs(MAX_DELIVERY_SECS);
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
            // Timeouts of retries do not count. Retries go to browsers that failed before, so their timeouts say little
            // about the push service.
            PushOutcome::TimedOut if source == DeliverySource::Queue => {}
            PushOutcome::TimedOut => self.breaker.timed_out(service, began, now),
            PushOutcome::NotAdmitted(_) => {}
            // A connection that fails immediately does not delay the batch, so it counts as an answer of the push
            // service.
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
            // The browser is skipped for a while. Later batches then do not wait for it, even if no other browser of
            // its push service times out.
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
                // A member of staff can register an endpoint that rejects everything. So the rejections of a browser
                // are counted once an hour.
                if known == Some(NoteOutcome::Known) {
                    DeliveryResult::Nothing
                } else {
                    DeliveryResult::Refused(service.to_owned(), status)
                }
            }
            // One cause is a removed push key. The browser then subscribes with the current key when the portal is next
            // opened in it.
            PushOutcome::NotAdmitted(why) => {
                log_store_error(self.store.record_push_failure(browser, failure_of(why), now).await);
                DeliveryResult::Nothing
            }
        }
    }

    /// Queues a delivery that is not attempted now as a retry. A test notification is not retried.
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

    /// Records why push notifications cannot be sent to a browser.
    pub(crate) async fn not_admitted(&self, browser: &Browser, why: EndpointError, now: Timestamp) {
        log_store_error(self.store.record_push_failure(browser, failure_of(why), now).await);
    }
}

impl BrowserDelivery {
    /// Returns the retry after a failed attempt, or abandons the delivery after the last attempt. A test notification
    /// is not retried, and does not count as abandoned.
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

/// Logs a store error and continues. The next push notification records the result again.
fn log_store_error<T>(done: Result<T, StoreError>) -> Option<T> {
    done.inspect_err(|error| tracing::warn!(%error, "the result of a push was not recorded")).ok()
}
