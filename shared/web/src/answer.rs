use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, VARY};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
use maud::Markup;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Problem, identity};

/// The format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    Html,
    Json,
}

impl ResponseFormat {
    /// Returns the format that a request accepts: JSON if `Accept` names `application/json`, else HTML.
    #[must_use]
    pub fn of_request(request: &Request) -> Self {
        let json = request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/json")));
        if json { Self::Json } else { Self::Html }
    }

    /// Builds a response in this format. The other format is not rendered.
    pub fn answer(self, html: impl FnOnce() -> Markup, json: impl FnOnce() -> Value) -> WebResponse {
        let (content_type, body) = match self {
            Self::Html => ("text/html; charset=utf-8", html().into_string()),
            Self::Json => ("application/json", json().to_string()),
        };
        WebResponse { status: StatusCode::OK, content_type, headers: Vec::new(), body }
    }
}

/// A response of a function: status, headers and body.
#[derive(Clone, Debug)]
pub struct WebResponse {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
}

impl WebResponse {
    /// Builds a JSON response for an API client, whatever its `Accept` header says.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        ResponseFormat::Json.answer(|| maud::html! {}, || value.clone())
    }

    /// Builds an empty response with the status 204.
    #[must_use]
    pub fn nothing() -> Self {
        Self::json(&Value::Null).with_status(StatusCode::NO_CONTENT)
    }

    /// Returns the response with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Returns the response with one more header. A value that is invalid in a header is left out.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(name), value)));
        self
    }
}

/// Returns a page of a list as JSON.
#[must_use]
pub fn list(items: impl Iterator<Item = Value>, next: Option<&str>) -> Value {
    json!({"items": items.collect::<Vec<_>>(), "next": next})
}

/// Builds the HTTP response for a result: the response of the function, or the problem in the requested format.
///
/// A successful `GET` gets an `ETag`, and becomes a 304 if `If-None-Match` names it.
#[must_use]
pub fn respond(request: &Request, outcome: Result<WebResponse, Problem>) -> Response<Body> {
    let answer = outcome.unwrap_or_else(|problem| problem.answer(ResponseFormat::of_request(request)));
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.extend(answer.headers);
    // Customers' messages must not stay in the browser cache of a shared computer.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept, cookie"));
    headers.extend(identity::staff_header(request).map(|whose| (identity::STAFF_HEADER, whose)));
    if request.method() == Method::GET && answer.status == StatusCode::OK {
        let tag = entity_tag(&answer.body);
        let unchanged = request.headers().get(IF_NONE_MATCH).is_some_and(|known| names(known, &tag));
        headers.extend(HeaderValue::from_str(&tag).map(|tag| (ETAG, tag)));
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
    }
    if answer.status == StatusCode::NO_CONTENT {
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    *response.body_mut() = Body::Text(answer.body);
    response
}

/// Returns a weak entity tag, because a proxy that compresses the body changes its bytes but not its meaning.
fn entity_tag(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    format!("W/\"{}\"", hex::encode(&digest[..12]))
}

fn names(known: &HeaderValue, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.to_str().is_ok_and(|known| known.split(',').any(|known| opaque(known) == opaque(tag)))
}
