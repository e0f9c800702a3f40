//! Checks a running stack. Each module has the check that it is named after. No check changes anything.

mod alarms;
mod cloudfront;
mod cloudwatch;
mod concurrency;
mod countries;
mod deployed_stack;
mod directory;
mod event_source_mappings;
mod finding;
mod functions;
mod http;
mod issuer;
mod key;
mod lines;
mod opt_outs;
mod origins;
mod portal;
mod push_keys;
mod queues;
mod receipts;
mod registrations;
mod sandbox;
mod sharing;
mod sign_in;
mod signed_request;
mod spending;
mod stack;
mod table;
mod topic;

use std::process::ExitCode;

use store::StoreError;

use crate::command_line::TargetOptions;
use crate::operator::not_running;
use crate::output::Output;
use crate::stack::Stack;
use crate::target::{LOCAL_TABLE, Target};
use crate::{aws, failure};
use deployed_stack::{DeployedStack, StackResource};
use finding::{CheckStatus, Finding};

pub(crate) async fn run(which: &TargetOptions, output: Output) -> anyhow::Result<ExitCode> {
    let mut report = Report { output, findings: Vec::new() };
    match &which.local {
        Some(address) => local(&mut report, address).await?,
        None => deployed(&mut report, which).await?,
    }
    report.end()
}

async fn deployed(report: &mut Report, which: &TargetOptions) -> anyhow::Result<()> {
    // Without credentials or a stack there is nothing to check, so the command fails.
    let aws = aws::deployed(which.profile.as_deref(), which.aws_region.as_deref()).await?;
    let stack = Stack::describe(&aws, which.stack()).await?;
    report.add(stack::check(&stack))?;
    if stack.output("Table").is_none() {
        // Without the table, the stack is not Switchboard's, or was never deployed: the other checks have nothing to
        // look at.
        return Ok(());
    }
    let resources = stack.resources(&aws).await?;
    let live = DeployedStack { aws, stack, resources };
    report.add(table::check(&live).await)?;
    report.add(topic::check(&live).await)?;
    report.add([key::check(&live).await])?;
    report.add([receipts::check(&live).await])?;
    report.add([countries::check(&live.stack)])?;
    report.add(functions::check(&live).await)?;
    report.add([concurrency::check(&live).await])?;
    let (readers, missing) = event_source_mappings::find(&live).await;
    report.add(missing)?;
    report.add(event_source_mappings::check(&live, &readers))?;
    report.add(queues::check(&live, &readers).await)?;
    report.add(sign_in::check(&live).await)?;
    report.add([push_keys::check(&live).await])?;
    report
        .add(portal::check(live.stack.output("PortalAddress"), &format!("infra/publish {}", live.stack.name)).await)?;
    report.add(cloudfront::check(&live).await)?;
    report.add(alarms::check(&live).await)?;
    report.add([sandbox::check(&live).await])?;
    report.add(registrations::check(&live).await)?;
    report.add(spending::check(&live).await)?;
    let Ok(table) = live.physical("directory", StackResource::Table) else { return Ok(()) };
    let directory = Target::deployed(live.aws.clone(), table, &live.stack).store().directory().await;
    match directory {
        Ok(directory) => {
            report.add(directory::check(&directory))?;
            report.add(lines::check(&live, &directory).await)
        }
        Err(error) => report.add([unread(&error)]),
    }
}

/// Runs the checks that apply to the local stack, which has no CloudFormation stack, queues or alarms.
async fn local(report: &mut Report, address: &str) -> anyhow::Result<()> {
    let health = http::get(&format!("{address}/healthz")).await.map_err(|_| not_running(address))?;
    report.add([if health.status() == 200 {
        Finding::ok("stack", format!("the local stack at {address} is ready"))
    } else {
        Finding::wrong(
            "stack",
            format!("{address} answers, but is not ready"),
            "wait a moment, then run `doctor` again",
        )
    }])?;
    let place = Target::local(address);
    report.add([table::check_local(&place.aws, LOCAL_TABLE).await])?;
    report.add(sign_in::check_local(&place.aws, address).await)?;
    report.add([push_keys::check_local(&place.aws).await])?;
    report.add(portal::check(Some(address), "start the local stack of this version").await)?;
    match place.store().directory().await {
        Ok(directory) => report.add(directory::check(&directory)),
        Err(error) => report.add([unread(&error)]),
    }
}

fn unread(error: &StoreError) -> Finding {
    Finding::failed("directory", &failure::AwsCallError::of_store(error))
}

/// Prints each finding as it is found, and counts those that are wrong.
struct Report {
    output: Output,
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> anyhow::Result<()> {
        for finding in findings {
            if !self.output.is_for_programs() {
                Output::line(&finding.lines())?;
            }
            self.findings.push(finding);
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<ExitCode> {
        let count = |verdict| self.findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (wrong, unchecked) = (count(CheckStatus::Wrong), count(CheckStatus::CannotBeChecked));
        if self.output.is_for_programs() {
            Output::json(&self.findings)?;
        } else {
            let rest = if unchecked > 0 { format!(" {unchecked} cannot be checked.") } else { String::new() };
            let found = if wrong > 0 { format!("{wrong} wrong.") } else { "Nothing is wrong.".to_owned() };
            Output::line(&format!("\n{found}{rest}"))?;
        }
        Ok(if wrong > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
