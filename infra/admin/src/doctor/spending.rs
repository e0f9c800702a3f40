//! Checks that there is a spending limit, and an alarm or budget that reports high costs.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::SpendLimitName;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::doctor::signed_request::{Operation, ServiceLocation};
use crate::failure::failure;

const CHECK: &str = "spending";

const DESCRIBE_BUDGETS: Operation = Operation {
    action: "budgets:ViewBudget",
    service: "budgets",
    target: "AWSBudgetServiceGateway.DescribeBudgets",
    // The service has one endpoint for all regions (AWS General Reference).
    place: ServiceLocation::Global("budgets.amazonaws.com", "us-east-1"),
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BudgetList {
    #[serde(default)]
    budgets: Vec<Value>,
}

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    vec![limit(live).await, check_budgets(live).await]
}

/// Checks the monthly spending limit of the SMS service.
async fn limit(live: &DeployedStack) -> Finding {
    let mut pages = Client::new(&live.aws).describe_spend_limits().into_paginator().items().send();
    while let Some(limit) = pages.next().await {
        match limit.map_err(failure("sms-voice:DescribeSpendLimits")) {
            Ok(limit) if *limit.name() == SpendLimitName::TextMessageMonthlySpendLimit => {
                return limited(limit.enforced_limit(), limit.max_limit(), alarm(live), |command| {
                    live.command(command)
                });
            }
            Ok(_) => {}
            Err(failure) => return Finding::failed(CHECK, &failure),
        }
    }
    Finding::cannot_be_checked(CHECK, "the SMS service reports no spend limit")
}

/// Returns the finding for a spending limit. All amounts are US dollars a month.
fn limited(enforced: i64, most: i64, alarm: i64, command: impl Fn(&str) -> String) -> Finding {
    let raise =
        |to: i64| command(&format!("pinpoint-sms-voice-v2 set-text-message-spend-limit-override --monthly-limit {to}"));
    let says = format!("outbound messages of all companies stop at {enforced} US dollars a month");
    if enforced <= 1 {
        // One dollar is the limit of a new account.
        let to_do = if most > 1 {
            raise(most)
        } else {
            "ask AWS for a higher limit, in the console of AWS End User Messaging SMS".to_owned()
        };
        return Finding::wrong(CHECK, says, to_do);
    }
    if alarm >= enforced {
        return Finding::wrong(
            CHECK,
            format!("{says}, before SmsSpendAlarm rings at {alarm}"),
            format!("deploy with a lower SmsSpendAlarm, or run {}", raise(most)),
        );
    }
    Finding::ok(CHECK, says)
}

fn alarm(live: &DeployedStack) -> i64 {
    live.stack.parameter("SmsSpendAlarm").and_then(|dollars| dollars.parse::<f64>().ok()).map_or(0, whole_dollars)
}

#[allow(clippy::cast_possible_truncation, reason = "dollars of a month: `as` stays within an i64")]
fn whole_dollars(dollars: f64) -> i64 {
    dollars.floor() as i64
}

/// Checks that an alarm or a budget reports high costs.
async fn check_budgets(live: &DeployedStack) -> Finding {
    if alarm(live) > 0 {
        return Finding::ok(CHECK, "SmsSpendRisesAlarm rings when messages cost more than SmsSpendAlarm");
    }
    match DESCRIBE_BUDGETS.ask::<BudgetList>(&live.aws, &json!({"AccountId": live.stack.account})).await {
        Ok(described) if described.budgets.is_empty() => Finding::wrong(
            CHECK,
            "nothing reports high costs: there is neither an alarm on the cost of messages nor a budget",
            "deploy with SmsSpendAlarm or MonthlyBudget",
        ),
        Ok(_) => Finding::ok(CHECK, "the account has a budget"),
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn a_spend_limit_below_the_alarm_is_found() {
        let judge = |enforced, most, alarm| limited(enforced, most, alarm, str::to_owned);
        assert_eq!(judge(200, 200, 0).verdict, CheckStatus::Ok);
        assert_eq!(judge(200, 200, 150).verdict, CheckStatus::Ok);
        for (finding, to_do) in [
            (judge(1, 1, 0), "ask AWS"),
            (judge(1, 500, 0), "pinpoint-sms-voice-v2 set-text-message-spend-limit-override --monthly-limit 500"),
            (judge(200, 500, 200), "deploy with a lower SmsSpendAlarm"),
        ] {
            assert_eq!(finding.verdict, CheckStatus::Wrong);
            assert!(finding.to_do.as_deref().unwrap().starts_with(to_do), "{finding:?}");
        }
    }
}
