//! API Gateway: an HTTP API with payload format 2.0 and a cached request authorizer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, on};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Clock, Timestamp};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::functions::Functions;
use crate::stack::StackParts;

/// A route of the HTTP API, with the function that it invokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub function: &'static str,
    /// Whether the route has no authorizer.
    pub public: bool,
}

const fn route(method: &'static str, path: &'static str, function: &'static str) -> Route {
    Route { method, path, function, public: false }
}

const fn public(method: &'static str, path: &'static str, function: &'static str) -> Route {
    Route { method, path, function, public: true }
}

/// The routes of the HTTP API. A test compares them with `infra/template.yaml`.
pub const ROUTES: [Route; 36] = [
    route("GET", "/api/notifications", "list-notifications"),
    route("GET", "/api/conversations", "list-conversations"),
    route("GET", "/api/conversations/{conversation}/messages", "fetch-conversation"),
    route("POST", "/api/conversations/{conversation}/messages", "send-reply"),
    route("POST", "/api/conversations/{conversation}/opt-out", "send-reply"),
    route("POST", "/api/conversations/{conversation}/done", "send-reply"),
    route("PUT", "/api/conversations/{conversation}/block", "send-reply"),
    route("DELETE", "/api/conversations/{conversation}/block", "send-reply"),
    route("GET", "/api/conversations/{conversation}/history", "customer-data"),
    route("POST", "/api/conversations/{conversation}/customer-data", "customer-data"),
    route("DELETE", "/api/conversations/{conversation}/customer-data", "customer-data"),
    route("GET", "/api/conversations/{conversation}/customer-data", "customer-data"),
    route("POST", "/api/messages", "send-reply"),
    route("GET", "/api/drafts/{draft}", "send-reply"),
    route("PUT", "/api/drafts/{draft}", "send-reply"),
    route("DELETE", "/api/drafts/{draft}", "send-reply"),
    route("GET", "/api/appointments", "edit-appointment"),
    route("POST", "/api/appointments", "edit-appointment"),
    route("GET", "/api/appointments/{appointment}", "edit-appointment"),
    route("POST", "/api/appointments/{appointment}", "edit-appointment"),
    route("PUT", "/api/appointments/{appointment}", "edit-appointment"),
    route("GET", "/api/push-subscriptions", "push-subscriptions"),
    route("PUT", "/api/push-subscriptions", "push-subscriptions"),
    route("DELETE", "/api/push-subscriptions/{subscription}", "push-subscriptions"),
    route("POST", "/api/push-subscriptions/{subscription}/test", "push-subscriptions"),
    route("PUT", "/api/push-settings", "push-subscriptions"),
    route("POST", "/api/push-settings", "push-subscriptions"),
    route("GET", "/api/staff", "edit-appointment"),
    public("GET", "/api/sign-in", "sign-in"),
    public("GET", "/api/sign-in/callback", "sign-in"),
    route("GET", "/api/session", "sign-in"),
    route("GET", "/api/sessions", "sign-in"),
    route("DELETE", "/api/sessions", "sign-in"),
    route("DELETE", "/api/sessions/{session}", "sign-in"),
    route("POST", "/api/sign-out", "sign-in"),
    public("GET", "/api/sign-out/issuer", "sign-in"),
];

pub(crate) fn router() -> Router<StackParts> {
    let not_found = || async { json_message(StatusCode::NOT_FOUND, "Not Found") };
    let mut router = Router::new();
    for route in ROUTES {
        let method = match route.method {
            "GET" => MethodFilter::GET,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::POST,
        };
        let answer = move |State(shared): State<StackParts>,
                           Path(path): Path<HashMap<String, String>>,
                           request: HttpRequest| async move {
            shared.gateway.answer(route, path, request).await
        };
        router = router.route(route.path, on(method, answer));
    }
    router.method_not_allowed_fallback(not_found).route("/api/{*rest}", any(not_found))
}

/// The parts of a request that become an event.
struct HttpRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl axum::extract::FromRequest<StackParts> for HttpRequest {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, _: &StackParts) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body =
            read(body).await.ok_or_else(|| json_message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))?;
        Ok(Self { method: parts.method, uri: parts.uri, headers: parts.headers, body })
    }
}

/// The maximum size of a request body that Lambda accepts, in bytes.
const LARGEST_BODY: usize = 6 * 1024 * 1024;

/// Reads a body to its end. Returns `None` if it is larger than [`LARGEST_BODY`].
///
/// Also reads the rest of a large body: a client that is still sending when its connection is closed may miss the
/// response.
async fn read(body: Body) -> Option<Bytes> {
    let mut pieces = body.into_data_stream();
    let (mut read, mut length) = (Vec::new(), 0);
    while let Some(Ok(piece)) = pieces.next().await {
        length += piece.len();
        if length <= LARGEST_BODY {
            read.extend_from_slice(&piece);
        }
    }
    (length <= LARGEST_BODY).then(|| read.into())
}

/// The authorizer's cached responses, by identity sources. Each has the time of the request that caused it.
type AuthorizerCache = HashMap<Vec<String>, (Value, Timestamp)>;

