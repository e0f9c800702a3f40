//! Checks that every function can run.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::failure::{AwsCallError, failure};
use crate::stack::Resource;

const CHECK: &str = "functions";

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let client = Client::new(&live.aws);
    let mut findings = Vec::new();
    for function in live.of_kind("AWS::Lambda::Function") {
        findings.extend(active(&client, live, function).await.err());
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, format!("all {} can run", live.of_kind("AWS::Lambda::Function").count())));
    }
    findings
}

async fn active(client: &Client, live: &DeployedStack, function: &Resource) -> Result<(), Finding> {
    let Resource { logical, physical: function, .. } = function;
    let described = client.get_function_configuration().function_name(function).send().await;
    let described = described
        .map_err(failure("lambda:GetFunctionConfiguration"))
        .map_err(|failure: AwsCallError| Finding::failed(CHECK, &failure))?;
    // Lambda makes a function inactive when it was not called for weeks, and activates it at the next call.
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
        format!(
            "{} shows the reason",
            live.command(&format!("lambda get-function-configuration --function-name {function}"))
        ),
    ))
}
