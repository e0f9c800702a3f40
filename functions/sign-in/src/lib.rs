#![doc = include_str!("../README.md")]

mod attempt;
mod attempt_cookies;
mod back;
mod end_session;
mod exchange;
mod failure;
mod id_token;
mod issuer;
mod keys;
mod own_sessions;
mod provider;
mod settings;
mod used_attempts;

use std::convert::Infallible;

use ::http::StatusCode;
use domain::{AuditAction, Clock, CompanyId, Randomness, Scheme, SessionLifetime, StaffId, Timestamp};
use lambda_http::{Body, Request, RequestExt, Response};
use maud::html;
use origin_secret::{Admission, OriginGuard};
use runtime::{Metric, Metrics, Runtime};
use serde_json::json;
use store::{LoginOwner, Session, Store};
use web::{Problem, ResponseFormat, WebResponse};

use crate::attempt::SignInAttempt;
use crate::attempt_cookies::AttemptCookies;
use crate::failure::{FailureReason, STALE, SignInFailure, rejected, stranger, unavailable};
use crate::id_token::VerifiedPerson;
use crate::issuer::Issuer;
use crate::settings::Settings;
use crate::used_attempts::UsedAttempts;

/// Signs staff in and out, lists and ends their sessions, and returns the owner of the current session.
pub struct SignInFunction {
    store: Store,
    origin: OriginGuard,
    issuer: Issuer,
    used: UsedAttempts,
    portal: Scheme,
    idle_minutes: Option<u16>,
    clock: Clock,
    randomness: Randomness,
    metrics: Metrics,
}

/// How long a session lasts, in seconds: longer than a working day.
const SESSION_SECS: u64 = 12 * 60 * 60;

/// How long the secret and the provider's metadata are cached, in seconds.
const CACHE_SECS: u64 = 10 * 60;

