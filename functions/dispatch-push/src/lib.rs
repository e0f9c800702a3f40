#![doc = include_str!("../README.md")]

mod circuit_breaker;
mod delivery;
mod payload;
mod push_changes;
mod push_event;
mod retries;

use std::sync::Arc;

use aws_sdk_secretsmanager::Client as Secrets;
use circuit_breaker::CircuitBreaker;
use delivery::{BrowserDelivery, DeliverySource};
use domain::{
    Browser, Clock, Company, CompanyId, ConversationSummary, Customer, PushPreference, PushTest, StaffId,
    SubscriptionId, Timestamp, heartbeat,
};
use lambda_runtime::Diagnostic;
use payload::{EventCustomer, NotificationPayload};
use push::{KeyRing, PushServices, Pusher};
use push_changes::{AddedBrowser, PushChanges, SubscriptionsToDelete};
use push_event::PushEvent;
use retries::{Retry, RetryQueue};
use runtime::{Metric, Metrics, Runtime};
use serde_json::{Value, json};
use store::{PositionRange, Store, StoreError, StreamBatch};
use thiserror::Error;

/// Sends push notifications about customers' messages and calls to the browsers of staff.
pub struct DispatchPushFunction {
    store: Store,
    services: PushServices,
    keys: KeyRing,
    pusher: Pusher,
    breaker: CircuitBreaker,
    retries: RetryQueue,
    clock: Clock,
    metrics: Metrics,
}

/// How long after an event staff are notified of it, in seconds. If a browser is offline, the push service keeps the
/// push notification for the rest of that time.
const EVENT_LIFETIME_SECS: u64 = 24 * 60 * 60;

/// The number of a conversation's newest timeline entries that are searched for the newest event.
const NEWEST: usize = 10;

/// How long a test notification may be delivered, in seconds. The member of staff who requested it is looking at the
/// screen.
const TEST_FOR_SECS: u64 = 4 * 60;

/// The reason why the whole invocation fails.
#[derive(Debug, Error)]
pub enum FunctionError {
    #[error("the event is neither a batch of a table's stream nor one of a queue")]
    NotABatch,
}

impl From<FunctionError> for Diagnostic {
    fn from(failed: FunctionError) -> Self {
        Self { error_type: "NotABatch".to_owned(), error_message: failed.to_string() }
    }
}

