//! Queries CloudWatch for the state of alarms.

use aws_types::SdkConfig;
use serde::Deserialize;
use serde_json::json;

use crate::doctor::signed_request::{Operation, ServiceLocation};
use crate::failure::AwsCallError;

const DESCRIBE_ALARMS: Operation = Operation {
    action: "cloudwatch:DescribeAlarms",
    service: "monitoring",
    target: "GraniteServiceVersion20100801.DescribeAlarms",
    place: ServiceLocation::Regional,
};

/// The maximum number of alarms that one `DescribeAlarms` request returns.
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
    /// The ARNs of the topics that the alarm notifies.
    #[serde(rename = "AlarmActions", default)]
    pub(crate) recipients: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AlarmList {
    #[serde(default)]
    metric_alarms: Vec<Alarm>,
}

/// Returns the alarms that have one of these names. Names without an alarm are left out.
pub(crate) async fn alarms(aws: &SdkConfig, names: &[&str]) -> Result<Vec<Alarm>, AwsCallError> {
    let mut alarms = Vec::new();
    for names in names.chunks(PAGE) {
        let asked = json!({"AlarmNames": names, "MaxRecords": PAGE});
        alarms.extend(DESCRIBE_ALARMS.ask::<AlarmList>(aws, &asked).await?.metric_alarms);
    }
    Ok(alarms)
}
