#![doc = include_str!("../README.md")]

use domain::Clock;
use lambda_runtime::Error;
use runtime::Runtime;
use serde_json::{Value, json};
use store::{Store, StoreError};
use web::Verdict;

/// Says whose session a request has. API Gateway keeps the answer for a minute for each cookie.
pub struct Authorize {
    store: Store,
    clock: Clock,
}

impl Authorize {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    /// Takes API Gateway's request to an authorizer (format 2.0), gives its simple response.
    pub async fn handle(&self, event: &Value) -> Result<Value, Error> {
        let verdict = self.verdict(web::session_token(cookies(event))).await?;
        Ok(json!({"isAuthorized": true, "context": verdict}))
    }

    async fn verdict(&self, token: Option<String>) -> Result<Verdict, StoreError> {
        let Some(token) = token else { return Ok(Verdict::Unknown) };
        let Some(session) = self.store.session(&web::token_hash(&token)).await? else { return Ok(Verdict::Unknown) };
        if session.ends <= self.clock.now() {
            return Ok(Verdict::Ended);
        }
        // Whoever is no longer staff, or was signed out everywhere, has no session any more.
        let present = self.store.present(&session.company, &session.staff).await?;
        let present = present.filter(|present| present.sessions_since.is_none_or(|since| since <= session.began));
        Ok(present.map_or(Verdict::Ended, |present| Verdict::Live(present.staff)))
    }
}

/// API Gateway hands cookies over one by one; some emulators leave them in the header.
fn cookies(event: &Value) -> impl Iterator<Item = &str> {
    let listed = event.get("cookies").and_then(Value::as_array).into_iter().flatten();
    let header = event.get("headers").and_then(Value::as_object).into_iter().flatten();
    let header = header.filter(|(name, _)| name.eq_ignore_ascii_case("cookie")).map(|(_, value)| value);
    listed.chain(header).filter_map(Value::as_str)
}
