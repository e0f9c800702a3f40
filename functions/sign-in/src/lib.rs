#![doc = include_str!("../README.md")]

mod attempt;
mod failure;
mod issuer;
mod settings;

use std::convert::Infallible;

use ::http::StatusCode;
use domain::{Clock, CompanyId, Login, Randomness, StaffId, Timestamp};
use lambda_http::{Body, Request, RequestExt, Response};
use maud::html;
use runtime::{Metric, Metrics, Runtime};
use serde_json::json;
use store::{Session, Store};
use web::{Answer, Format, Problem};

use crate::attempt::Attempt;
use crate::failure::{Failure, Reason};
use crate::issuer::Issuer;

/// Starts and ends sessions, and says whose one is.
pub struct SignIn {
    store: Store,
    issuer: Issuer,
    clock: Clock,
    randomness: Randomness,
    metrics: Metrics,
}

/// A working day, with some to spare.
const SESSION_SECS: u64 = 12 * 60 * 60;

impl SignIn {
    /// `secret` names the secret that the issuer and its client are kept in.
    #[must_use]
    pub fn new(runtime: &Runtime, secret: String) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(&runtime.aws);
        Self {
            store: runtime.store(),
            issuer: Issuer::new(secrets, secret, runtime.clock.clone()),
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            metrics: runtime.metrics.clone(),
        }
    }

    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let outcome = match request.raw_http_path() {
            "/api/sign-in" => Ok(self.begin(&request).await),
            "/api/sign-in/callback" => Ok(self.finish(&request).await),
            "/api/sign-out" => self.sign_out(&request).await,
            _ => whose(&request, self.clock.now()),
        };
        Ok(web::respond(&request, outcome))
    }

    /// Sends a browser to the identity provider.
    async fn begin(&self, request: &Request) -> Answer {
        let query = request.query_string_parameters_ref();
        let query = |name| query.and_then(|query| query.first(name));
        let attempt = Attempt::new(&self.randomness, query("back"));
        match self.issuer.address(&attempt, query("again").is_some()).await {
            Ok(address) => to(&address).with_header("set-cookie", &attempt.cookie()),
            Err(failure) => self.not_signed_in(failure),
        }
    }

    /// Takes a browser back from the identity provider.
    async fn finish(&self, request: &Request) -> Answer {
        let answer = match self.session_of_callback(request).await {
            Ok((cookie, back)) => to(&back).with_header("set-cookie", &cookie),
            Err(failure) => self.not_signed_in(failure),
        };
        answer.with_header("set-cookie", &Attempt::clear())
    }

    /// Gives the session's cookie and the page to show.
    async fn session_of_callback(&self, request: &Request) -> Result<(String, String), Failure> {
        let query = request.query_string_parameters_ref();
        let query = |name| query.and_then(|query| query.first(name)).map(str::to_owned);
        let stale = Failure { reason: Reason::Stale, what: "a callback without its attempt" };
        let attempt = query("state").and_then(|state| Attempt::of(request.headers(), &state)).ok_or(stale)?;
        let code = query("code").ok_or_else(|| failure::refused("the issuer let nobody in"))?;
        let logins = self.issuer.logins(code, &attempt).await?;
        let stranger = Failure { reason: Reason::Stranger, what: "nobody here has that login" };
        let (company, staff) = self.staff_of(&logins).await?.ok_or(stranger)?;
        let token = self.randomness.token();
        let began = self.clock.now();
        let session = Session { company, staff, began, ends: began.plus_secs(SESSION_SECS) };
        let started = self.store.start_session(&web::token_hash(&token), &session).await;
        started.map_err(|_| failure::unavailable("the table did not take the session"))?;
        Ok((web::session_cookie(&token, SESSION_SECS), attempt.back))
    }

    async fn staff_of(&self, logins: &[Login]) -> Result<Option<(CompanyId, StaffId)>, Failure> {
        for login in logins {
            let found = self.store.signing_in(login).await;
            let found = found.map_err(|_| failure::unavailable("the table did not answer"))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Back to the sign-in page, which says why.
    fn not_signed_in(&self, failure: Failure) -> Answer {
        let Failure { reason, what } = failure;
        if reason == Reason::Unavailable {
            tracing::error!(what, "nobody can sign in");
            self.metrics.count(Metric::SignInUnavailable);
        } else {
            tracing::warn!(what, "somebody was not signed in");
        }
        to(&format!("/sign-in.html#{}", reason.anchor()))
    }

    /// Ends the session of the request's cookie, whoever's it is.
    async fn sign_out(&self, request: &Request) -> Result<Answer, Problem> {
        web::same_origin(request)?;
        if let Some(token) = web::session_token(web::cookies(request.headers())) {
            self.store.end_session(&web::token_hash(&token)).await?;
        }
        let answer =
            Format::of(request).answer(|| html! { p { "You are signed out." } }, || json!({"signed_out": true}));
        Ok(answer
            .with_status(StatusCode::SEE_OTHER)
            .with_header("location", "/sign-in.html#signed-out")
            .with_header("set-cookie", &web::clear_session_cookie())
            // Of pages that a browser keeps in its memory. They hide themselves too, where it does not know this.
            .with_header("clear-site-data", "\"cache\""))
    }
}

fn whose(request: &Request, now: Timestamp) -> Result<Answer, Problem> {
    let staff = web::staff(request)?;
    Ok(Format::of(request).answer(|| views::account(&staff, now), || views::account_json(&staff)))
}

fn to(address: &str) -> Answer {
    Format::Html.answer(|| html! {}, || json!(null)).with_status(StatusCode::SEE_OTHER).with_header("location", address)
}
