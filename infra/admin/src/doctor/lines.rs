//! Checks that customers' texts to each line reach this stack.

use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberInformation;
use domain::{Line, LineCapability, OptOutManagement};
use sms::TwoWayFault;
use store::Directory;

use crate::doctor::deployed_stack::{DeployedStack, StackResource, aws_command};
use crate::doctor::{Finding, opt_outs, origins, sharing};
use crate::failure::{FailureCause, failure};

const CHECK: &str = "lines";

pub(crate) async fn check(live: &DeployedStack, directory: &Directory) -> Vec<Finding> {
    if directory.lines.is_empty() {
        return Vec::new();
    }
    let topic = match live.physical(CHECK, StackResource::InboundTopic) {
        Ok(topic) => topic,
        Err(absent) => return vec![absent],
    };
    let known = sms::account_numbers(&live.aws).await;
    let known = match known.map_err(|error| failure("sms-voice:DescribePhoneNumbers")(*error)) {
        Ok(known) => known,
        Err(failure) if failure.why == FailureCause::NotReached => {
            return vec![without_the_service(&live.stack.region)];
        }
        Err(failure) => return vec![Finding::failed(CHECK, &failure)],
    };
    let findings = directory.lines.iter().map(|line| match line.carries {
        LineCapability::Texts => two_way(&live.stack.region, topic, line, &known),
        LineCapability::CallsOnly => {
            Finding::ok(CHECK, format!("{} is for calls only, and receives no messages", line.number))
        }
    });
    let managed = match live.stack.parameter("SelfManagedOptOuts") {
        Some("true") => OptOutManagement::ByUs,
        _ => OptOutManagement::ByTheService,
    };
    let opt_outs = opt_outs::check(&directory.lines, &known, managed, &live.stack.region);
    let allowed = live.stack.parameter("SmsOrigins").unwrap_or_default();
    let shared = sharing::check(live, &directory.lines, &known).await;
    findings.chain(opt_outs).chain(origins::check(&directory.lines, &known, allowed)).chain(shared).collect()
}

/// Returns the finding for a region where the SMS service cannot be reached, although other AWS services can.
fn without_the_service(region: &str) -> Finding {
    Finding::wrong(
        CHECK,
        format!(
            "AWS End User Messaging SMS is unreachable in {region}, and the rest of AWS is not: no message comes in or goes \
             out"
        ),
        "look up its endpoints in the AWS General Reference: if it has none in this region, deploy to a region where it has \
         one; if it has one, find out what blocks this machine",
    )
}

fn two_way(region: &str, topic: &str, line: &Line, known: &[PhoneNumberInformation]) -> Finding {
    let ours = &line.number;
    let Some(fault) = sms::two_way_fault(line, known, topic) else {
        return Finding::ok(CHECK, format!("inbound messages to {ours} reach this stack"));
    };
    let turn_on = |number| update(number, &format!("--two-way-enabled --two-way-channel-arn {topic}"), region);
    let (says, to_do) = match fault {
        TwoWayFault::NotActive(number) => (
            format!("{ours} is {} at the SMS service", number.status.as_str()),
            "wait until it is ACTIVE; a registration may be missing".to_owned(),
        ),
        TwoWayFault::CannotText => {
            (format!("{ours} cannot send or receive messages"), "request a number with the capability SMS".to_owned())
        }
        TwoWayFault::NotInPool(wanted) => (
            format!(
                "messages of {ours} are sent from the pool {wanted}, and {ours} is not in it: customers may get messages from \
                 an unknown number"
            ),
            format!("add it to the pool in AWS End User Messaging SMS, or run switchboard-admin line set-pool {ours}"),
        ),
        TwoWayFault::TwoWayOff(number) => (format!("{ours} receives no messages: two-way SMS is off"), turn_on(number)),
        TwoWayFault::LeadsElsewhere(number) => {
            (format!("inbound messages to {ours} are not published to this stack's topic"), turn_on(number))
        }
        TwoWayFault::Unknown => (
            format!("{ours} is not a number of this account in {region}"),
            format!("request it in AWS End User Messaging SMS, or run switchboard-admin line remove {ours}"),
        ),
    };
    Finding::wrong(CHECK, says, to_do)
}

