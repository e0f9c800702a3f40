use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, VARY};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
use maud::Markup;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Problem, identity};

/// What a request is to be answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    Html,
    Json,
}

impl ResponseFormat {
    #[must_use]
    pub fn of_request(request: &Request) -> Self {
        let json = request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/json")));
        if json { Self::Json } else { Self::Html }
    }

    /// An answer in this format: the other one is not rendered.
    pub fn answer(self, html: impl FnOnce() -> Markup, json: impl FnOnce() -> Value) -> WebResponse {
        let (content_type, body) = match self {
            Self::Html => ("text/html; charset=utf-8", html().into_string()),
            Self::Json => ("application/json", json().to_string()),
        };
        WebResponse { status: StatusCode::OK, content_type, headers: Vec::new(), body }
    }
}

#[derive(Clone, Debug)]
pub struct WebResponse {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
}

impl WebResponse {
    /// For a program, whatever it said that it takes.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        ResponseFormat::Json.answer(|| maud::html! {}, || value.clone())
    }

    /// That it is done, and there is nothing to be shown.
    #[must_use]
    pub fn nothing() -> Self {
        Self::json(&Value::Null).with_status(StatusCode::NO_CONTENT)
    }

    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A value that cannot stand in a header is left out.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(name), value)));
        self
    }
}

/// A page of a list, as JSON.
#[must_use]
pub fn list(items: impl Iterator<Item = Value>, next: Option<&str>) -> Value {
    json!({"items": items.collect::<Vec<_>>(), "next": next})
}

/// The response to a request: the answer, or the problem in the format that was asked for.
#[must_use]
pub fn respond(request: &Request, outcome: Result<WebResponse, Problem>) -> Response<Body> {
    let answer = outcome.unwrap_or_else(|problem| problem.answer(ResponseFormat::of_request(request)));
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.extend(answer.headers);
    // What customers wrote is not left behind in the cache of a computer that people share.
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

/// Weak, because whoever compresses the body on its way changes its bytes and not its meaning.
fn entity_tag(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    format!("W/\"{}\"", hex::encode(&digest[..12]))
}

fn names(known: &HeaderValue, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.to_str().is_ok_and(|known| known.split(',').any(|known| opaque(known) == opaque(tag)))
}
