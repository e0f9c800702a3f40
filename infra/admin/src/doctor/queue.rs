//! Whether inbound texts wait where they should, and none was given up.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use crate::doctor::Finding;
use crate::doctor::live::{Live, Part};
use crate::failure::{Failure, failure};

const CHECK: &str = "queue";

type Attributes = HashMap<QueueAttributeName, String>;

pub(crate) async fn check(live: &Live) -> Vec<Finding> {
    let (queue, dead) =
        match (attributes(live, Part::InboundQueue).await, attributes(live, Part::InboundDeadLetters).await) {
            (Ok(queue), Ok(dead)) => (queue, dead),
            (queue, dead) => return [queue.err(), dead.err()].into_iter().flatten().collect(),
        };
    let dead_arn = text(&dead, &QueueAttributeName::QueueArn);
    let arn = text(&queue, &QueueAttributeName::QueueArn);
    vec![redriving(live, &queue, &dead_arn), waiting(&queue), given_up(live, &dead, &dead_arn, &arn)]
}

/// The ARN of the queue that inbound texts wait in.
pub(crate) async fn arn(live: &Live) -> Result<String, Finding> {
    Ok(text(&attributes(live, Part::InboundQueue).await?, &QueueAttributeName::QueueArn))
}

fn redriving(live: &Live, queue: &Attributes, dead: &str) -> Finding {
    let policy = text(queue, &QueueAttributeName::RedrivePolicy);
    let policy: Value = serde_json::from_str(&policy).unwrap_or_default();
    if policy["deadLetterTargetArn"] == dead && !dead.is_empty() {
        Finding::ok(CHECK, "what cannot be recorded goes to the dead-letter queue")
    } else {
        Finding::wrong(
            CHECK,
            "what cannot be recorded is tried until it is lost: the dead-letter queue is not behind this one",
            live.redeploy(),
        )
    }
}

/// Texts that wait are no fault in themselves: whoever asks again sees whether they become fewer.
fn waiting(queue: &Attributes) -> Finding {
    let waiting = number(queue, &QueueAttributeName::ApproximateNumberOfMessages);
    let taken = number(queue, &QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    Finding::ok(CHECK, format!("{waiting} waiting, {taken} being recorded"))
}

/// The way back is named: what the topic itself gave up was never in the queue.
fn given_up(live: &Live, dead: &Attributes, dead_arn: &str, arn: &str) -> Finding {
    match number(dead, &QueueAttributeName::ApproximateNumberOfMessages) {
        0 => Finding::ok(CHECK, "nothing was given up"),
        count => Finding::wrong(
            CHECK,
            format!("{count} were given up, and wait in the dead-letter queue"),
            format!(
                "find the cause in the log of inbound-sms, then {}",
                live.command(&format!("sqs start-message-move-task --source-arn {dead_arn} --destination-arn {arn}"))
            ),
        ),
    }
}

async fn attributes(live: &Live, part: Part) -> Result<Attributes, Finding> {
    let queue = live.physical(CHECK, part)?;
    let described: Result<_, Failure> = Client::new(&live.aws)
        .get_queue_attributes()
        .queue_url(queue)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .map_err(failure("sqs:GetQueueAttributes"));
    let described = described.map_err(|failure| Finding::failed(CHECK, &failure))?;
    Ok(described.attributes.unwrap_or_default())
}

fn text(attributes: &Attributes, name: &QueueAttributeName) -> String {
    attributes.get(name).cloned().unwrap_or_default()
}

fn number(attributes: &Attributes, name: &QueueAttributeName) -> u64 {
    attributes.get(name).and_then(|number| number.parse().ok()).unwrap_or_default()
}