/// Returns the AWS CLI command that changes settings of a number.
pub(super) fn update(number: &PhoneNumberInformation, options: &str, region: &str) -> String {
    let id = number.phone_number_id.as_deref().unwrap_or(&number.phone_number_arn);
    aws_command(&format!("pinpoint-sms-voice-v2 update-phone-number --phone-number-id {id} {options}"), region)
}

#[cfg(test)]
pub(super) mod tests {
    use aws_sdk_pinpointsmsvoicev2::primitives::DateTime;
    use aws_sdk_pinpointsmsvoicev2::types::builders::PhoneNumberInformationBuilder;
    use aws_sdk_pinpointsmsvoicev2::types::{MessageType, NumberCapability, NumberStatus, NumberType};
    use serde_json::json;

    use super::*;
    use crate::doctor::CheckStatus;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:inbound";

    pub(in crate::doctor) fn number() -> PhoneNumberInformationBuilder {
        PhoneNumberInformation::builder()
            .phone_number_arn("arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1")
            .phone_number_id("phone-1")
            .phone_number("+12065550142")
            .status(NumberStatus::Active)
            .iso_country_code("US")
            .message_type(MessageType::Transactional)
            .number_capabilities(NumberCapability::Sms)
            .number_type(NumberType::TollFree)
            .monthly_leasing_price("2.00")
            .two_way_enabled(true)
            .two_way_channel_arn(TOPIC)
            .self_managed_opt_outs_enabled(false)
            .opt_out_list_name("Default")
            .deletion_protection_enabled(false)
            .created_timestamp(DateTime::from_secs(0))
    }

    fn finding_for(number: PhoneNumberInformationBuilder) -> Finding {
        found_of(None, number)
    }

    pub(in crate::doctor) fn line(pool: Option<&str>) -> Line {
        let line = json!({
            "number": "+12065550142", "company": "harbor-dental", "conversation_key": "of harbor-dental", "pool": pool,
        });
        serde_json::from_value(line).unwrap()
    }

    fn found_of(pool: Option<&str>, number: PhoneNumberInformationBuilder) -> Finding {
        two_way("eu-west-1", TOPIC, &line(pool), &[number.build().unwrap()])
    }

    #[test]
    fn a_line_that_sends_from_a_pool_is_in_it() {
        let shared = "arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-1";
        for pool in ["pool-1", shared] {
            assert_eq!(found_of(Some(pool), number().pool_id("pool-1")).verdict, CheckStatus::Ok);
        }
        for other in [number(), number().pool_id("pool-2")] {
            let finding = found_of(Some("pool-1"), other);
            assert_eq!(finding.verdict, CheckStatus::Wrong);
            assert!(finding.to_do.unwrap().contains("line set-pool +12065550142"));
        }
    }

    #[test]
    fn a_line_is_in_order_only_if_its_inbound_messages_reach_the_stack() {
        assert_eq!(finding_for(number()).verdict, CheckStatus::Ok);
        let command = "aws pinpoint-sms-voice-v2 update-phone-number --phone-number-id phone-1 --two-way-enabled \
                       --two-way-channel-arn arn:aws:sns:eu-west-1:123456789012:inbound --region eu-west-1";
        for (wrong, to_do) in [
            (number().two_way_enabled(false), command),
            (number().two_way_channel_arn("arn:aws:sns:eu-west-1:123456789012:other"), command),
            (number().set_two_way_channel_arn(None), command),
            (number().status(NumberStatus::Pending), "wait until it is ACTIVE"),
            (number().set_number_capabilities(Some(vec![NumberCapability::Voice])), "the capability SMS"),
            (number().phone_number("+12065550167"), "switchboard-admin line remove +12065550142"),
        ] {
            let finding = finding_for(wrong);
            assert_eq!(finding.verdict, CheckStatus::Wrong, "{}", finding.says);
            assert!(finding.to_do.as_deref().unwrap_or_default().contains(to_do), "{finding:?}");
        }
    }
}