impl SignInFunction {
    /// `secret` is the name of the secret with the issuer and the client's credentials.
    #[must_use]
    pub fn new(runtime: &Runtime, secret: String) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(&runtime.aws);
        let origin_secret = runtime.configuration.origin_secret.clone();
        Self {
            store: runtime.store(),
            origin: OriginGuard::new(&runtime.aws, origin_secret, runtime.clock.clone()),
            issuer: Issuer::new(secrets, secret, runtime.clock.clone()),
            used: UsedAttempts::default(),
            portal: runtime.configuration.portal,
            idle_minutes: runtime.configuration.idle_minutes,
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            metrics: runtime.metrics.clone(),
        }
    }

    /// Loads the origin secret before the first request.
    pub async fn warm_up(&self) {
        self.origin.warm_up().await;
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let outcome = match self.came_through_the_portal(&request).await {
            Ok(()) => self.answer(&request).await,
            Err(problem) => Err(problem),
        };
        Ok(web::respond(&request, outcome))
    }

    async fn answer(&self, request: &Request) -> Result<WebResponse, Problem> {
        match request.raw_http_path() {
            "/api/sign-in" => Ok(self.begin(request).await.unwrap_or_else(|failure| self.not_signed_in(failure))),
            "/api/sign-in/callback" => {
                Ok(self.finish(request).await.unwrap_or_else(|failure| self.not_signed_in(failure)))
            }
            "/api/sign-out" => self.sign_out(request).await,
            "/api/sign-out/issuer" => Ok(self.leave_issuer().await),
            "/api/session" => session_owner(request, self.clock.now()),
            _ => self.own_sessions(request).await,
        }
    }

    /// Rejects requests that did not come through CloudFront.
    ///
    /// The check applies to every route. The authorizer also checks some routes, but this check cannot miss a route.
    async fn came_through_the_portal(&self, request: &Request) -> Result<(), Problem> {
        let shown = request.headers().get(origin_secret::HEADER).and_then(|shown| shown.to_str().ok());
        match self.origin.admission(shown).await {
            Ok(Admission::Admitted | Admission::Overdue) => Ok(()),
            Ok(Admission::Refused) => {
                tracing::warn!("a request did not come through CloudFront");
                Err(Problem::around_the_portal())
            }
            Err(error) => {
                tracing::error!(%error, "sign-in is unavailable");
                self.metrics.count(Metric::SignInUnavailable);
                Err(Problem::unavailable())
            }
        }
    }

    /// Redirects a browser to the identity provider.
    async fn begin(&self, request: &Request) -> Result<WebResponse, SignInFailure> {
        let again = query(request, "again").is_some();
        let attempt = SignInAttempt::new(&self.randomness, self.clock.now(), again, query(request, "back"));
        let settings = self.issuer.settings().await?;
        let address = self.issuer.address(&attempt).await?;
        let cookies = self.attempt_cookies(&settings);
        let forgotten = cookies.clear_oldest(request.headers());
        let answer = redirect_to(&address).with_header("set-cookie", &cookies.set_cookie(&attempt));
        Ok(forgotten.iter().fold(answer, |answer, cookie| answer.with_header("set-cookie", cookie)))
    }

    /// Handles the callback from the identity provider.
    ///
    /// Ends only the attempt with the callback's `state`, so a forged callback changes nothing.
    async fn finish(&self, request: &Request) -> Result<WebResponse, SignInFailure> {
        let settings = self.issuer.settings().await?;
        let cookies = self.attempt_cookies(&settings);
        let attempt =
            query(request, "state").and_then(|state| cookies.find(request.headers(), state, self.clock.now()));
        let Some(attempt) = attempt else { return Ok(self.not_of_an_attempt(request, "/").await) };
        let answer = if self.used.add(&attempt.state) {
            match self.session_of(request, &attempt).await {
                Ok(cookie) => redirect_to(&attempt.back).with_header("set-cookie", &cookie),
                Err(failure) => self.not_signed_in(failure),
            }
        } else {
            self.not_of_an_attempt(request, &attempt.back).await
        };
        Ok(answer.with_header("set-cookie", &cookies.clear_cookie(&attempt)))
    }

    fn attempt_cookies<'a>(&self, settings: &'a Settings) -> AttemptCookies<'a> {
        AttemptCookies { scheme: self.portal, key: settings.attempt_key() }
    }

    /// Returns the session token in a browser's cookie.
    fn session_token(&self, request: &Request) -> Option<String> {
        web::session_token(self.portal, web::cookies(request.headers()))
    }

    /// Handles a callback that is repeated, late or forged, so that it matches no attempt. A browser with a session is
    /// redirected to `back`.
    async fn not_of_an_attempt(&self, request: &Request, back: &str) -> WebResponse {
        if self.has_session(request).await { redirect_to(back) } else { self.not_signed_in(STALE) }
    }

    /// Returns whether a browser has a session that has not expired. This does not detect a session that was revoked by
    /// a sign-out everywhere. The page detects that.
    async fn has_session(&self, request: &Request) -> bool {
        let Some(token) = self.session_token(request) else { return false };
        let session = self.store.session(&web::token_hash(&token)).await;
        matches!(session, Ok(Some(session)) if self.clock.now() < session.ends)
    }

    /// Exchanges the callback's authorization code, starts a session for the user, and returns the session cookie.
    async fn session_of(&self, request: &Request, attempt: &SignInAttempt) -> Result<String, SignInFailure> {
        let code = query(request, "code").ok_or(rejected("the issuer let nobody in"))?;
        let person = self.issuer.person(code, attempt).await?;
        let LoginOwner { company, staff, .. } = self.owner_of_login(&person).await?;
        let token = self.randomness.token();
        let began = self.clock.now();
        // If the provider returns no time and the attempt required new credentials, the user is assumed to have just
        // entered them.
        let authenticated = person.authenticated.map(|asked| asked.min(began)).or(attempt.again.then_some(began));
        let lifetime = SessionLifetime::new(began, SESSION_SECS, self.idle_minutes);
        let session = Session::new(company, staff, web::browser_name(request.headers()), began, lifetime);
        let session = Session { authenticated, ..session };
        let entry = web::audited(request, &session.company, &session.staff, AuditAction::SignIn, began);
        let noted = self.store.audit(&entry).await;
        noted.map_err(|_| unavailable("the table did not take the audit log's entry"))?;
        let started = self.store.start_session(&web::token_hash(&token), &session).await;
        started.map_err(|_| unavailable("the table did not take the session"))?;
        // The browser replaces its session cookie, so its earlier session could no longer be used or ended there.
        if let Some(before) = self.session_token(request)
            && let Err(error) = self.store.end_session(&web::token_hash(&before)).await
        {
            tracing::warn!(%error, "the browser's previous session was not ended");
        }
        Ok(web::session_cookie(self.portal, &token, SESSION_SECS))
    }

    /// Returns the owner of the login that a user signs in with.
    ///
    /// The first sign-in pins a login to the user's identity. An email address can be reassigned to another person, and
    /// another issuer can use the same login for another person.
    async fn owner_of_login(&self, person: &VerifiedPerson) -> Result<LoginOwner, SignInFailure> {
        let no_answer = |_| unavailable("the table did not answer");
        for login in &person.logins {
            let Some(owner) = self.store.signing_in(login).await.map_err(no_answer)? else { continue };
            let is_theirs = match &owner.pinned_to {
                Some(identity) => *identity == person.identity,
                None => self.store.pin(login, &person.identity).await.map_err(no_answer)?,
            };
            return if is_theirs { Ok(owner) } else { Err(stranger("the login is pinned to another person")) };
        }
        Err(stranger("nobody here has that login"))
    }

    /// Redirects to the sign-in page, which shows the reason.
    fn not_signed_in(&self, failure: SignInFailure) -> WebResponse {
        let SignInFailure { reason, what } = failure;
        if reason == FailureReason::Unavailable {
            tracing::error!(what, "sign-in is unavailable");
            self.metrics.count(Metric::SignInUnavailable);
        } else {
            tracing::warn!(what, "a sign-in failed");
        }
        redirect_to(&format!("/sign-in.html#{}", reason.anchor()))
    }

    /// Ends the session in the request's cookie, without checking who its owner is.
    async fn sign_out(&self, request: &Request) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        if let Some(token) = self.session_token(request)
            && let Some(Session { company, staff, .. }) = self.store.end_session(&web::token_hash(&token)).await?
        {
            self.audit_sign_out(request, &company, &staff).await;
        }
        let answer = ResponseFormat::of_request(request)
            .answer(|| html! { p { "You are signed out." } }, || json!({"signed_out": true}));
        Ok(answer
            .with_status(StatusCode::SEE_OTHER)
            // A script on that page continues to the provider, since the portal does not allow forms to lead to other
            // sites.
            .with_header("location", "/sign-in.html#signing-out")
            .with_header("set-cookie", &web::clear_session_cookie(self.portal))
            // This header removes pages from the browser's cache. In browsers that do not support the header, pages
            // hide their content.
            .with_header("clear-site-data", "\"cache\""))
    }

    /// Writes the audit log entry of a sign-out. A failure is only logged, since the session has ended already.
    async fn audit_sign_out(&self, request: &Request, company: &CompanyId, staff: &StaffId) {
        let entry = web::audited(request, company, staff, AuditAction::SignOut, self.clock.now());
        if let Err(error) = self.store.audit(&entry).await {
            tracing::error!(%error, "a sign-out was not written to the audit log");
        }
    }

    /// Redirects a browser that has signed out here to the provider, to sign out there too. The browser's next sign-in
    /// asks for the password in any case.
    async fn leave_issuer(&self) -> WebResponse {
        match self.issuer.end_session_address().await {
            Ok(Some(address)) => redirect_to(&address),
            Ok(None) => redirect_to(SIGNED_OUT),
            Err(SignInFailure { what, .. }) => {
                tracing::warn!(what, "a sign-out did not reach the identity provider");
                redirect_to(SIGNED_OUT)
            }
        }
    }
}

const SIGNED_OUT: &str = "/sign-in.html#signed-out";

/// Returns a query parameter.
fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query_string_parameters_ref()?.first(name)
}

fn session_owner(request: &Request, now: Timestamp) -> Result<WebResponse, Problem> {
    let staff = web::staff(request)?;
    Ok(ResponseFormat::of_request(request).answer(|| views::account(&staff, now), || views::account_json(&staff)))
}

fn redirect_to(address: &str) -> WebResponse {
    ResponseFormat::Html
        .answer(|| html! {}, || json!(null))
        .with_status(StatusCode::SEE_OTHER)
        .with_header("location", address)
}
