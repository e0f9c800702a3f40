//! Checks that Amazon SNS may send from the lines' numbers. Without this permission, SNS sends nothing and reports no
//! error.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberInformation;
use domain::Line;
use serde_json::{Value, json};

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, aws_command};
use crate::failure::{FailureCause, failure};

const CHECK: &str = "sharing";

/// Checks the resource policy of each line's number. Returns nothing if the stack does not send with SNS.
pub(super) async fn check(live: &DeployedStack, lines: &[Line], known: &[PhoneNumberInformation]) -> Vec<Finding> {
    if live.stack.parameter("SmsProvider") != Some("SNS") {
        return Vec::new();
    }
    let client = Client::new(&live.aws);
    let mut findings = Vec::new();
    for (line, number) in sms::texting_lines(lines, known) {
        let arn = number.phone_number_arn();
        let asked = client.get_resource_policy().resource_arn(arn).send().await;
        let policy = match asked.map_err(failure("sms-voice:GetResourcePolicy")) {
            Ok(found) => {
                found.policy.as_deref().and_then(|policy| serde_json::from_str(policy).ok()).unwrap_or_default()
            }
            Err(failure) if failure.why == FailureCause::NotThere => Value::Null,
            Err(failure) => {
                findings.push(Finding::failed(CHECK, &failure));
                continue;
            }
        };
        findings.push(judge(line, arn, &policy, &live.stack.account, &live.stack.region));
    }
    findings
}

fn judge(line: &Line, arn: &str, policy: &Value, account: &str, region: &str) -> Finding {
    if admits_sns(policy) {
        return Finding::ok(CHECK, format!("Amazon SNS may send from {}", line.number));
    }
    let wanted = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sms-voice:SendTextMessage",
        "Resource": arn, "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }]});
    let command = format!("pinpoint-sms-voice-v2 put-resource-policy --resource-arn {arn} --policy '{wanted}'");
    let says = format!("Amazon SNS may not send from {}: outbound messages are lost without an error", line.number);
    // `put-resource-policy` replaces the policy that is there.
    let to_do = if policy.is_null() {
        aws_command(&command, region)
    } else {
        format!(
            "add this statement to the policy that `get-resource-policy` shows, and put the result: {}",
            aws_command(&command, region)
        )
    };
    Finding::wrong(CHECK, says, to_do)
}

fn admits_sns(policy: &Value) -> bool {
    let names = |value: &Value, wanted: &[&str]| match value {
        Value::Array(values) => values.iter().any(|value| value.as_str().is_some_and(|it| wanted.contains(&it))),
        value => value.as_str().is_some_and(|it| wanted.contains(&it)),
    };
    let mut statements = policy["Statement"].as_array().into_iter().flatten();
    statements.any(|statement| {
        statement["Effect"] == "Allow"
            && names(&statement["Principal"]["Service"], &["sns.amazonaws.com"])
            && names(&statement["Action"], &["sms-voice:SendTextMessage", "sms-voice:*"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;
    use crate::doctor::lines::tests::line;

    const ARN: &str = "arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1";

    fn finding_for(policy: &Value) -> Finding {
        judge(&line(None), ARN, policy, "123456789012", "eu-west-1")
    }

    #[test]
    fn a_number_is_shared_with_sns_only_by_a_policy_that_names_it() {
        let policy = |effect: &str, service: &str, action: Value| json!({"Statement": [{"Effect": effect, "Principal": {"Service": service}, "Action": action}]});
        let send = || json!("sms-voice:SendTextMessage");
        assert_eq!(finding_for(&policy("Allow", "sns.amazonaws.com", send())).verdict, CheckStatus::Ok);
        assert_eq!(finding_for(&policy("Allow", "sns.amazonaws.com", json!([send()]))).verdict, CheckStatus::Ok);
        for other in [
            policy("Deny", "sns.amazonaws.com", send()),
            policy("Allow", "sqs.amazonaws.com", send()),
            policy("Allow", "sns.amazonaws.com", json!("sms-voice:DescribePhoneNumbers")),
        ] {
            let finding = finding_for(&other);
            assert_eq!(finding.verdict, CheckStatus::Wrong, "{other}");
            assert!(finding.to_do.unwrap().starts_with("add this statement"), "it would replace what there is");
        }
        let missing = finding_for(&Value::Null).to_do.unwrap();
        assert!(
            missing.starts_with(&format!(
                "aws pinpoint-sms-voice-v2 put-resource-policy --resource-arn {ARN} --policy '{{"
            ))
        );
        assert!(missing.contains(r#""aws:SourceAccount":"123456789012""#), "{missing}");
    }
}
