//! Issuers that lie, forget or fail: nobody is let in by them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{Clock, Randomness, Retention, Timestamp};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use lambda_http::{Body, Request, RequestExt, Response};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use runtime::{Configuration, Metrics, Runtime};
use serde_json::{Value, json};
use sign_in::SignIn;
use tokio::net::TcpListener;

const CLIENT: &str = "portal";
const SECRET: &str = "the client's secret";
const NOW_SECS: u64 = 1_790_000_000;
const EMAIL: &str = "dana@harbor.example";

/// How an issuer's token is made, and whether its endpoints work. As it is by default all is well.
#[derive(Clone, Default)]
struct Behaviour {
    claims: Vec<(&'static str, Value)>,
    signed: Signed,
    token: Option<(u16, Value)>,
    discovery: Option<(&'static str, Value)>,
}

#[derive(Clone, Copy, Default)]
enum Signed {
    #[default]
    ByTheIssuer,
    BySomebodyElse,
    WithTheClientsSecret,
    NotAtAll,
}

/// An issuer, the secret that names it, and a table in which one address is somebody's login.
struct World {
    behaviour: Mutex<Behaviour>,
    address: String,
    nonce: Mutex<String>,
    secrets_read: AtomicU64,
}

impl World {
    async fn with(behaviour: Behaviour) -> (Arc<Self>, SignIn) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Self {
            behaviour: Mutex::new(behaviour),
            address: address.clone(),
            nonce: Mutex::default(),
            secrets_read: AtomicU64::default(),
        });
        let router = Router::new()
            .route("/", post(aws))
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(async || Json(json!({"keys": [key(1).as_verification_key()]}))))
            .route("/token", post(token))
            .with_state(world.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        let aws = aws_types::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("test"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("test", "test", None)))
            .http_client(runtime::http_client())
            .endpoint_url(address)
            .build();
        let clock = Clock::new(|| Timestamp::from_millis(NOW_SECS * 1000));
        let runtime = Runtime {
            configuration: Configuration { table: "table".to_owned(), retention: Retention::default() },
            aws,
            metrics: Metrics::new(clock.clone(), |_| {}),
            clock,
            randomness: Randomness::new({
                let next = AtomicU64::new(1);
                move || {
                    let mut bytes = [0; 32];
                    bytes[..8].copy_from_slice(&next.fetch_add(1, Ordering::Relaxed).to_le_bytes());
                    bytes
                }
            }),
        };
        (world, SignIn::new(&runtime, "sign-in".to_owned()))
    }

    /// A whole sign-in. Gives where it leads, and whether there is a session.
    async fn sign_in(&self, function: &SignIn) -> (String, bool) {
        let begun = function.handle(request("/api/sign-in", &[], "")).await.unwrap();
        let address = location(&begun);
        let Some((_, query)) = address.split_once("/authorize?") else { return (address, false) };
        let asked: HashMap<String, String> = serde_urlencoded::from_str(query).unwrap();
        self.nonce.lock().unwrap().clone_from(&asked["nonce"]);
        let cookie = begun.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let callback = request("/api/sign-in/callback", &[("code", "a code"), ("state", &asked["state"])], &cookie);
        let answer = function.handle(callback).await.unwrap();
        let session = answer.headers().get_all(SET_COOKIE).iter();
        let session = session.filter(|cookie| cookie.to_str().unwrap().starts_with("__Host-switchboard=")).count();
        (location(&answer), session > 0)
    }
}

fn request(path: &str, query: &[(&str, &str)], cookie: &str) -> Request {
    let query: HashMap<String, Vec<String>> =
        query.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
    let request = http::Request::get(path).header(COOKIE, cookie).body(Body::Empty).unwrap();
    request.with_raw_http_path(path).with_query_string_parameters(query)
}

fn location(response: &Response<Body>) -> String {
    assert_eq!(response.status(), 303);
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    let pkcs8 = [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[seed; 32]].concat();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new("k".to_owned()))).unwrap()
}

fn jwt(signed: Signed, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |name: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let content = format!("{}.{}", part(&json!({"alg": name, "kid": "k"})), part(claims));
        let signature = sign(content.as_bytes());
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let ed25519 = |seed| with("EdDSA", &|content| key(seed).sign(&CoreJwsSigningAlgorithm::EdDsa, content).unwrap());
    match signed {
        Signed::ByTheIssuer => ed25519(1),
        Signed::BySomebodyElse => ed25519(2),
        Signed::WithTheClientsSecret => with("HS256", &|content| {
            CoreHmacKey::new(SECRET).sign(&CoreJwsSigningAlgorithm::HmacSha256, content).unwrap()
        }),
        Signed::NotAtAll => with("none", &|_| Vec::new()),
    }
}

async fn discovery(State(world): State<Arc<World>>) -> Json<Value> {
    let address = &world.address;
    let mut metadata = json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    if let Some((name, value)) = &world.behaviour.lock().unwrap().discovery {
        metadata[name] = value.clone();
    }
    Json(metadata)
}

