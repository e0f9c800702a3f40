//! An OpenID Connect issuer whose behaviour a test sets, including violations of the specification.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{Clock, Timestamp};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const CLIENT: &str = "portal";

/// The behaviour of the issuer. By default, the issuer is correct, and every user is Dana.
#[derive(Clone)]
pub struct IssuerBehaviour {
    /// Fields that are added to the discovery document, or replace the correct ones.
    pub discovery: Vec<(&'static str, Value)>,
    /// Claims that are added to an ID token, or replace the correct ones.
    pub claims: Vec<(&'static str, Value)>,
    /// Fields that are added to the token endpoint's response, or replace the correct ones.
    pub answer: Vec<(&'static str, Value)>,
    /// The status and the body of an error with which the token endpoint answers.
    pub refusal: Option<(u16, Value)>,
    pub signed: TokenSigner,
    /// The current signing key. Each key has its own id.
    pub key: u8,
    /// Where the issuer expects the client's secret in a request to the token endpoint.
    pub takes_secret: SecretLocation,
    /// The client's secret, as registered with the issuer.
    pub client_secret: &'static str,
}

impl Default for IssuerBehaviour {
    fn default() -> Self {
        Self {
            discovery: Vec::new(),
            claims: Vec::new(),
            answer: Vec::new(),
            refusal: None,
            signed: TokenSigner::ByTheIssuer,
            key: 1,
            takes_secret: SecretLocation::InTheHeader,
            client_secret: CLIENT_SECRET,
        }
    }
}

/// The client's secret, as configured in a stack that trusts the issuer.
const CLIENT_SECRET: &str = "the client's secret";

#[derive(Clone, Copy, Debug)]
pub enum TokenSigner {
    ByTheIssuer,
    BySomebodyElse,
    WithTheClientsSecret,
    NotAtAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretLocation {
    InTheHeader,
    InTheBody,
}

/// How often each endpoint was requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    pub discoveries: u64,
    pub keys: u64,
    pub tokens: u64,
}

pub struct FaultyIssuer {
    world: Arc<IssuerState>,
    serving: JoinHandle<()>,
}

struct IssuerState {
    address: String,
    behaviour: Mutex<IssuerBehaviour>,
    clock: Clock,
    discoveries: AtomicU64,
    keys: AtomicU64,
    tokens: AtomicU64,
}

impl Drop for FaultyIssuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FaultyIssuer {
    pub async fn open(behaviour: IssuerBehaviour) -> Self {
        Self::with_clock(behaviour, runtime::wall_clock()).await
    }

    pub async fn with_clock(behaviour: IssuerBehaviour, clock: Clock) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let world = Arc::new(IssuerState {
            address: format!("http://{}", listener.local_addr().expect("an address")),
            behaviour: Mutex::new(behaviour),
            clock,
            discoveries: AtomicU64::default(),
            keys: AtomicU64::default(),
            tokens: AtomicU64::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(world.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it is served") });
        Self { world, serving }
    }

    pub fn behaves(&self, behaviour: IssuerBehaviour) {
        *self.world.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    #[must_use]
    pub fn address(&self) -> &str {
        &self.world.address
    }

    #[must_use]
    pub fn request_counts(&self) -> RequestCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let IssuerState { discoveries, keys, tokens, .. } = &*self.world;
        RequestCounts { discoveries: count(discoveries), keys: count(keys), tokens: count(tokens) }
    }

    /// Returns the sign-in secret of a stack that trusts this issuer, without `portal`.
    #[must_use]
    pub fn client(&self) -> Value {
        json!({"issuer": self.address(), "client_id": CLIENT, "client_secret": CLIENT_SECRET,
            "attempt_key": "a key that only the tests have: 0123456789abcdef"})
    }
}

impl IssuerState {
    fn behaviour(&self) -> IssuerBehaviour {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn key_id(seed: u8) -> String {
    format!("key {seed}")
}

fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    // PKCS #8 of an Ed25519 key (RFC 8410, section 7).
    let pkcs8 = [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[seed; 32]].concat();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8));
    let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(key_id(seed))));
    key.unwrap_or_else(|error| panic!("no key: {error}"))
}

/// Returns a JWT whose header names the issuer's key, signed as `behaviour` says.
fn jwt(behaviour: &IssuerBehaviour, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |algorithm: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let header = json!({"alg": algorithm, "kid": key_id(behaviour.key)});
        let content = format!("{}.{}", part(&header), part(claims));
        let signature = sign(content.as_bytes());
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let ed25519 = |seed: u8| {
        with("EdDSA", &|content| key(seed).sign(&CoreJwsSigningAlgorithm::EdDsa, content).expect("a signature"))
    };
    match behaviour.signed {
        TokenSigner::ByTheIssuer => ed25519(behaviour.key),
        TokenSigner::BySomebodyElse => ed25519(behaviour.key + 100),
        TokenSigner::WithTheClientsSecret => with("HS256", &|content| {
            let key = CoreHmacKey::new(behaviour.client_secret);
            key.sign(&CoreJwsSigningAlgorithm::HmacSha256, content).expect("a signature")
        }),
        TokenSigner::NotAtAll => with("none", &|_| Vec::new()),
    }
}

fn merged(mut object: Value, besides: Vec<(&'static str, Value)>) -> Value {
    for (name, value) in besides {
        object[name] = value;
    }
    object
}

async fn discovery(State(world): State<Arc<IssuerState>>) -> Json<Value> {
    world.discoveries.fetch_add(1, Ordering::Relaxed);
    let (address, behaviour) = (&world.address, world.behaviour());
    let mut metadata = json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    if behaviour.takes_secret == SecretLocation::InTheBody {
        metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    }
    Json(merged(metadata, behaviour.discovery))
}

async fn keys(State(world): State<Arc<IssuerState>>) -> Json<Value> {
    world.keys.fetch_add(1, Ordering::Relaxed);
    Json(json!({"keys": [key(world.behaviour().key).as_verification_key()]}))
}

/// Answers the token endpoint. The nonce of an ID token is its authorization code, so each of several concurrent
/// sign-ins gets its own nonce.
async fn token(
    State(world): State<Arc<IssuerState>>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> (StatusCode, Json<Value>) {
    world.tokens.fetch_add(1, Ordering::Relaxed);
    let behaviour = world.behaviour();
    if let Some((status, body)) = behaviour.refusal {
        return (StatusCode::from_u16(status).expect("a status"), Json(body));
    }
    let sent = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let knows = match behaviour.takes_secret {
        SecretLocation::InTheHeader => {
            // RFC 6749, section 2.3.1: both are form-encoded first.
            let secret = behaviour.client_secret.replace(' ', "+").replace('\'', "%27");
            let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}")));
            headers.get(AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == basic.as_bytes())
        }
        SecretLocation::InTheBody => {
            let in_body = (sent("client_id"), sent("client_secret"));
            in_body == (Some(CLIENT), Some(behaviour.client_secret)) && !headers.contains_key(AUTHORIZATION)
        }
    };
    if !knows {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"})));
    }
    let now = world.now();
    let claims = json!({
        "iss": world.address, "aud": CLIENT, "sub": "dana", "iat": now.as_secs(), "exp": now.plus_secs(300).as_secs(),
        "nonce": sent("code"), "email": "dana@harbor-dental.example", "email_verified": true,
    });
    let id_token = jwt(&behaviour, &merged(claims, behaviour.claims.clone()));
    let answer = json!({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
    (StatusCode::OK, Json(merged(answer, behaviour.answer)))
}
