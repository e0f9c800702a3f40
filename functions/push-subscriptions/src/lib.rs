#![doc = include_str!("../README.md")]

mod input;

use std::convert::Infallible;

use domain::{
    AuditAction, Clock, LimitWindow, MeteredAction, PushTest, Randomness, Scheme, Staff, SubscriptionId, Timestamp,
    UsageLimits,
};
use http::{Method, StatusCode};
use input::{SettingsInput, SubscriptionInput};
use lambda_http::{Body, Request, RequestExt, Response};
use push::{EndpointError, KeyRing, KeyRingError, PushServices};
use runtime::Runtime;
use serde_json::json;
use store::{BROWSERS_AT_MOST, PushSettings, PushTestOutcome, Store, SubscribeOutcome, SubscribeRequest};
use views::PushSettingsView;
use web::{Problem, ResponseFormat, WebResponse};

/// Manages the push subscriptions and notification preferences of a member of staff.
pub struct PushSubscriptionsFunction {
    store: Store,
    services: PushServices,
    keys: KeyRing,
    clock: Clock,
    randomness: Randomness,
    portal: Scheme,
    days: u16,
}

impl PushSubscriptionsFunction {
    /// Creates the function, which accepts subscriptions at the allowed `services`.
    ///
    /// `secret` is the name of the secret with the push keys. A subscription lasts `days` days after the last sign-in
    /// in its browser.
    #[must_use]
    pub fn new(runtime: &Runtime, services: PushServices, secret: String, days: u16) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(&runtime.aws);
        Self {
            store: runtime.store(),
            services,
            keys: KeyRing::new(secrets, secret, runtime.clock.clone()),
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            portal: runtime.configuration.portal,
            days,
        }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.answer(&request).await))
    }

    async fn answer(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff(request)?;
        let settings = request.raw_http_path() == "/api/push-settings";
        match *request.method() {
            Method::GET => self.show(request, &staff).await,
            Method::DELETE => self.remove(request, &staff).await,
            _ if settings => self.set(request, &staff).await,
            Method::PUT => self.subscribe(request, &staff).await,
            _ => self.test(request, &staff).await,
        }
    }

    async fn show(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let now = self.clock.now();
        let PushSettings { messages, shows_text, browsers } =
            self.store.push_settings(&staff.company, &staff.id, now).await?;
        let unanswered = self.store.unanswered(&staff.company, now).await?;
        // Without push keys, no browser can subscribe, but the page can still list and delete existing subscriptions.
        let keys = self.keys.keys().await.map_err(logged).ok();
        let key = keys.as_ref().map(|keys| keys.current());
        let view = PushSettingsView {
            key,
            browsers: &browsers,
            messages,
            shows_text,
            company: &staff.company_name,
            unanswered,
        };
        Ok(ResponseFormat::of_request(request)
            .answer(|| views::push_settings(&view), || views::push_settings_json(&view)))
    }

    /// Stores the browser's subscription, or refreshes it.
    async fn subscribe(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let written: SubscriptionInput = web::body(request)?;
        let keys = self.keys.keys_that_have(written.key()).await.map_err(no_keys)?;
        let (replaces, renews, turned_on) = (written.replaces(), written.renews(), written.is_turned_on());
        let subscription = written.subscription(keys.current());
        if !keys.has(&subscription.key) {
            return Err(not_our_key());
        }
        self.services.check_new_endpoint(&subscription).await.map_err(not_admitted)?;
        let token =
            web::session_token(self.portal, web::cookies(request.headers())).ok_or_else(Problem::session_ended)?;
        let asked = SubscribeRequest {
            company: staff.company.clone(),
            staff: staff.id.clone(),
            session: web::token_hash(&token),
            subscription,
            name: web::browser_name(request.headers()),
            replaces,
            renews,
            turned_on,
            days: self.days,
        };
        let now = self.clock.now();
        let (status, browser) = match self.store.subscribe_browser(&asked, now).await? {
            SubscribeOutcome::New(browser) => (StatusCode::CREATED, browser),
            SubscribeOutcome::Refreshed(browser) => (StatusCode::OK, browser),
            SubscribeOutcome::Removed => return Err(removed_elsewhere()),
            SubscribeOutcome::SignInAgain => return Err(sign_in_again()),
            SubscribeOutcome::TooMany => return Err(too_many()),
            SubscribeOutcome::SessionOver => return Err(Problem::session_ended()),
        };
        let unanswered = self.store.unanswered(&staff.company, now).await?;
        let answer = views::subscribed_browser_json(&browser, keys.current(), unanswered);
        Ok(WebResponse::json(&answer).with_status(status))
    }

    /// Deletes a browser's push subscription, until notifications are turned on there again. Also succeeds if it does
    /// not exist.
    async fn remove(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        // A parameter that is not a subscription id matches no subscription.
        if let Some(id) = subscription(request) {
            let now = self.clock.now();
            self.store.require_session(staff, now).await?;
            self.store.remove_browser(&staff.company, &staff.id, id, now).await?;
        }
        match ResponseFormat::of_request(request) {
            ResponseFormat::Html => self.show(request, staff).await,
            ResponseFormat::Json => Ok(WebResponse::nothing()),
        }
    }

    /// Requests a test notification. The test notification takes the same path as all others.
    async fn test(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let id = subscription(request).ok_or_else(no_browser)?;
        let now = self.clock.now();
        let test = PushTest { nonce: self.randomness.token(), at: now };
        let windows = UsageLimits::default().windows(MeteredAction::PushTest, staff, now);
        match self.store.ask_push_test(staff, id, &test, &windows).await? {
            PushTestOutcome::Done => {
                Ok(WebResponse::json(&json!({"test": test.nonce})).with_status(StatusCode::ACCEPTED))
            }
            PushTestOutcome::Limited(full) => Err(too_many_tests(&full, staff, now)),
            PushTestOutcome::Gone => Err(no_browser()),
        }
    }

    async fn set(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let written: SettingsInput = web::body(request)?;
        let (change, now) = (written.change(), self.clock.now());
        if change.shows_text.is_some() {
            // The audit log entry is written first, since a setting for all staff must not change without one.
            let entry = web::audited(request, &staff.company, &staff.id, AuditAction::PushSettings, now);
            self.store.audit(&entry).await?;
        }
        self.store.set_pushes(staff, change, now).await?;
        self.show(request, staff).await
    }
}

