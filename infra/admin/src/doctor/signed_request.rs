//! Signed requests to AWS services that speak JSON.
//!
//! An SDK crate for a single request would add another protocol, compression and HTTP client.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_types::SdkConfig;
use http::Request;
use https::{HttpsClient, HttpsError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::AwsCallError;

const TIMEOUT: Duration = Duration::from_secs(20);
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// An operation of an AWS service.
pub(super) struct Operation {
    /// The action in an IAM policy, such as `kms:DescribeKey`.
    pub(super) action: &'static str,
    /// The service name in the signature, such as `kms`.
    pub(super) service: &'static str,
    /// The value of the header `X-Amz-Target`.
    pub(super) target: &'static str,
    /// Whether the service has an endpoint in each region, or one for all.
    pub(super) place: ServiceLocation,
}

#[derive(Clone, Copy)]
pub(super) enum ServiceLocation {
    Regional,
    /// The host, and the region in the signature.
    Global(&'static str, &'static str),
}

impl Operation {
    pub(super) async fn ask<T: DeserializeOwned>(&self, aws: &SdkConfig, body: &Value) -> Result<T, AwsCallError> {
        let failed = |code: &str| AwsCallError::new(self.action, code);
        let request = self.signed(aws, body).await.ok_or_else(|| failed("the request cannot be built"))?;
        let answer = HttpsClient::new(TIMEOUT, LARGEST_ANSWER).ask(request).await.map_err(|why| match why {
            HttpsError::TooLate => failed("timed out"),
            _ => failed("not reached"),
        })?;
        if !answer.status().is_success() {
            return Err(failed(&code(answer.body())));
        }
        serde_json::from_slice(answer.body()).map_err(|_| failed("the response is invalid"))
    }

    async fn signed(&self, aws: &SdkConfig, body: &Value) -> Option<Request<Vec<u8>>> {
        let (host, region) = match self.place {
            ServiceLocation::Regional => {
                let region = aws.region()?.as_ref();
                (format!("{}.{region}.amazonaws.com", self.service), region)
            }
            ServiceLocation::Global(host, region) => (host.to_owned(), region),
        };
        let address = match aws.endpoint_url() {
            Some(address) => format!("{}/", address.trim_end_matches('/')),
            None => format!("https://{host}/"),
        };
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", self.target)];
        let body = body.to_string().into_bytes();
        let credentials = aws.credentials_provider()?.provide_credentials().await.ok()?.into();
        let now = UNIX_EPOCH + Duration::from_millis(runtime::wall_clock().now().as_millis());
        let parameters = SigningParams::builder()
            .identity(&credentials)
            .region(region)
            .name(self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let signable = SignableRequest::new("POST", &address, headers.into_iter(), SignableBody::Bytes(&body)).ok()?;
        let (signature, _) = sign(signable, &parameters).ok()?.into_parts();
        let mut request = Request::post(&address).body(body).ok()?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().ok()?);
        }
        signature.apply_to_request_http1x(&mut request);
        Some(request)
    }
}

/// Returns the name of an error without its namespace.
///
/// For example, returns `ResourceNotFoundException` for `com.amazonaws.cloudwatch#ResourceNotFoundException`.
fn code(answer: &[u8]) -> String {
    let said: Value = serde_json::from_slice(answer).unwrap_or_default();
    let name = said["__type"].as_str().unwrap_or("an error without a code");
    name.rsplit('#').next().unwrap_or(name).to_owned()
}
