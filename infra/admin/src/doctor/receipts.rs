//! Checks that the SMS service publishes delivery receipts for the texts that it accepts.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::{ConfigurationSetInformation, EventDestination, EventType};

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource, aws_command};
use crate::failure::{AwsCallError, FailureCause, failure};

const CHECK: &str = "receipts";

pub(crate) async fn check(live: &DeployedStack) -> Finding {
    if live.stack.parameter("SmsProvider") == Some("SNS") {
        return Finding::ok(CHECK, "Amazon SNS sends the messages, and reports no delivery receipts");
    }
    match inspect(live).await {
        Ok(finding) | Err(finding) => finding,
    }
}

async fn inspect(live: &DeployedStack) -> Result<Finding, Finding> {
    let set = live.physical(CHECK, StackResource::Receipts)?;
    let topic = live.physical(CHECK, StackResource::ReceiptTopic)?;
    let described = Client::new(&live.aws).describe_configuration_sets().configuration_set_names(set).send().await;
    let described =
        described.map_err(failure("sms-voice:DescribeConfigurationSets")).map_err(|failure: AwsCallError| {
            if failure.why == FailureCause::NotThere {
                let says = format!("the configuration set {set} does not exist: no outbound message is sent");
                Finding::wrong(CHECK, says, live.redeploy())
            } else {
                Finding::failed(CHECK, &failure)
            }
        })?;
    let described = described.configuration_sets().first();
    let destinations = described.map(ConfigurationSetInformation::event_destinations).unwrap_or_default();
    Ok(status_events(&live.stack.region, set, topic, destinations))
}

fn status_events<'a>(
    region: &str,
    set: &str,
    topic: &str,
    destinations: impl IntoIterator<Item = &'a EventDestination>,
) -> Finding {
    let command = |verb: &str, name: &str, how: &str| {
        let destination = format!("--configuration-set-name {set} --event-destination-name {name}");
        aws_command(&format!("pinpoint-sms-voice-v2 {verb}-event-destination {destination} {how}"), region)
    };
    let mut destinations = destinations.into_iter();
    let leading_here = destinations.find(|to| to.sns_destination().is_some_and(|sns| sns.topic_arn() == topic));
    let Some(destination) = leading_here else {
        return Finding::wrong(
            CHECK,
            format!("no delivery receipt arrives: {set} has no event destination for the topic"),
            command(
                "create",
                "switchboard",
                &format!("--matching-event-types TEXT_ALL --sns-destination TopicArn={topic}"),
            ),
        );
    };
    let update = |how| command("update", destination.event_destination_name(), how);
    if !destination.enabled() {
        return Finding::wrong(
            CHECK,
            format!("no delivery receipt arrives: the event destination of {set} for the topic is disabled"),
            update("--enabled"),
        );
    }
    if !destination.matching_event_types().iter().any(|kind| matches!(kind, EventType::All | EventType::TextAll)) {
        return Finding::wrong(
            CHECK,
            format!(
                "some delivery receipts do not arrive: the event destination of {set} publishes only some event types"
            ),
            update("--matching-event-types TEXT_ALL"),
        );
    }
    Finding::ok(CHECK, "the topic receives all delivery receipts")
}

#[cfg(test)]
mod tests {
    use aws_sdk_pinpointsmsvoicev2::types::SnsDestination;
    use aws_sdk_pinpointsmsvoicev2::types::builders::EventDestinationBuilder;

    use super::*;
    use crate::doctor::CheckStatus;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:receipts";

    fn destination(topic: &str) -> EventDestinationBuilder {
        EventDestination::builder()
            .event_destination_name("receipts")
            .enabled(true)
            .matching_event_types(EventType::TextAll)
            .sns_destination(SnsDestination::builder().topic_arn(topic).build().unwrap())
    }

    fn finding_for(destinations: &[EventDestinationBuilder]) -> Finding {
        let destinations: Vec<_> = destinations.iter().map(|it| it.clone().build().unwrap()).collect();
        status_events("eu-west-1", "switchboard-receipts", TOPIC, &destinations)
    }

    #[test]
    fn receipts_are_in_order_only_if_all_event_types_are_published_to_the_topic() {
        let elsewhere = destination("arn:aws:sns:eu-west-1:123456789012:other");
        assert_eq!(finding_for(&[elsewhere.clone(), destination(TOPIC)]).verdict, CheckStatus::Ok);
        let named = "--configuration-set-name switchboard-receipts --event-destination-name";
        let create = format!(
            "aws pinpoint-sms-voice-v2 create-event-destination {named} switchboard --matching-event-types TEXT_ALL \
             --sns-destination TopicArn={TOPIC} --region eu-west-1"
        );
        let update = |how| {
            format!("aws pinpoint-sms-voice-v2 update-event-destination {named} receipts {how} --region eu-west-1")
        };
        let some = destination(TOPIC).set_matching_event_types(Some(vec![EventType::TextDelivered]));
        for (wrong, to_do) in [
            (&[][..], create.clone()),
            (&[elsewhere], create),
            (&[destination(TOPIC).enabled(false)], update("--enabled")),
            (&[some], update("--matching-event-types TEXT_ALL")),
        ] {
            let finding = finding_for(wrong);
            assert_eq!((finding.verdict, finding.to_do), (CheckStatus::Wrong, Some(to_do)), "{}", finding.says);
        }
    }
}