/// Returns the subscription id in the path of the request.
fn subscription(request: &Request) -> Option<SubscriptionId> {
    request.path_parameters_ref()?.first("subscription")?.parse().ok()
}

fn logged(error: KeyRingError) -> KeyRingError {
    tracing::error!(%error, "there are no push keys");
    error
}

fn no_keys(error: KeyRingError) -> Problem {
    let (code, message) = match logged(error) {
        KeyRingError::Bad(_) => (
            "no-push-keys",
            "Notifications are not set up yet. Ask your administrator: it takes one command (`admin push-keys create`).",
        ),
        KeyRingError::Unavailable { .. } => {
            ("unavailable", "Notifications cannot be turned on just now. Nothing is lost; try again in a moment.")
        }
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
}

fn not_our_key() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not-our-key",
        "This browser was set up with a key that is not used any more. Turn notifications off and on again.",
    )
}

fn not_admitted(why: EndpointError) -> Problem {
    let code = match why {
        EndpointError::Address => "bad-endpoint",
        EndpointError::Service | EndpointError::PrivateNetwork => "push-service-not-allowed",
        EndpointError::Keys => "bad-keys",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, why.to_string())
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too-many-browsers",
        format!(
            "You are notified in {BROWSERS_AT_MOST} browsers already, which is as many as there can be. Remove one of \
             them in the settings, and turn this one on again."
        ),
    )
}

fn sign_in_again() -> Problem {
    Problem::sign_in_again("A browser is added within ten minutes of signing in. Sign in again, and it is on.")
}

fn too_many_tests(full: &LimitWindow, staff: &Staff, now: Timestamp) -> Problem {
    Problem {
        retry_after: Some(full.lasts_secs(now)),
        ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tests", MeteredAction::PushTest.sentence(full, staff))
    }
}

fn removed_elsewhere() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "removed",
        "You have removed this browser from your list, so it is notified no more. Turn notifications on to add it again.",
    )
}

fn no_browser() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-browser",
        "Notifications are not on in that browser any more. Turn them on again there.",
    )
}
