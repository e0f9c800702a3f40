//! Whether the stack itself is whole.

use crate::doctor::{Finding, Verdict};
use crate::stack::Stack;

const CHECK: &str = "stack";

pub(crate) fn check(stack: &Stack) -> Vec<Finding> {
    let state = state(stack);
    let ended_well = state.verdict == Verdict::Ok;
    let mut findings = vec![state];
    if ended_well && stack.output("Table").is_none() {
        let says = format!("{} has no output `Table`: it is another application's", stack.name);
        findings.push(Finding::wrong(CHECK, says, "name another with --stack"));
    }
    findings
}

fn state(stack: &Stack) -> Finding {
    let Stack { name, status, account, region, .. } = stack;
    let says = format!("{name} is {status} (account {account}, {region})");
    let command = |command: &str| format!("aws cloudformation {command} --stack-name {name} --region {region}");
    match status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Finding::ok(CHECK, says),
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => {
            let why = command("describe-stack-events");
            Finding::wrong(
                CHECK,
                format!("{says}: the last deployment was undone"),
                format!("{why} says why; deploy again"),
            )
        }
        "UPDATE_ROLLBACK_FAILED" => Finding::wrong(CHECK, says, command("continue-update-rollback")),
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" | "REVIEW_IN_PROGRESS" => {
            Finding::wrong(
                CHECK,
                format!("{says}: it was never deployed, or not removed, to the end"),
                format!("{}; then deploy again", command("delete-stack")),
            )
        }
        status if status.ends_with("_IN_PROGRESS") => {
            Finding::wrong(CHECK, says, "wait until the deployment has ended, and ask again")
        }
        _ => Finding::wrong(CHECK, says, command("describe-stack-events")),
    }
}
