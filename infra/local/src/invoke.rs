//! Lambda's Invoke API, for `aws lambda invoke --endpoint-url` and the SDKs.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::stack::StackParts;

/// The maximum size of an event that Lambda accepts, in bytes.
const LARGEST_EVENT: usize = 6 * 1024 * 1024;

pub(crate) fn router() -> Router<StackParts> {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke).layer(DefaultBodyLimit::max(LARGEST_EVENT)))
}

async fn invoke(
    State(shared): State<StackParts>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&body) };
    let Ok(event) = event else {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            "Could not parse request body into json",
        );
    };
    match shared.functions.invoke(&name, event).await {
        None => error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}")),
        // An asynchronous invocation returns no response. The local stack handles the event at once.
        Some(_) if headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event") => {
            StatusCode::ACCEPTED.into_response()
        }
        Some(Ok(answer)) => ([("x-amz-executed-version", "$LATEST")], Json(answer)).into_response(),
        Some(Err(failed)) => {
            let body = json!({"errorType": failed.error_type, "errorMessage": failed.error_message});
            ([("x-amz-executed-version", "$LATEST"), ("x-amz-function-error", "Unhandled")], Json(body)).into_response()
        }
    }
}

fn error(status: StatusCode, kind: &'static str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], Json(json!({"Type": "User", "Message": message}))).into_response()
}