#[derive(Clone)]
pub(crate) struct ApiGateway {
    functions: Arc<Functions>,
    clock: Clock,
    /// Whether CloudFront is in front of the API, and sends the origin secret.
    behind_cloudfront: bool,
    authorized: Arc<Mutex<AuthorizerCache>>,
}

/// The time that an HTTP API waits for a function ("Quotas for HTTP APIs": integration timeout).
const TIMEOUT: Duration = Duration::from_secs(30);

/// The number of seconds for which a response of the authorizer is cached.
const AUTHORIZED_FOR_SECS: u64 = 60;

impl ApiGateway {
    pub(crate) fn new(functions: Arc<Functions>, clock: Clock, behind_cloudfront: bool) -> Self {
        Self { functions, clock, behind_cloudfront, authorized: Arc::default() }
    }

    async fn answer(&self, route: Route, path: HashMap<String, String>, request: HttpRequest) -> Response {
        let mut event = event(route, &path, &request, self.clock.now());
        if !route.public {
            match self.authorized(&request, &event).await {
                Ok(context) => event["requestContext"]["authorizer"] = json!({"lambda": context}),
                Err(refusal) => return *refusal,
            }
        }
        match self.functions.invoke_within(TIMEOUT, route.function, event).await {
            Some(Ok(answer)) => response(&answer)
                .unwrap_or_else(|| json_message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
            Some(Err(error)) => {
                let status = if error.error_type == "TimedOut" {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR
                };
                tracing::error!(function = route.function, error.error_type, error.error_message, "a function failed");
                json_message(status, status.canonical_reason().unwrap_or_default())
            }
            None => json_message(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    /// Returns the authorizer's context for a request, or the response that refuses the request.
    async fn authorized(&self, request: &HttpRequest, event: &Value) -> Result<Value, Box<Response>> {
        let refusal = |status, message| Err(Box::new(json_message(status, message)));
        // These are the identity sources: API Gateway does not invoke the authorizer unless all are present.
        let names: &[&str] = if self.behind_cloudfront { &["cookie", origin_secret::HEADER] } else { &["cookie"] };
        let given = |name: &&str| request.headers.get(*name)?.to_str().ok().filter(|value| !value.is_empty());
        let Some(sources) = names.iter().map(given).map(|given| given.map(str::to_owned)).collect() else {
            return refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
        };
        let Some(authorized) = self.authorize(sources, event).await else {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        if authorized["isAuthorized"] != json!(true) {
            return refusal(StatusCode::FORBIDDEN, "Forbidden");
        }
        Ok(authorized["context"].clone())
    }

    async fn authorize(&self, sources: Vec<String>, event: &Value) -> Option<Value> {
        let now = self.clock.now();
        let known = self.authorized.lock().unwrap_or_else(PoisonError::into_inner).get(&sources).cloned();
        if let Some((authorized, since)) = known
            && now < since.plus_secs(AUTHORIZED_FOR_SECS)
        {
            return Some(authorized);
        }
        let mut event = event.clone();
        event["type"] = json!("REQUEST");
        event["identitySource"] = json!(sources);
        let authorized = self.functions.invoke("authorize", event).await?.ok()?;
        let mut kept = self.authorized.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, since)| now < since.plus_secs(AUTHORIZED_FOR_SECS));
        kept.insert(sources, (authorized.clone(), now));
        Some(authorized)
    }
}

/// Builds an error response as API Gateway itself returns it, not the function: JSON with a `message`.
fn json_message(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

fn event(route: Route, path: &HashMap<String, String>, request: &HttpRequest, now: Timestamp) -> Value {
    let header =
        |name: &HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = format!("{} {}", route.method, route.path);
    let mut headers = BTreeMap::<&str, String>::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| **name != COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str())
            .and_modify(|values| *values = format!("{values},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    let cookies: Vec<_> = header(&COOKIE).split(';').map(str::trim).filter(|cookie| !cookie.is_empty()).collect();
    let query = request.uri.query().unwrap_or_default();
    let parameters: BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap_or_default();
    // API Gateway passes on only JSON in UTF-8 as text, and any other body as Base64.
    let json = header(&CONTENT_TYPE).starts_with("application/json");
    let text = std::str::from_utf8(&request.body).ok().filter(|_| json);
    let body = text.map_or_else(|| STANDARD.encode(&request.body), str::to_owned);
    json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": request.uri.path(),
        "rawQueryString": query,
        "cookies": cookies,
        "headers": headers,
        "queryStringParameters": parameters,
        "pathParameters": path,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": header(&HOST),
            "domainPrefix": "local",
            "http": {
                "method": request.method.as_str(),
                "path": request.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": header(&USER_AGENT),
            },
            "requestId": "local",
            "routeKey": key,
            "stage": "$default",
            "time": now.to_string(),
            "timeEpoch": now.as_millis(),
        },
        "isBase64Encoded": text.is_none(),
        "body": body,
    })
}

/// Converts a function's response into an HTTP response. `None` if it is not a valid one.
fn response(answer: &Value) -> Option<Response> {
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value.as_str()?).ok()?);
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    *response.body_mut() = match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => Body::from(STANDARD.decode(body).ok()?),
        _ => Body::from(body.to_owned()),
    };
    Some(response)
}