async fn token(State(world): State<Arc<World>>) -> (StatusCode, Json<Value>) {
    let behaviour = world.behaviour.lock().unwrap().clone();
    if let Some((status, body)) = behaviour.token {
        return (StatusCode::from_u16(status).unwrap(), Json(body));
    }
    let mut claims = json!({
        "iss": world.address, "aud": CLIENT, "sub": "somebody", "iat": NOW_SECS, "exp": NOW_SECS + 300,
        "nonce": *world.nonce.lock().unwrap(), "email": EMAIL, "email_verified": true,
    });
    for (name, value) in behaviour.claims {
        claims[name] = value;
    }
    let token = jwt(behaviour.signed, &claims);
    (StatusCode::OK, Json(json!({"access_token": "a", "token_type": "Bearer", "id_token": token})))
}

async fn aws(State(world): State<Arc<World>>, headers: HeaderMap, body: String) -> Json<Value> {
    let target = headers["x-amz-target"].to_str().unwrap();
    if target == "secretsmanager.GetSecretValue" {
        world.secrets_read.fetch_add(1, Ordering::Relaxed);
        let settings = json!({"issuer": world.address, "client_id": CLIENT, "client_secret": SECRET,
            "portal": "https://sms.example.com"});
        return Json(json!({"Name": "sign-in", "SecretString": settings.to_string()}));
    }
    let known = target.ends_with(".GetItem") && body.contains(&format!("LOGIN#email {EMAIL}\""));
    let text = |text: &str| json!({"S": text});
    let login =
        json!({"pk": text("LOGIN#email"), "sk": text("LOGIN"), "company": text("harbor"), "staff": text("dana")});
    Json(if known { json!({"Item": login}) } else { json!({}) })
}

async fn outcome(behaviour: Behaviour) -> (String, bool) {
    let (world, function) = World::with(behaviour).await;
    world.sign_in(&function).await
}

fn page(reason: &str) -> (String, bool) {
    (format!("/sign-in.html#{reason}"), false)
}

#[tokio::test]
async fn an_honest_issuer_lets_its_person_in() {
    assert_eq!(outcome(Behaviour::default()).await, ("/".to_owned(), true));
}

#[tokio::test]
async fn a_token_that_is_not_of_this_issuer_client_attempt_and_time_is_refused() {
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another application")),
        ("nonce", json!("of another attempt")),
        ("exp", json!(NOW_SECS - 1)),
    ] {
        let behaviour = Behaviour { claims: vec![(claim, value)], ..Behaviour::default() };
        assert_eq!(outcome(behaviour).await, page("refused"), "{claim}");
    }
}

#[tokio::test]
async fn a_token_that_the_issuer_did_not_sign_is_refused() {
    for signed in [Signed::BySomebodyElse, Signed::WithTheClientsSecret, Signed::NotAtAll] {
        assert_eq!(outcome(Behaviour { signed, ..Behaviour::default() }).await, page("refused"));
    }
}

#[tokio::test]
async fn an_address_that_the_issuer_does_not_vouch_for_is_nobodys_login() {
    for claims in [
        vec![("email_verified", json!(false))],
        vec![("email_verified", json!(null))],
        vec![("email", json!("somebody@else.example"))],
        vec![("email", json!("nobody")), ("sub", json!(EMAIL))],
    ] {
        assert_eq!(outcome(Behaviour { claims, ..Behaviour::default() }).await, page("stranger"));
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_work_is_said_to_be_out_of_reach() {
    let discovery = |name, value| Behaviour { discovery: Some((name, value)), ..Behaviour::default() };
    assert_eq!(outcome(discovery("issuer", json!("https://evil.example"))).await, page("unavailable"));
    assert_eq!(outcome(discovery("jwks_uri", json!("http://127.0.0.1:1/"))).await, page("unavailable"));
    assert_eq!(outcome(discovery("token_endpoint", json!("http://127.0.0.1:1/"))).await, page("unavailable"));
    let broken = Behaviour { token: Some((500, json!("oops"))), ..Behaviour::default() };
    assert_eq!(outcome(broken).await, page("unavailable"));
}

#[tokio::test]
async fn a_code_that_the_issuer_does_not_take_is_refused_and_a_client_that_it_does_not_know_is_our_fault() {
    for (error, reason) in
        [("invalid_grant", "refused"), ("invalid_client", "unavailable"), ("unauthorized_client", "unavailable")]
    {
        let token = Some((400, json!({"error": error})));
        assert_eq!(outcome(Behaviour { token, ..Behaviour::default() }).await, page(reason), "{error}");
    }
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_again_after_the_old_one_has_failed() {
    let refusal = Some((401, json!({"error": "invalid_client"})));
    let (world, function) = World::with(Behaviour { token: refusal, ..Behaviour::default() }).await;
    assert_eq!(world.sign_in(&function).await, page("unavailable"));
    assert_eq!(world.secrets_read.load(Ordering::Relaxed), 1);
    world.behaviour.lock().unwrap().token = None;
    assert_eq!(world.sign_in(&function).await, ("/".to_owned(), true));
    assert_eq!(world.sign_in(&function).await, ("/".to_owned(), true));
    assert_eq!(world.secrets_read.load(Ordering::Relaxed), 2, "and not at every sign-in");
}
