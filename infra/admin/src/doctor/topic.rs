//! Checks that inbound messages and delivery receipts, which the SMS service publishes, reach their queues.

use aws_sdk_sns::Client;
use serde_json::Value;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::doctor::queues;
use crate::failure::{AwsCallError, failure};

const CHECK: &str = "topic";

/// The topics, each with the queue that it delivers to and the dead-letter queue of the subscription.
const TOPICS: [(StackResource, StackResource, StackResource); 2] = [
    (StackResource::InboundTopic, StackResource::InboundQueue, StackResource::InboundDeadLetters),
    (StackResource::ReceiptTopic, StackResource::ReceiptQueue, StackResource::ReceiptDeadLetters),
];

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let client = Client::new(&live.aws);
    let mut findings = Vec::new();
    for (topic, queue, dead_letters) in TOPICS {
        match live.physical(CHECK, topic) {
            Ok(arn) => {
                let named = |found: Finding| Finding { says: format!("{}: {}", topic.logical(), found.says), ..found };
                findings.extend(inspect(&client, live, arn, queue, dead_letters).await.into_iter().map(named));
            }
            Err(absent) => findings.push(absent),
        }
    }
    findings
}

async fn inspect(
    client: &Client,
    live: &DeployedStack,
    topic: &str,
    queue: StackResource,
    dead_letters: StackResource,
) -> Vec<Finding> {
    let mut findings = match publishable(client, live, topic).await {
        Ok(findings) => findings,
        Err(failure) => vec![Finding::failed(CHECK, &failure)],
    };
    findings.push(match ends(live, queue, dead_letters).await {
        Ok((queue, dead_letters)) => match delivering(client, live, topic, &queue, &dead_letters).await {
            Ok(finding) => finding,
            Err(failure) => Finding::failed(CHECK, &failure),
        },
        Err(finding) => finding,
    });
    findings
}

/// Checks that the SMS service may publish to the topic.
async fn publishable(client: &Client, live: &DeployedStack, topic: &str) -> Result<Vec<Finding>, AwsCallError> {
    let described = client.get_topic_attributes().topic_arn(topic).send().await;
    let attributes = described.map_err(failure("sns:GetTopicAttributes"))?.attributes.unwrap_or_default();
    let policy: Value =
        attributes.get("Policy").and_then(|policy| serde_json::from_str(policy).ok()).unwrap_or_default();
    let mut findings = vec![if admits_the_sms_service(&policy) {
        Finding::ok(CHECK, "the SMS service may publish to it")
    } else {
        Finding::wrong(CHECK, "its policy does not allow the SMS service to publish", live.redeploy())
    }];
    if attributes.get("KmsMasterKeyId").is_some_and(|key| key.ends_with("alias/aws/sns")) {
        findings.push(Finding::wrong(
            CHECK,
            "it is encrypted with the AWS managed key, which the SMS service cannot use: no event of the service arrives",
            "encrypt it with a customer managed key whose policy allows sms-voice.amazonaws.com kms:GenerateDataKey* and \
             kms:Decrypt, or turn encryption off",
        ));
    }
    Ok(findings)
}

fn admits_the_sms_service(policy: &Value) -> bool {
    let mut statements = policy["Statement"].as_array().into_iter().flatten();
    statements.any(|statement| {
        let names = |value: &Value, wanted: &str| match value {
            Value::Array(values) => {
                values.iter().any(|value| value.as_str().is_some_and(|v| v.eq_ignore_ascii_case(wanted)))
            }
            value => value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(wanted)),
        };
        statement["Effect"] == "Allow"
            && names(&statement["Principal"]["Service"], "sms-voice.amazonaws.com")
            && names(&statement["Action"], "sns:Publish")
    })
}

/// Returns the ARNs of the topic's queue and of its dead-letter queue.
async fn ends(
    live: &DeployedStack,
    queue: StackResource,
    dead_letters: StackResource,
) -> Result<(String, String), Finding> {
    Ok((queues::arn(live, CHECK, queue).await?, queues::arn(live, CHECK, dead_letters).await?))
}

/// Checks that the topic delivers to the queue, and that it wraps messages in the SNS envelope.
async fn delivering(
    client: &Client,
    live: &DeployedStack,
    topic: &str,
    queue: &str,
    dead_letters: &str,
) -> Result<Finding, AwsCallError> {
    let mut pages = client.list_subscriptions_by_topic().topic_arn(topic).into_paginator().items().send();
    let mut found = None;
    while let Some(subscription) = pages.next().await {
        let subscription = subscription.map_err(failure("sns:ListSubscriptionsByTopic"))?;
        if subscription.protocol() == Some("sqs") && subscription.endpoint() == Some(queue) {
            found = subscription.subscription_arn;
            break;
        }
    }
    let Some(subscription) = found else {
        let redrive = format!(r#"{{"RedrivePolicy":"{{\"deadLetterTargetArn\":\"{dead_letters}\"}}"}}"#);
        let command = format!(
            "sns subscribe --topic-arn {topic} --protocol sqs --notification-endpoint {queue} --attributes '{redrive}'"
        );
        return Ok(Finding::wrong(CHECK, "the queue is not subscribed to it", live.command(&command)));
    };
    if !subscription.starts_with("arn:") {
        return Ok(Finding::wrong(CHECK, "the queue's subscription is not confirmed", live.redeploy()));
    }
    let described = client.get_subscription_attributes().subscription_arn(&subscription).send().await;
    let attributes = described.map_err(failure("sns:GetSubscriptionAttributes"))?.attributes.unwrap_or_default();
    if attributes.get("RawMessageDelivery").is_some_and(|raw| raw == "true") {
        let command = format!(
            "sns set-subscription-attributes --subscription-arn {subscription} --attribute-name RawMessageDelivery \
             --attribute-value false"
        );
        return Ok(Finding::wrong(
            CHECK,
            "raw message delivery is on: without the SNS envelope no message can be parsed",
            live.command(&command),
        ));
    }
    if attributes.get("RedrivePolicy").is_none_or(|policy| !policy.contains(dead_letters)) {
        let command = format!(
            "sns set-subscription-attributes --subscription-arn {subscription} --attribute-name RedrivePolicy \
             --attribute-value '{{\"deadLetterTargetArn\":\"{dead_letters}\"}}'"
        );
        return Ok(Finding::wrong(
            CHECK,
            "messages that it cannot deliver to the queue are lost",
            live.command(&command),
        ));
    }
    Ok(Finding::ok(CHECK, "it delivers to the queue, and failed deliveries to the dead-letter queue"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_admits_the_sms_service_only_by_name_and_to_publish() {
        let policy = |effect: &str, service: Value, action: Value| json!({"Statement": [{"Effect": effect, "Principal": {"Service": service}, "Action": action}]});
        let sms = || json!("sms-voice.amazonaws.com");
        assert!(admits_the_sms_service(&policy("Allow", sms(), json!("SNS:Publish"))));
        assert!(admits_the_sms_service(&policy("Allow", json!([sms()]), json!(["sns:Publish"]))));
        assert!(!admits_the_sms_service(&policy("Deny", sms(), json!("sns:Publish"))));
        assert!(!admits_the_sms_service(&policy("Allow", json!("s3.amazonaws.com"), json!("sns:Publish"))));
        assert!(!admits_the_sms_service(&policy("Allow", sms(), json!("sns:Subscribe"))));
        assert!(!admits_the_sms_service(&Value::Null));
    }
}
