//! Checks that alarms have subscribers and are configured to notify them, and that no alarm is in the `ALARM` state.

use aws_sdk_sns::Client;

use crate::doctor::Finding;
use crate::doctor::cloudwatch::{self, Alarm};
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::failure::failure;

const CHECK: &str = "alarms";

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let topic = match live.physical(CHECK, StackResource::AlarmTopic) {
        Ok(topic) => topic,
        Err(absent) => return vec![absent],
    };
    let mut findings = vec![check_subscriptions(live, topic).await];
    findings.extend(ringing(live, topic).await);
    findings
}

/// Checks that the alarm topic has a confirmed subscription.
async fn check_subscriptions(live: &DeployedStack, topic: &str) -> Finding {
    let mut pages =
        Client::new(&live.aws).list_subscriptions_by_topic().topic_arn(topic).into_paginator().items().send();
    let (mut confirmed, mut pending) = (0, 0);
    while let Some(subscription) = pages.next().await {
        let subscription = match subscription.map_err(failure("sns:ListSubscriptionsByTopic")) {
            Ok(subscription) => subscription,
            Err(failure) => return Finding::failed(CHECK, &failure),
        };
        // An unconfirmed subscription has a status such as `PendingConfirmation` in place of an ARN.
        let counted = if subscription.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")) {
            &mut confirmed
        } else {
            &mut pending
        };
        *counted += 1;
    }
    match (confirmed, pending) {
        (0, 0) => Finding::wrong(
            CHECK,
            "the alarm topic has no subscription",
            live.command(&format!(
                "sns subscribe --topic-arn {topic} --protocol email --notification-endpoint YOUR-ADDRESS"
            )),
        ),
        (0, _) => Finding::wrong(
            CHECK,
            "the subscription to the alarm topic is not confirmed",
            "open the link in the message that AWS has sent to the address",
        ),
        (confirmed, _) => Finding::ok(CHECK, format!("confirmed subscriptions: {confirmed}")),
    }
}

async fn ringing(live: &DeployedStack, topic: &str) -> Vec<Finding> {
    let made: Vec<_> = live.of_kind("AWS::CloudWatch::Alarm").collect();
    let names: Vec<_> = made.iter().map(|alarm| alarm.physical.as_str()).collect();
    let alarms = match cloudwatch::alarms(&live.aws, &names).await {
        Ok(alarms) => alarms,
        Err(failure) => return vec![Finding::failed(CHECK, &failure)],
    };
    let findings: Vec<_> = made
        .iter()
        .flat_map(|made| match alarms.iter().find(|alarm| alarm.name == made.physical) {
            Some(alarm) => faults(live, topic, &made.logical, alarm),
            None => vec![Finding::wrong(CHECK, format!("{} does not exist", made.logical), live.redeploy())],
        })
        .collect();
    if findings.is_empty() {
        return vec![Finding::ok(CHECK, format!("none of the {} rings, and all notify the alarm topic", made.len()))];
    }
    findings
}

fn faults(live: &DeployedStack, topic: &str, logical: &str, alarm: &Alarm) -> Vec<Finding> {
    let mut findings = Vec::new();
    if alarm.state == "ALARM" {
        let to_do = format!("see {logical} under `Alarms` in infra/README.md");
        findings.push(Finding::wrong(CHECK, format!("{logical} rings: {}", alarm.description), to_do));
    }
    if !alarm.tells {
        let turn_on = format!("cloudwatch enable-alarm-actions --alarm-names {}", alarm.name);
        let says = format!("{logical} sends no notification: its actions are off");
        findings.push(Finding::wrong(CHECK, says, live.command(&turn_on)));
    } else if !alarm.recipients.iter().any(|told| told == topic) {
        findings.push(Finding::wrong(CHECK, format!("{logical} does not notify the alarm topic"), live.redeploy()));
    }
    findings
}
