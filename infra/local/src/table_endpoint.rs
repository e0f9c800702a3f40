//! The AWS endpoint: DynamoDB, SNS, End User Messaging and Secrets Manager at `POST /`, for the functions, the AWS CLI
//! and the SDKs.

use std::collections::BTreeMap;

use anyhow::Context;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::carrier;
use crate::functions::{ORIGIN_SECRET, PUSH_SECRET, SIGN_IN_SECRET};
use crate::metrics;
use crate::secret::Secret;
use crate::stack::StackParts;
use crate::stream::WriteSignal;
use crate::usage::{TableUsage, UsageCount, asking};

/// The maximum size of a request that DynamoDB accepts, in bytes.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

pub(crate) fn router() -> Router<StackParts> {
    Router::new()
        .route("/", post(call).fallback(crate::site::serve).layer(DefaultBodyLimit::max(LARGEST_REQUEST)))
        .route("/local/table/usage", axum::routing::get(used))
        .route("/local/metrics", axum::routing::get(metrics::list_counts))
}

/// Returns an SDK configuration for this endpoint, which accepts any credentials.
pub(crate) fn aws(address: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("local", "local", None)))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .endpoint_url(address)
        .build()
}

async fn used(State(shared): State<StackParts>) -> Json<BTreeMap<String, UsageCount>> {
    Json(shared.table.usage.snapshot())
}

async fn call(State(shared): State<StackParts>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if target == Some("secretsmanager.GetSecretValue") {
        secret(&shared, &body)
    } else if target == Some("secretsmanager.PutSecretValue") {
        put_secret(&shared, &body)
    } else if target == Some("PinpointSMSVoiceV2.CarrierLookup") {
        carrier::look_up(&shared.carrier, &body)
    } else if target == Some("PinpointSMSVoiceV2.SendTextMessage") {
        carrier::send_text_message(&shared.carrier, &body).await
    } else if target == Some("AmazonSQS.SendMessageBatch") {
        shared.push_retries.send_batch(&body)
    } else if target.is_some() {
        shared.table.call(headers, body).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the table is unreachable");
            StatusCode::BAD_GATEWAY.into_response()
        })
    } else {
        carrier::publish(&shared.carrier, &body).await
    }
}

/// Handles `GetSecretValue` for the configuration of `sign-in`, the push keys and the origin secret.
fn secret(shared: &StackParts, request: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let Some(name) = request["SecretId"].as_str() else { return no_such_secret() };
    let value = match name {
        SIGN_IN_SECRET => Some(shared.sign_in_secret.read()),
        PUSH_SECRET => Some(shared.push_keys.secret_value()),
        ORIGIN_SECRET => shared.origin_secret.as_ref().map(Secret::read),
        _ => None,
    };
    value.map_or_else(no_such_secret, |value| Json(json!({"Name": name, "SecretString": value})).into_response())
}

/// Handles `PutSecretValue`.
///
/// The push keys are kept with the data, the other secrets until the next start.
fn put_secret(shared: &StackParts, request: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let (Some(name), Some(value)) = (request["SecretId"].as_str(), request["SecretString"].as_str()) else {
        return no_such_secret();
    };
    let put = match (name, &shared.origin_secret) {
        (SIGN_IN_SECRET, _) => {
            shared.sign_in_secret.replace(value.to_owned());
            Ok(())
        }
        (PUSH_SECRET, _) => shared.push_keys.replace(value.to_owned()),
        (ORIGIN_SECRET, Some(secret)) => {
            secret.replace(value.to_owned());
            Ok(())
        }
        _ => return no_such_secret(),
    };
    match put {
        Ok(()) => Json(json!({"Name": name})).into_response(),
        Err(error) => {
            tracing::error!(%error, "a secret could not be stored");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn no_such_secret() -> Response {
    let missing = json!({"__type": "ResourceNotFoundException", "message": "there is no such secret here"});
    (StatusCode::BAD_REQUEST, Json(missing)).into_response()
}

fn only_reads(operation: &str) -> bool {
    ["BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet"]
        .iter()
        .any(|read| operation.starts_with(read))
}

/// An HTTP client of the embedded DynamoDB, which listens at its own address.
#[derive(Clone)]
pub(crate) struct TableEndpoint {
    address: Uri,
    client: Client<HttpConnector, Body>,
    usage: TableUsage,
    write_signal: WriteSignal,
}

impl TableEndpoint {
    pub(crate) fn new(address: Uri, write_signal: WriteSignal) -> Self {
        Self {
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
            usage: TableUsage::default(),
            write_signal,
        }
    }

    async fn call(&self, headers: HeaderMap, body: Bytes) -> anyhow::Result<Response> {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let asks = asking(&headers);
        let mut request = Request::post(self.address.clone()).body(Body::from(body))?;
        *request.headers_mut() = headers;
        request.headers_mut().remove("host");
        let (mut parts, body) = self.client.request(request).await.context("calling DynamoDB")?.into_parts();
        let body = body.collect().await.context("reading DynamoDB's answer")?.to_bytes();
        self.usage.count(asks, &operation, &body);
        if !only_reads(&operation) {
            self.write_signal.notify();
        }
        // dynoxide lets pages of every origin read its responses. A web page must not read what runs on this machine.
        parts.headers.remove("access-control-allow-origin");
        parts.headers.insert("cache-control", HeaderValue::from_static("no-store"));
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}