/// The reason why a record of the retry queue fails. SQS delivers it again, or moves it to the dead-letter queue.
#[derive(Debug, Error)]
enum RetryError {
    #[error("it is not a push that is to be tried again")]
    Malformed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DispatchPushFunction {
    /// Creates the function, which sends push notifications with `pusher` to the allowed `services`.
    ///
    /// `secret` is the name of the secret with the push keys, and `retries` is the URL of the retry queue.
    #[must_use]
    pub fn new(runtime: &Runtime, services: PushServices, pusher: Pusher, secret: String, retries: String) -> Self {
        Self {
            store: runtime.store(),
            services,
            keys: KeyRing::new(Secrets::new(&runtime.aws), secret, runtime.clock.clone()),
            pusher,
            breaker: CircuitBreaker::default(),
            retries: RetryQueue::new(&runtime.aws, retries),
            clock: runtime.clock.clone(),
            metrics: runtime.metrics.clone(),
        }
    }

    /// Handles a batch of the table's stream or of the retry queue.
    ///
    /// Returns a partial batch response. A record fails if a request to DynamoDB fails, and is then delivered again. A
    /// response of a push service never makes a record fail.
    pub async fn handle(&self, event: &Value) -> Result<Value, FunctionError> {
        let records = event["Records"].as_array().ok_or(FunctionError::NotABatch)?;
        let is_stream = records.first().is_some_and(|record| record.get("dynamodb").is_some());
        let failures = if is_stream { self.follow(records).await } else { self.retry(records).await };
        let failures: Vec<_> = failures.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
        Ok(json!({"batchItemFailures": failures}))
    }

    async fn follow(&self, records: &[Value]) -> Vec<String> {
        let (mut deliveries, mut failures) = (Vec::new(), Vec::new());
        let batch = StreamBatch::read(records);
        for (record, reason) in &batch.invalid {
            tracing::error!(record, %reason, "a record of the stream was dropped");
        }
        for (company, changes) in batch.companies {
            let (changes, records) = (PushChanges::from_changes(changes.changes), changes.records);
            if company == heartbeat::company() {
                self.count_heartbeats(&changes);
                continue;
            }
            match self.follow_company(&company, &changes).await {
                Ok(more) => deliveries.extend(more),
                Err(error) => {
                    tracing::error!(%company, records = records.len(), %error, "push notifications of a company failed");
                    failures.extend(records);
                }
            }
        }
        self.deliver(deliveries, DeliverySource::Stream).await;
        failures
    }

    /// Counts a heartbeat that took the same path as a customer's message. No browser is notified of a heartbeat.
    fn count_heartbeats(&self, changes: &PushChanges) {
        let now = self.clock.now();
        if changes.news.iter().any(|news| heartbeat::is_fresh(news.since_when(), now)) {
            self.metrics.count(Metric::Heartbeat);
        }
    }

    async fn follow_company(
        &self,
        company: &CompanyId,
        changes: &PushChanges,
    ) -> Result<Vec<BrowserDelivery>, StoreError> {
        for ending in &changes.endings {
            match ending {
                SubscriptionsToDelete::Session(staff, session) => {
                    self.store.delete_browsers_of_session(company, staff, session).await?;
                }
                SubscriptionsToDelete::Staff(staff, before) => {
                    self.store.delete_browsers_of(company, staff, *before).await?;
                }
            }
        }
        let now = self.clock.now();
        let mut deliveries = Vec::new();
        for (staff, subscription, test) in &changes.tests {
            deliveries.extend(self.test(company, staff, *subscription, test, now).await?);
        }
        for added in changes.added.iter().filter(|added| now < added.at.plus_secs(EVENT_LIFETIME_SECS)) {
            self.announce_browser(company, added, now, &mut deliveries).await?;
        }
        let news: Vec<_> = changes.news.iter().filter(|news| now < ends(news)).collect();
        if !news.is_empty() {
            self.notify_company(company, &news, now, &mut deliveries).await?;
        }
        Ok(deliveries)
    }

    async fn test(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        subscription: SubscriptionId,
        test: &PushTest,
        now: Timestamp,
    ) -> Result<Option<BrowserDelivery>, StoreError> {
        let ends = test.at.plus_secs(TEST_FOR_SECS);
        if now >= ends {
            return Ok(None);
        }
        // A newer test notification replaces this one.
        let browser = self.store.browser(company, staff, subscription, now).await?;
        let Some(browser) = browser.filter(|browser| browser.test.as_ref() == Some(test)) else { return Ok(None) };
        let unanswered = self.store.unanswered(company, now).await?;
        let Ok(payload) = NotificationPayload::of_test(test, unanswered).payload() else { return Ok(None) };
        match self.services.check_endpoint(&browser.subscription) {
            Ok(to) => {
                let (browser, payload) = (Arc::new(browser), payload.into());
                Ok(Some(BrowserDelivery { browser, to, payload, topic: None, ends, retry: None }))
            }
            Err(why) => {
                self.not_admitted(&browser, why, now).await;
                Ok(None)
            }
        }
    }

    /// Notifies the other browsers of a member of staff that a browser was added, regardless of preferences.
    async fn announce_browser(
        &self,
        company: &CompanyId,
        added: &AddedBrowser,
        now: Timestamp,
        deliveries: &mut Vec<BrowserDelivery>,
    ) -> Result<(), StoreError> {
        let browsers = self.store.push_settings(company, &added.staff, now).await?.browsers;
        let unanswered = self.store.unanswered(company, now).await?;
        let Ok(payload) = NotificationPayload::of_added(added, unanswered).payload() else { return Ok(()) };
        let payload: Arc<[u8]> = payload.into();
        for browser in browsers.into_iter().filter(|browser| browser.id() != added.subscription) {
            match self.services.check_endpoint(&browser.subscription) {
                Ok(to) => {
                    let (browser, ends) = (Arc::new(browser), added.at.plus_secs(EVENT_LIFETIME_SECS));
                    deliveries.push(BrowserDelivery {
                        browser,
                        to,
                        payload: payload.clone(),
                        topic: None,
                        ends,
                        retry: None,
                    });
                }
                Err(why) => self.not_admitted(&browser, why, now).await,
            }
        }
        Ok(())
    }

    /// Notifies all browsers of a company, according to the current preferences of their members of staff.
    async fn notify_company(
        &self,
        company: &CompanyId,
        news: &[&PushEvent],
        now: Timestamp,
        deliveries: &mut Vec<BrowserDelivery>,
    ) -> Result<(), StoreError> {
        let mut after = None;
        let mut told: Option<Vec<PreparedNotification<'_>>> = None;
        loop {
            let page = self.store.browsers(company, after.take(), now).await?;
            if !page.browsers.is_empty() && told.is_none() {
                told = Some(self.prepare(company, news, page.shows_text, now).await?);
            }
            for (browser, choice) in page.browsers {
                let browser = Arc::new(browser);
                let to = match self.services.check_endpoint(&browser.subscription) {
                    Ok(to) => to,
                    Err(why) => {
                        self.not_admitted(&browser, why, now).await;
                        continue;
                    }
                };
                let told = told.iter().flatten();
                let wanted = told.filter(|told| told.is_wanted(choice, &browser.staff, now));
                deliveries.extend(wanted.map(|told| told.delivery_to(&browser, to.clone())));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Builds the payload of each event. All browsers get the same payload.
    async fn prepare<'a>(
        &self,
        company: &CompanyId,
        news: &[&'a PushEvent],
        shows_text: bool,
        now: Timestamp,
    ) -> Result<Vec<PreparedNotification<'a>>, StoreError> {
        let Some(company) = self.store.company(company).await? else { return Ok(Vec::new()) };
        let unanswered = self.store.unanswered(&company.id, now).await?;
        let mut told = Vec::new();
        for news in news {
            // The conversation may be past the retention by now.
            let found = self.store.conversation(&company.id, news.conversation, now).await?;
            if let Some((conversation, customer)) = found
                && news.needs_notification(&conversation)
            {
                told.extend(PreparedNotification::new(news, &conversation, customer, &company, shows_text, unanswered));
            }
        }
        Ok(told)
    }

    async fn retry(&self, records: &[Value]) -> Vec<String> {
        let (mut deliveries, mut failures) = (Vec::new(), Vec::new());
        for record in records {
            match self.retry_one(record["body"].as_str().unwrap_or_default()).await {
                Ok(delivery) => deliveries.extend(delivery),
                Err(reason) => {
                    let id = record["messageId"].as_str().unwrap_or_default();
                    tracing::error!(record = id, %reason, "a push could not be retried");
                    failures.push(id.to_owned());
                }
            }
        }
        self.deliver(deliveries, DeliverySource::Queue).await;
        failures
    }

    /// Returns the delivery that a retry asks for, if it is still due.
    ///
    /// The event must be the newest of its conversation, and the preferences of the member of staff must still include
    /// it.
    async fn retry_one(&self, body: &str) -> Result<Option<BrowserDelivery>, RetryError> {
        let retry: Retry = serde_json::from_str(body).map_err(|_| RetryError::Malformed)?;
        let now = self.clock.now();
        if now < retry.not_before {
            if self.retries.enqueue(std::slice::from_ref(&retry), now).await > 0 {
                self.metrics.count(Metric::PushAbandoned);
            }
            return Ok(None);
        }
        let (company, staff) = (&retry.company, &retry.staff);
        let settings = self.store.push_settings(company, staff, now).await?;
        let browser = settings.browsers.into_iter().find(|browser| browser.id() == retry.subscription);
        let Some(browser) = browser else { return Ok(None) };
        let found = self.store.conversation(company, retry.conversation, now).await?;
        let Some((conversation, customer)) = found else { return Ok(None) };
        let Some(company) = self.store.company(company).await? else { return Ok(None) };
        let thread = self.store.thread(&company.id, retry.conversation, PositionRange::default(), NEWEST, now).await?;
        let events = thread.map(|thread| thread.messages.items).unwrap_or_default();
        let for_them = |news: &PushEvent| news.only_for().is_none_or(|to| to == staff);
        let newest = events.iter().filter_map(PushEvent::from_entry).find(for_them);
        let still = |news: &PushEvent| news.only_for().is_some() || conversation.unanswered > 0;
        // A newer event has its own push notification, which replaces this one.
        let news = newest.filter(|news| news.position == retry.event && still(news) && now < ends(news));
        let Some(news) = news else { return Ok(None) };
        let unanswered = self.store.unanswered(&company.id, now).await?;
        let told = PreparedNotification::new(&news, &conversation, customer, &company, settings.shows_text, unanswered);
        let wanted = told.filter(|told| told.is_wanted(settings.messages, &browser.staff, now));
        let Some(told) = wanted else { return Ok(None) };
        match self.services.check_endpoint(&browser.subscription) {
            Ok(to) => Ok(Some(BrowserDelivery { retry: Some(retry), ..told.delivery_to(&Arc::new(browser), to) })),
            Err(why) => {
                self.not_admitted(&browser, why, now).await;
                Ok(None)
            }
        }
    }
}

/// An event with its payload.
struct PreparedNotification<'a> {
    news: &'a PushEvent,
    customer: Option<Customer>,
    payload: Arc<[u8]>,
}

impl<'a> PreparedNotification<'a> {
    fn new(
        news: &'a PushEvent,
        conversation: &ConversationSummary,
        customer: Option<Customer>,
        company: &Company,
        shows_text: bool,
        unanswered: u32,
    ) -> Option<Self> {
        let whom = EventCustomer { conversation, customer: customer.as_ref(), company };
        let payload = NotificationPayload::of_news(news, &whom, shows_text, unanswered).payload().ok()?;
        Some(Self { news, customer, payload: payload.into() })
    }

    /// Returns whether a member of staff is notified. They are always notified of their own message, and of a
    /// customer's event according to their preference.
    fn is_wanted(&self, choice: PushPreference, staff: &StaffId, now: Timestamp) -> bool {
        match (self.news.only_for(), choice) {
            (Some(to), _) => to == staff,
            (None, PushPreference::All) => true,
            (None, PushPreference::Mine) => {
                self.customer.as_ref().is_some_and(|customer| customer.comes_to(staff, now))
            }
        }
    }

    fn delivery_to(&self, browser: &Arc<Browser>, to: push::AllowedEndpoint) -> BrowserDelivery {
        let retry = Retry {
            company: browser.company.clone(),
            staff: browser.staff.clone(),
            subscription: browser.id(),
            conversation: self.news.conversation,
            event: self.news.position,
            tries: 0,
            not_before: self.news.since_when(),
        };
        BrowserDelivery {
            browser: browser.clone(),
            to,
            payload: self.payload.clone(),
            // Push topics have at most 32 characters (RFC 8030, section 5.4). The same number has a different
            // conversation id at each company.
            topic: Some(self.news.conversation.to_string()),
            ends: ends(self.news),
            retry: Some(retry),
        }
    }
}

fn ends(news: &PushEvent) -> Timestamp {
    news.since_when().plus_secs(EVENT_LIFETIME_SECS)
}
