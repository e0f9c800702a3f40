//! The identity provider: an OpenID Connect issuer where users sign in by picking a person from a list.
//!
//! The issuer is not deployed: a deployment's secret names another issuer.

mod key;
mod page;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Clock, Randomness, Timestamp};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{DirectoryError, Member, Store};

use crate::stack::StackParts;
use key::SigningKey;

/// The path of the issuer at the stack's address.
const PATH: &str = "/local/issuer";

/// The client id of the `sign-in` function.
const CLIENT: &str = "switchboard";

pub(crate) fn router() -> Router<StackParts> {
    Router::new()
        .route("/local/issuer/.well-known/openid-configuration", get(metadata))
        .route("/local/issuer/keys", get(keys))
        .route("/local/issuer/authorize", get(people).post(pick))
        .route("/local/issuer/token", post(token))
        .route("/local/issuer/end-session", get(end_session))
        .route("/local/staff", get(staff))
}

#[derive(Clone)]
pub(crate) struct Issuer {
    address: Arc<str>,
    portal: Arc<str>,
    client_secret: Arc<str>,
    attempt_key: Arc<str>,
    key: Arc<SigningKey>,
    clock: Clock,
    randomness: Randomness,
    granted: Arc<Mutex<HashMap<String, AuthorizationCode>>>,
}

/// The data for an authorization code that was issued.
struct AuthorizationCode {
    email: String,
    nonce: String,
    challenge: String,
    until: Timestamp,
}

const CODE_SECS: u64 = 60;
const TOKEN_SECS: u64 = 5 * 60;

impl Issuer {
    pub(crate) fn new(portal: &str, clock: Clock, randomness: Randomness) -> anyhow::Result<Self> {
        Ok(Self {
            address: format!("{portal}{PATH}").into(),
            portal: portal.into(),
            client_secret: randomness.token().into(),
            attempt_key: randomness.token().into(),
            key: Arc::new(SigningKey::new(randomness.bytes())?),
            clock,
            randomness,
            granted: Arc::default(),
        })
    }

    /// Returns the configuration for `sign-in`, in the format of the deployment's secret.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "issuer": &*self.address,
            "client_id": CLIENT,
            "client_secret": &*self.client_secret,
            "portal": &*self.portal,
            "attempt_key": &*self.attempt_key,
        })
    }

    fn back(&self) -> String {
        format!("{}/api/sign-in/callback", self.portal)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", self.client_secret)));
        headers.get(AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == expected.as_bytes())
    }

    fn grant(&self, email: String, request: &AuthorizationRequest) -> String {
        let code = self.randomness.token();
        let now = self.clock.now();
        let (nonce, challenge) = (request.nonce.clone(), request.code_challenge.clone());
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.retain(|_, grant| now < grant.until);
        granted.insert(code.clone(), AuthorizationCode { email, nonce, challenge, until: now.plus_secs(CODE_SECS) });
        code
    }

    /// Exchanges an authorization code for an ID token. A code is valid once.
    fn redeem(&self, exchange: &TokenRequest) -> Option<String> {
        let now = self.clock.now();
        let grant = self.granted.lock().unwrap_or_else(PoisonError::into_inner).remove(&exchange.code)?;
        let verifier = PkceCodeVerifier::new(exchange.code_verifier.clone());
        let proven = PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() == grant.challenge;
        let right = exchange.grant_type == "authorization_code" && exchange.redirect_uri == self.back();
        let valid = proven && right && now < grant.until;
        valid.then(|| {
            self.key.sign(&json!({
                "iss": &*self.address,
                "sub": format!("local {}", grant.email).replace(' ', ":"),
                "aud": CLIENT,
                "iat": now.as_secs(),
                // The person has just been picked, which counts as authentication.
                "auth_time": now.as_secs(),
                "exp": now.plus_secs(TOKEN_SECS).as_secs(),
                "nonce": grant.nonce,
                "email": grant.email,
                "email_verified": true,
            }))
        })
    }
}

