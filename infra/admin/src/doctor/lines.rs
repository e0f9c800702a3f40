//! Whether customers' texts to each line come here.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::{NumberCapability, NumberStatus, PhoneNumberInformation};
use domain::PhoneNumber;
use store::Directory;

use crate::doctor::Finding;
use crate::doctor::live::Live;
use crate::failure::{Failure, failure};

const CHECK: &str = "lines";

pub(crate) async fn check(live: &Live, directory: &Directory) -> Vec<Finding> {
    if directory.lines.is_empty() {
        return Vec::new();
    }
    let topic = match live.physical(CHECK, "InboundTopic") {
        Ok(topic) => topic,
        Err(absent) => return vec![absent],
    };
    let known = match numbers(live).await {
        Ok(known) => known,
        Err(failure) => return vec![Finding::failed(CHECK, &failure)],
    };
    directory.lines.iter().map(|line| two_way(live, topic, &line.number, &known)).collect()
}

/// The numbers that the account has.
async fn numbers(live: &Live) -> Result<Vec<PhoneNumberInformation>, Failure> {
    let mut pages = Client::new(&live.aws).describe_phone_numbers().into_paginator().items().send();
    let mut numbers = Vec::new();
    while let Some(number) = pages.next().await {
        numbers.push(number.map_err(failure("sms-voice:DescribePhoneNumbers"))?);
    }
    Ok(numbers)
}

fn two_way(live: &Live, topic: &str, ours: &PhoneNumber, known: &[PhoneNumberInformation]) -> Finding {
    let Some(number) = known.iter().find(|number| number.phone_number() == ours.as_str()) else {
        return Finding::wrong(
            CHECK,
            format!("{ours} is not a number of this account in {}", live.stack.region),
            format!("request it in AWS End User Messaging SMS, or switchboard-admin line remove {ours}"),
        );
    };
    if number.status != NumberStatus::Active {
        return Finding::wrong(
            CHECK,
            format!("{ours} is {} at the SMS service", number.status.as_str()),
            "wait until it is ACTIVE; a registration may be missing",
        );
    }
    if !number.number_capabilities().contains(&NumberCapability::Sms) {
        return Finding::wrong(CHECK, format!("{ours} cannot text"), "request a number with the capability SMS");
    }
    let id = number.phone_number_id.as_deref().unwrap_or(&number.phone_number_arn);
    let turn_on = || {
        live.command(&format!(
            "pinpoint-sms-voice-v2 update-phone-number --phone-number-id {id} --two-way-enabled --two-way-channel-arn {topic}"
        ))
    };
    match number.two_way_channel_arn() {
        _ if !number.two_way_enabled => {
            Finding::wrong(CHECK, format!("{ours} takes no texts: two-way SMS is off"), turn_on())
        }
        Some(channel) if channel == topic => Finding::ok(CHECK, format!("what is texted to {ours} comes here")),
        _ => Finding::wrong(CHECK, format!("what is texted to {ours} goes elsewhere"), turn_on()),
    }
}
