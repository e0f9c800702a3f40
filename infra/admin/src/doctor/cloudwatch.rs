//! CloudWatch, asked what state alarms are in.
//!
//! By hand: its own crate brings another encoding, compression and an HTTP of its own along, for this one request.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_types::SdkConfig;
use http::Request;
use https::{Https, NotAnswered};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

const DESCRIBE_ALARMS: &str = "cloudwatch:DescribeAlarms";
const PATIENCE: Duration = Duration::from_secs(20);
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// As many are told of at once.
const PAGE: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Alarm {
    #[serde(rename = "AlarmName")]
    pub(crate) name: String,
    #[serde(rename = "AlarmDescription", default)]
    pub(crate) description: String,
    #[serde(rename = "StateValue")]
    pub(crate) state: String,
    #[serde(rename = "ActionsEnabled")]
    pub(crate) tells: bool,
    /// The ARNs of whom.
    #[serde(rename = "AlarmActions", default)]
    pub(crate) whom: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    #[serde(default)]
    metric_alarms: Vec<Alarm>,
}

/// Those of these names that there are.
pub(crate) async fn alarms(aws: &SdkConfig, names: &[&str]) -> Result<Vec<Alarm>, Failure> {
    let mut alarms = Vec::new();
    for names in names.chunks(PAGE) {
        let request = signed(aws, &json!({"AlarmNames": names, "MaxRecords": PAGE})).await;
        let request = request.ok_or_else(|| Failure::new(DESCRIBE_ALARMS, "a request that cannot be made"))?;
        let answer = Https::new(PATIENCE, LARGEST_ANSWER).ask(request).await.map_err(|why| match why {
            NotAnswered::TooLate => Failure::new(DESCRIBE_ALARMS, "timed out"),
            _ => Failure::new(DESCRIBE_ALARMS, "not reached"),
        })?;
        if !answer.status().is_success() {
            return Err(Failure::new(DESCRIBE_ALARMS, &code(answer.body())));
        }
        let described: Result<Described, _> = serde_json::from_slice(answer.body());
        alarms.extend(described.map_err(|_| Failure::new(DESCRIBE_ALARMS, "no valid answer"))?.metric_alarms);
    }
    Ok(alarms)
}

async fn signed(aws: &SdkConfig, body: &Value) -> Option<Request<Vec<u8>>> {
    let region = aws.region()?.as_ref();
    let address = match aws.endpoint_url() {
        Some(address) => format!("{}/", address.trim_end_matches('/')),
        None => format!("https://monitoring.{region}.amazonaws.com/"),
    };
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms"),
    ];
    let body = body.to_string().into_bytes();
    let credentials = aws.credentials_provider()?.provide_credentials().await.ok()?.into();
    let now = UNIX_EPOCH + Duration::from_millis(runtime::wall_clock().now().as_millis());
    let parameters = SigningParams::builder()
        .identity(&credentials)
        .region(region)
        .name("monitoring")
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

/// The name of an error: `com.amazonaws.cloudwatch#ResourceNotFoundException` without where it is from.
fn code(answer: &[u8]) -> String {
    let said: Value = serde_json::from_slice(answer).unwrap_or_default();
    let name = said["__type"].as_str().unwrap_or("an error without a name");
    name.rsplit('#').next().unwrap_or(name).to_owned()
}