/// Unpins every login.
///
/// A login is pinned to the address of the issuer. The address changes with the port of the stack.
pub(crate) async fn unpin_all(store: &Store) -> anyhow::Result<()> {
    for member in store.directory().await?.staff {
        match store.unpin(&member.company, &member.staff).await {
            Ok(()) | Err(DirectoryError::NoStaff) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(())
}

async fn metadata(State(shared): State<StackParts>) -> Json<Value> {
    let address = &shared.issuer.address;
    Json(json!({
        "issuer": &**address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
        "end_session_endpoint": format!("{address}/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn keys(State(shared): State<StackParts>) -> Json<Value> {
    Json(json!({"keys": [shared.issuer.key.public()]}))
}

/// An authentication request (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Deserialize)]
struct AuthorizationRequest {
    client_id: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

impl AuthorizationRequest {
    fn acceptable(&self, issuer: &Issuer) -> bool {
        self.client_id == CLIENT && self.redirect_uri == issuer.back() && self.code_challenge_method == "S256"
    }
}

/// A logout request (OpenID Connect RP-Initiated Logout 1.0, section 2).
#[derive(Deserialize)]
struct LogoutRequest {
    client_id: String,
    post_logout_redirect_uri: String,
}

/// Redirects back to the portal. The issuer has no sessions to end.
async fn end_session(State(shared): State<StackParts>, Query(leaving): Query<LogoutRequest>) -> Response {
    let back = format!("{}/sign-in.html", shared.issuer.portal);
    if leaving.client_id != CLIENT || leaving.post_logout_redirect_uri != back {
        return (StatusCode::BAD_REQUEST, "This issuer serves the portal of this stack only.").into_response();
    }
    (StatusCode::SEE_OTHER, [(LOCATION, back)]).into_response()
}

/// Returns an id that is unique among the staff of all companies.
fn id(member: &Member) -> String {
    format!("{}.{}", member.company, member.staff)
}

async fn people(State(shared): State<StackParts>, Query(request): Query<AuthorizationRequest>) -> Response {
    if !request.acceptable(&shared.issuer) {
        return (StatusCode::BAD_REQUEST, "This issuer serves the portal of this stack only.").into_response();
    }
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    Html(page::people(&directory, &request).into_string()).into_response()
}

#[derive(Deserialize)]
struct StaffChoice {
    staff: String,
    #[serde(flatten)]
    request: AuthorizationRequest,
}

async fn pick(State(shared): State<StackParts>, Form(picked): Form<StaffChoice>) -> Response {
    let request = picked.request;
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let member = directory.staff.iter().find(|member| id(member) == picked.staff);
    let Some(domain::Login::Email(email)) = member.map(|member| &member.login) else {
        return (StatusCode::NOT_FOUND, "There is nobody with that id. GET /local/staff lists everybody.")
            .into_response();
    };
    if !request.acceptable(&shared.issuer) {
        return (StatusCode::BAD_REQUEST, "This issuer serves the portal of this stack only.").into_response();
    }
    let code = shared.issuer.grant(email.clone(), &request);
    let query = serde_urlencoded::to_string([("code", &code), ("state", &request.state)]).unwrap_or_default();
    (StatusCode::SEE_OTHER, [(LOCATION, format!("{}?{query}", request.redirect_uri))]).into_response()
}

/// An access token request (RFC 6749, section 4.1.3, and RFC 7636, section 4.5).
#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn token(State(shared): State<StackParts>, headers: HeaderMap, Form(exchange): Form<TokenRequest>) -> Response {
    if !shared.issuer.knows(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
    }
    match shared.issuer.redeem(&exchange) {
        Some(token) => Json(json!({
            "access_token": shared.issuer.randomness.token(),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECS,
            "id_token": token,
        }))
        .into_response(),
        None => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}

async fn staff(State(shared): State<StackParts>) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let staff = directory.staff.iter().map(|member| {
        let company = directory.companies.iter().find(|company| company.id == member.company);
        json!({
            "id": id(member),
            "name": member.name,
            "company": member.company,
            "company_name": company.map(|company| &company.name),
        })
    });
    Json(staff.collect::<Vec<_>>()).into_response()
}
