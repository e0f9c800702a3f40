//! Parsing and validation of request input. An invalid value becomes a [`Problem`] with a sentence.

use domain::{AppointmentId, ConversationId, Day, DraftName, InvalidAppointment, Position, repaired_json};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use lambda_http::{Request, RequestExt};
use serde::de::DeserializeOwned;

use crate::Problem;

fn bad_request(code: &'static str, message: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, message)
}

/// Parses the body of a request that writes, as a form or JSON.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body: &[u8] = request.body();
    let unreadable =
        bad_request("unreadable-body", "What was sent lacks something, or is not in a form that can be read.");
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => serde_urlencoded::from_bytes(body).map_err(|_| unreadable),
        // Invalid Unicode in the JSON becomes U+FFFD.
        "application/json" => serde_json::from_slice(body)
            .or_else(|_| serde_json::from_str(&repaired_json(&String::from_utf8_lossy(body))))
            .map_err(|_| unreadable),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-a-form",
            "Send a form or JSON, and say which in Content-Type.",
        )),
    }
}

/// A client's idempotency key for a write. A request with the same key repeats the same write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    const HEADER: &str = "idempotency-key";

    /// Reads the header `Idempotency-Key`: 1 to 200 visible ASCII characters; `None` without the header.
    pub fn of_request(request: &Request) -> Result<Option<Self>, Problem> {
        let Some(key) = request.headers().get(Self::HEADER) else { return Ok(None) };
        match key.to_str() {
            Ok(key) if (1..=200).contains(&key.len()) => Ok(Some(Self(key.to_owned()))),
            _ => Err(bad_request("bad-idempotency-key", "An Idempotency-Key has 1 to 200 visible ASCII characters.")),
        }
    }
}

/// Parses the conversation id in the path.
pub fn conversation(request: &Request) -> Result<ConversationId, Problem> {
    let parameters = request.path_parameters_ref();
    let id = parameters.and_then(|parameters| parameters.first("conversation")).unwrap_or_default();
    id.parse().map_err(|_| Problem::no_conversation())
}

/// Parses the appointment id in the path.
pub fn appointment(request: &Request) -> Result<AppointmentId, Problem> {
    let parameters = request.path_parameters_ref();
    let id = parameters.and_then(|parameters| parameters.first("appointment")).unwrap_or_default();
    id.parse().map_err(|_| Problem::no_appointment())
}

/// Parses the draft name in the path.
pub fn draft_name(request: &Request) -> Result<DraftName, Problem> {
    let parameters = request.path_parameters_ref();
    let name = parameters.and_then(|parameters| parameters.first("draft")).unwrap_or_default();
    name.parse().map_err(|_| Problem::no_form())
}

/// Parses the day in the query.
pub fn day(request: &Request) -> Result<Option<Day>, Problem> {
    Ok(parameter(request, "day").map(|day| day.parse::<Day>()).transpose().map_err(InvalidAppointment::from)?)
}

/// Parses a cursor in the query.
pub fn position(request: &Request, name: &str) -> Result<Option<Position>, Problem> {
    let bad = |_| bad_request("bad-page", "This is not the address of a page of this list. Go back to the newest.");
    parameter(request, name).map(|token| token.parse().map_err(bad)).transpose()
}

/// Parses the number of items in the query: 1 to 100, or the default.
pub fn limit(request: &Request, default: usize) -> Result<usize, Problem> {
    limit_up_to(request, default, 100)
}

/// Parses the number of items in the query: 1 to `most`, or the default.
pub fn limit_up_to(request: &Request, default: usize, most: usize) -> Result<usize, Problem> {
    match parameter(request, "limit").map(|limit| limit.parse()) {
        None => Ok(default),
        Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(bad_request("bad-limit", &format!("A page can have 1 to {most} items."))),
    }
}

/// Returns whether the query has a parameter, empty or not.
#[must_use]
pub fn is_named(request: &Request, name: &str) -> bool {
    request.query_string_parameters_ref().is_some_and(|parameters| parameters.first(name).is_some())
}

/// Returns the choice that a query parameter names; `None` without the parameter. Fails with `bad-choice` for another
/// value.
pub fn choice<'a>(request: &Request, name: &str, choices: &[&'a str]) -> Result<Option<&'a str>, Problem> {
    let Some(named) = parameter(request, name) else { return Ok(None) };
    let found = choices.iter().find(|choice| **choice == named);
    found
        .map(|choice| Some(*choice))
        .ok_or_else(|| bad_request("bad-choice", &format!("`{name}` is left out, or one of: {}.", choices.join(", "))))
}

/// Returns a query parameter. An empty parameter counts as absent.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let value = request.query_string_parameters_ref()?.first(name)?;
    (!value.is_empty()).then(|| value.to_owned())
}
