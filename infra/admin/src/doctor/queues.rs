//! Checks that queues have dead-letter queues, and that dead-letter and failure queues are empty.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::doctor::event_source_mappings::EventSourceMapping;
use crate::failure::{AwsCallError, FailureCause, failure};
use crate::stack::Resource;

const CHECK: &str = "queues";

struct Queue<'a> {
    /// The queue's logical id in the template.
    logical: &'a str,
    url: &'a str,
    arn: String,
    /// The ARN of the queue's dead-letter queue.
    dead_letters: Option<String>,
    waiting: u64,
    /// The number of messages that a consumer has received and neither deleted nor returned.
    in_flight: u64,
}

pub(crate) async fn check(live: &DeployedStack, readers: &[EventSourceMapping]) -> Vec<Finding> {
    let (mut queues, mut findings) = (Vec::new(), Vec::new());
    for resource in live.of_kind("AWS::SQS::Queue") {
        match Queue::describe(live, resource).await {
            Ok(queue) => queues.push(queue),
            Err(failure) if failure.why == FailureCause::NotThere => {
                findings.push(Finding::wrong(CHECK, format!("{} does not exist", resource.logical), live.redeploy()));
            }
            Err(failure) => findings.push(Finding::failed(CHECK, &failure)),
        }
    }
    findings.extend(queues.iter().map(|queue| {
        // A queue that has neither a dead-letter queue nor a reader is itself a dead-letter or failure queue.
        if queue.dead_letters.is_none() && queue.reader(readers).is_none() {
            queue.with_what_was_given_up(live, &queues, readers)
        } else {
            queue.with_what_is_to_be_done(live, &queues)
        }
    }));
    findings
}

/// Returns the ARN of a queue that is a part of the stack.
pub(crate) async fn arn(live: &DeployedStack, check: &'static str, part: StackResource) -> Result<String, Finding> {
    let attributes = attributes(live, live.physical(check, part)?).await;
    Ok(text(&attributes.map_err(|failure| Finding::failed(check, &failure))?, &QueueAttributeName::QueueArn))
}

impl<'a> Queue<'a> {
    async fn describe(live: &DeployedStack, resource: &'a Resource) -> Result<Self, AwsCallError> {
        let attributes = attributes(live, &resource.physical).await?;
        let number = |name| text(&attributes, &name).parse().unwrap_or_default();
        let redrive: Value =
            serde_json::from_str(&text(&attributes, &QueueAttributeName::RedrivePolicy)).unwrap_or_default();
        Ok(Self {
            logical: &resource.logical,
            url: &resource.physical,
            arn: text(&attributes, &QueueAttributeName::QueueArn),
            dead_letters: redrive["deadLetterTargetArn"].as_str().map(ToOwned::to_owned),
            waiting: number(QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        })
    }

    fn reader<'r>(&self, readers: &'r [EventSourceMapping]) -> Option<&'r EventSourceMapping> {
        readers.iter().find(|reader| reader.source == self.arn)
    }

    /// Returns the finding for a queue that a function reads.
    ///
    /// Waiting messages are not a fault. An operator who runs the check again sees whether their number decreases.
    fn with_what_is_to_be_done(&self, live: &DeployedStack, queues: &[Queue<'_>]) -> Finding {
        let Self { logical, waiting, in_flight: taken, .. } = self;
        match queues.iter().find(|queue| self.dead_letters.as_ref() == Some(&queue.arn)) {
            Some(behind) => Finding::ok(
                CHECK,
                format!("{logical}: {waiting} waiting, {taken} in flight; its dead-letter queue is {}", behind.logical),
            ),
            None => Finding::wrong(
                CHECK,
                format!(
                    "{logical} has no dead-letter queue: a message that cannot be processed is retried until it is lost"
                ),
                live.redeploy(),
            ),
        }
    }

    /// Returns the finding for a dead-letter or failure queue, with the command that clears it.
    ///
    /// For a dead-letter queue, the command names the queue to move messages back to. SQS cannot infer that queue for
    /// messages that a topic or a rule gave up, because these were never in it.
    fn with_what_was_given_up(
        &self,
        live: &DeployedStack,
        queues: &[Queue<'_>],
        readers: &[EventSourceMapping],
    ) -> Finding {
        let Self { logical, url, arn, .. } = self;
        // Messages that an operator has received for inspection are still in the queue.
        let count = self.waiting + self.in_flight;
        if count == 0 {
            return Finding::ok(CHECK, format!("{logical} is empty"));
        }
        let before = queues.iter().find(|queue| queue.dead_letters.as_ref() == Some(arn));
        let reader = before
            .and_then(|queue| queue.reader(readers))
            .or_else(|| readers.iter().find(|reader| reader.gives_up_to.as_ref() == Some(arn)));
        let cause = reader.map_or_else(|| "find the cause".to_owned(), |reader| live.cause(&reader.function));
        let then = match before {
            Some(Queue { arn: back, .. }) => {
                format!("sqs start-message-move-task --source-arn {arn} --destination-arn {back}")
            }
            // The queue holds only references to records: the data is still in the table.
            None => format!("sqs purge-queue --queue-url {url}"),
        };
        Finding::wrong(
            CHECK,
            format!("{logical} holds failed messages: {count}"),
            format!("{cause}; when the cause is removed, run {}", live.command(&then)),
        )
    }
}

type Attributes = HashMap<QueueAttributeName, String>;

async fn attributes(live: &DeployedStack, url: &str) -> Result<Attributes, AwsCallError> {
    let client = Client::new(&live.aws);
    let described = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send().await;
    Ok(described.map_err(failure("sqs:GetQueueAttributes"))?.attributes.unwrap_or_default())
}

fn text(attributes: &Attributes, name: &QueueAttributeName) -> String {
    attributes.get(name).cloned().unwrap_or_default()
}
