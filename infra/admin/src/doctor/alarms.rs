//! Whether anybody hears an alarm.

use aws_sdk_sns::Client;

use crate::doctor::Finding;
use crate::doctor::live::{Live, Part};
use crate::failure::failure;

const CHECK: &str = "alarms";

pub(crate) async fn check(live: &Live) -> Finding {
    let topic = match live.physical(CHECK, Part::AlarmTopic) {
        Ok(topic) => topic,
        Err(absent) => return absent,
    };
    let mut pages =
        Client::new(&live.aws).list_subscriptions_by_topic().topic_arn(topic).into_paginator().items().send();
    let (mut confirmed, mut pending) = (0, 0);
    while let Some(subscription) = pages.next().await {
        let subscription = match subscription.map_err(failure("sns:ListSubscriptionsByTopic")) {
            Ok(subscription) => subscription,
            Err(failure) => return Finding::failed(CHECK, &failure),
        };
        // What is not confirmed has a word in place of an ARN.
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
            "nobody hears them",
            live.command(&format!(
                "sns subscribe --topic-arn {topic} --protocol email --notification-endpoint YOUR-ADDRESS"
            )),
        ),
        (0, _) => Finding::wrong(
            CHECK,
            "nobody hears them: the subscription is not confirmed",
            "follow the link in the message that AWS has sent there",
        ),
        (confirmed, _) => Finding::ok(CHECK, format!("{confirmed} subscribed")),
    }
}
