//! Checks that event source mappings invoke functions with the records of queues and of the table's stream.

use aws_sdk_lambda::Client;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::failure::{AwsCallError, FailureCause, failure};
use crate::stack::Resource;

const CHECK: &str = "mappings";

/// An event source mapping of the stack, which invokes a function with the records of a queue or stream.
pub(crate) struct EventSourceMapping {
    /// The mapping's logical id in the template.
    logical: String,
    uuid: String,
    /// The logical id of the mapping's function in the template.
    pub(crate) function: String,
    /// The ARN of the queue or stream that the mapping reads.
    pub(crate) source: String,
    /// The ARN of the on-failure destination: the queue for records that the mapping gives up. `None` if there is no
    /// destination.
    pub(crate) gives_up_to: Option<String>,
    state: String,
    /// The result of the last batch, as Lambda reports it.
    last_result: String,
}

/// Returns the stack's event source mappings, and a finding for each mapping that is missing or cannot be described.
pub(crate) async fn find(live: &DeployedStack) -> (Vec<EventSourceMapping>, Vec<Finding>) {
    let client = Client::new(&live.aws);
    let (mut readers, mut missing) = (Vec::new(), Vec::new());
    for resource in live.of_kind("AWS::Lambda::EventSourceMapping") {
        match EventSourceMapping::describe(&client, live, resource).await {
            Ok(reader) => readers.push(reader),
            Err(AwsCallError { why: FailureCause::NotThere, .. }) => missing.push(Finding::wrong(
                CHECK,
                format!("{} does not exist: its function receives no records", resource.logical),
                live.redeploy(),
            )),
            Err(failure) => missing.push(Finding::failed(CHECK, &failure)),
        }
    }
    (readers, missing)
}

pub(crate) fn check(live: &DeployedStack, readers: &[EventSourceMapping]) -> Vec<Finding> {
    let findings: Vec<_> = readers.iter().filter_map(|reader| reader.fault(live)).collect();
    if findings.is_empty() && !readers.is_empty() {
        return vec![Finding::ok(CHECK, format!("all {} are enabled, and processed their last batch", readers.len()))];
    }
    findings
}

impl EventSourceMapping {
    async fn describe(client: &Client, live: &DeployedStack, resource: &Resource) -> Result<Self, AwsCallError> {
        let mapping = client.get_event_source_mapping().uuid(&resource.physical).send().await;
        let mapping = mapping.map_err(failure("lambda:GetEventSourceMapping"))?;
        let function = mapping.function_arn().and_then(|arn| arn.split(':').nth(6)).unwrap_or_default();
        let given_up = mapping.destination_config().and_then(|to| to.on_failure()).and_then(|to| to.destination());
        Ok(Self {
            logical: resource.logical.clone(),
            uuid: resource.physical.clone(),
            function: live.logical("AWS::Lambda::Function", function).unwrap_or(function).to_owned(),
            gives_up_to: given_up.map(ToOwned::to_owned),
            state: mapping.state.unwrap_or_default(),
            last_result: mapping.last_processing_result.unwrap_or_default(),
            source: mapping.event_source_arn.unwrap_or_default(),
        })
    }

    fn fault(&self, live: &DeployedStack) -> Option<Finding> {
        let Self { logical, uuid, function, state, last_result, .. } = self;
        let source = self.source(live);
        if !matches!(state.as_str(), "Enabled" | "Enabling" | "Updating" | "Creating") {
            return Some(Finding::wrong(
                CHECK,
                format!("{function} does not read {source}: {logical} is {state}"),
                live.command(&format!("lambda update-event-source-mapping --enabled --uuid {uuid}")),
            ));
        }
        (!went_well(last_result)).then(|| {
            Finding::wrong(
                CHECK,
                format!("{function} failed to process the last batch of {logical} from {source} ({last_result})"),
                format!("{}; Lambda retries the batch", live.cause(function)),
            )
        })
    }

    /// Returns the name of the queue that the mapping reads, or "the table's stream".
    fn source<'a>(&self, live: &'a DeployedStack) -> &'a str {
        let name = self.source.rsplit(':').next().unwrap_or_default();
        live.logical("AWS::SQS::Queue", name).unwrap_or("the table's stream")
    }
}

/// Returns whether the last batch succeeded.
///
/// Lambda reports `PROBLEM: ...` for a failure, and nothing for a queue.
fn went_well(last_result: &str) -> bool {
    last_result.is_empty() || ["OK", "No records"].iter().any(|good| last_result.starts_with(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_batch_went_well_unless_lambda_reports_a_problem() {
        for good in ["", "OK", "No records processed"] {
            assert!(went_well(good), "{good}");
        }
        for bad in ["PROBLEM: Function call failed", "PROBLEM: Lambda was throttled", "FAILED"] {
            assert!(!went_well(bad), "{bad}");
        }
    }
}
