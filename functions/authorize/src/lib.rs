#![doc = include_str!("../README.md")]

use domain::{Clock, RequestSession, Scheme, Staff};
use lambda_runtime::Error;
use origin_secret::{Admission, OriginGuard};
use runtime::{Metric, Metrics, Runtime};
use serde_json::{Value, json};
use store::{ConnectionOwner, Store, StoreError};
use web::SessionVerdict;

/// Authorizes requests and WebSocket handshakes by the session in their cookie.
///
/// API Gateway caches the result for an HTTP request for a minute, for each cookie and origin secret.
pub struct AuthorizeFunction {
    store: Store,
    origin: OriginGuard,
    clock: Clock,
    portal: Scheme,
    metrics: Metrics,
}

impl AuthorizeFunction {
    /// Creates the function with the deployment's configuration.
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        let Runtime { configuration, aws, clock, metrics, .. } = runtime;
        let origin = OriginGuard::new(aws, configuration.origin_secret.clone(), clock.clone());
        let (clock, metrics) = (clock.clone(), metrics.clone());
        Self { store: runtime.store(), origin, clock, portal: configuration.portal, metrics }
    }

    /// Loads the origin secret before the first request.
    pub async fn warm_up(&self) {
        self.origin.warm_up().await;
    }

    /// Authorizes a request of the HTTP API or a WebSocket handshake.
    ///
    /// Returns a simple response for an HTTP API (payload format 2.0). Returns a policy for a WebSocket API, whose
    /// event has a `methodArn`.
    pub async fn handle(&self, event: &Value) -> Result<Value, Error> {
        let admission = self.origin.admission(header(event, origin_secret::HEADER).next()).await?;
        if admission == Admission::Overdue {
            tracing::error!(
                "CloudFront still shows what was replaced: deploy the present version of the origin secret"
            );
            self.metrics.count(Metric::OriginSecretOverdue);
        }
        if admission.is_refused() {
            // A request that did not come through CloudFront is denied without reading its session.
            tracing::warn!("a request did not come through CloudFront");
            return Ok(match event.get("methodArn") {
                None => json!({"isAuthorized": false}),
                Some(method) => policy(method, None),
            });
        }
        let (verdict, holder) = self.verdict(web::session_token(self.portal, cookies(event))).await?;
        Ok(match event.get("methodArn") {
            None => json!({"isAuthorized": true, "context": verdict}),
            Some(method) => policy(method, holder.as_ref()),
        })
    }

    /// Returns the verdict on a session token. For an active session, also returns the owner of a WebSocket connection.
    async fn verdict(&self, token: Option<String>) -> Result<(SessionVerdict, Option<ConnectionOwner>), StoreError> {
        let Some(token) = token else { return Ok((SessionVerdict::Unknown, None)) };
        let hash = web::token_hash(&token);
        let Some(session) = self.store.session(&hash).await? else { return Ok((SessionVerdict::Unknown, None)) };
        if session.ends <= self.clock.now() {
            return Ok((SessionVerdict::Ended, None));
        }
        // A session ends when its member of staff is removed or signs out everywhere.
        let present = self.store.active_staff(&session.company, &session.staff).await?;
        let present = present.filter(|present| present.sessions_since.is_none_or(|since| since <= session.began));
        let Some(present) = present else { return Ok((SessionVerdict::Ended, None)) };
        let (began, authenticated, lifetime) = (session.began, session.authenticated, session.lifetime);
        let signed_in = RequestSession { session: hash.clone(), began, authenticated, lifetime: Some(lifetime) };
        let staff = Staff { signed_in: Some(signed_in), ..present.staff };
        let holder = ConnectionOwner {
            company: session.company,
            staff: session.staff,
            session: hash,
            began: session.began,
            ends: session.ends,
        };
        // API clients may not open a WebSocket.
        let holder = Some(holder).filter(|_| !staff.is_program);
        Ok((SessionVerdict::Live(staff), holder))
    }
}

/// Returns the policy for a WebSocket API.
///
/// Without a session, the policy denies the handshake. A handshake cannot show an error, so the page then makes an HTTP
/// request, whose response contains the reason.
fn policy(method: &Value, holder: Option<&ConnectionOwner>) -> Value {
    let effect = if holder.is_some() { "Allow" } else { "Deny" };
    json!({
        "principalId": holder.map_or("nobody", |holder| holder.staff.as_str()),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": method}],
        },
        "context": holder.map_or_else(|| json!({}), web::socket_context),
    })
}

/// Returns the cookies of a request. HTTP APIs pass cookies as a list. WebSocket APIs and some emulators leave them in
/// the header.
fn cookies(event: &Value) -> impl Iterator<Item = &str> {
    let listed = event.get("cookies").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).chain(header(event, "cookie"))
}

/// Returns the values of a header. The comparison ignores case, because WebSocket APIs pass header names as they were
/// sent.
fn header<'a>(event: &'a Value, wanted: &'static str) -> impl Iterator<Item = &'a str> {
    let headers = event.get("headers").and_then(Value::as_object).into_iter().flatten();
    headers.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).filter_map(|(_, value)| value.as_str())
}
