#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, Randomness, Staff};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
use maud::html;
use runtime::Runtime;
use serde_json::json;
use store::{Session, Store, StoreError};
use web::{Answer, Format, Origins, Problem};

/// Starts and ends sessions, and says whose one is.
pub struct SignIn {
    store: Store,
    clock: Clock,
    randomness: Randomness,
    origins: Origins,
}

/// A working day, with some to spare.
const SESSION_SECS: u64 = 12 * 60 * 60;

impl SignIn {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self {
            store: runtime.store(),
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
            origins: Origins::new(runtime.configuration.portal_origins.clone()),
        }
    }

    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let outcome = if request.method() == Method::POST { self.sign_out(&request).await } else { whose(&request) };
        Ok(web::respond(&request, outcome))
    }

    /// Starts a session of somebody who has proven who they are. Gives the `Set-Cookie` that keeps it.
    pub async fn start_session(&self, staff: Staff) -> Result<String, StoreError> {
        let token = self.randomness.token();
        let session = Session { staff, ends: self.clock.now().plus_secs(SESSION_SECS) };
        self.store.start_session(&web::token_hash(&token), &session).await?;
        Ok(web::session_cookie(&token, SESSION_SECS))
    }

    /// Ends the session of the request's cookie, whoever's it is.
    async fn sign_out(&self, request: &Request) -> Result<Answer, Problem> {
        self.origins.check(request)?;
        if let Some(token) = web::session_token(web::cookies(request.headers())) {
            self.store.end_session(&web::token_hash(&token)).await?;
        }
        let answer =
            Format::of(request).answer(|| html! { p { "You are signed out." } }, || json!({"signed_out": true}));
        Ok(answer
            .with_status(StatusCode::SEE_OTHER)
            .with_header("location", "/sign-in.html")
            .with_header("set-cookie", &web::clear_session_cookie()))
    }
}

fn whose(request: &Request) -> Result<Answer, Problem> {
    let staff = web::staff(request)?;
    Ok(Format::of(request).answer(|| views::account(&staff), || views::account_json(&staff)))
}
