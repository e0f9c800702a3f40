//! Whether every function can run, and the queue is read.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use crate::doctor::Finding;
use crate::doctor::live::{Live, Part};
use crate::doctor::queue;
use crate::failure::{Failure, failure};
use crate::stack::Resource;

const CHECK: &str = "functions";

pub(crate) async fn check(live: &Live) -> Vec<Finding> {
    let client = Client::new(&live.aws);
    let mut findings = Vec::new();
    let functions = || live.resources.iter().filter(|resource| resource.kind == "AWS::Lambda::Function");
    for function in functions() {
        findings.extend(active(&client, live, function).await.err());
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, format!("all {} can run", functions().count())));
    }
    findings.push(match live.physical(CHECK, Part::InboundSms) {
        Ok(function) => match reading(&client, live, function).await {
            Ok(finding) | Err(finding) => finding,
        },
        Err(absent) => absent,
    });
    findings
}

async fn active(client: &Client, live: &Live, function: &Resource) -> Result<(), Finding> {
    let Resource { logical, physical: function, .. } = function;
    let described = client.get_function_configuration().function_name(function).send().await;
    let described = described
        .map_err(failure("lambda:GetFunctionConfiguration"))
        .map_err(|failure: Failure| Finding::failed(CHECK, &failure))?;
    // A function that was not called for weeks is inactive, and wakes at the next call.
    let state = described.state.as_ref();
    let runs = matches!(state, None | Some(State::Active | State::Inactive));
    let updated = !matches!(described.last_update_status, Some(LastUpdateStatus::Failed));
    if runs && updated {
        return Ok(());
    }
    let state = if runs { "not updated" } else { state.map_or("in an unknown state", State::as_str) };
    Err(Finding::wrong(
        CHECK,
        format!("{logical} is {state}"),
        format!("{} says why", live.command(&format!("lambda get-function-configuration --function-name {function}"))),
    ))
}

/// Whether `inbound-sms` is given what waits in the queue.
async fn reading(client: &Client, live: &Live, function: &str) -> Result<Finding, Finding> {
    let queue = queue::arn(live).await.map_err(|finding| Finding { check: CHECK, ..finding })?;
    let mappings = client.list_event_source_mappings().function_name(function).event_source_arn(queue).send().await;
    let mappings = mappings
        .map_err(failure("lambda:ListEventSourceMappings"))
        .map_err(|failure: Failure| Finding::failed(CHECK, &failure))?;
    let Some(mapping) = mappings.event_source_mappings().first() else {
        return Err(Finding::wrong(CHECK, "nothing reads the queue", live.redeploy()));
    };
    match mapping.state().unwrap_or_default() {
        "Enabled" | "Enabling" | "Updating" | "Creating" => Ok(Finding::ok(CHECK, "InboundSms reads the queue")),
        _ => Err(Finding::wrong(
            CHECK,
            "InboundSms is kept from reading the queue",
            live.command(&format!(
                "lambda update-event-source-mapping --enabled --uuid {}",
                mapping.uuid().unwrap_or_default()
            )),
        )),
    }
}
