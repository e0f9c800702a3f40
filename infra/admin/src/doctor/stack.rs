//! Checks that the last deployment of the stack succeeded.

use crate::doctor::{CheckStatus, Finding};
use crate::stack::Stack;

const CHECK: &str = "stack";

pub(crate) fn check(stack: &Stack) -> Vec<Finding> {
    let state = state(stack);
    let ended_well = state.verdict == CheckStatus::Ok;
    let mut findings = vec![state];
    if ended_well && stack.output("Table").is_none() {
        let says = format!("{} has no output `Table`: it is not a Switchboard stack", stack.name);
        findings.push(Finding::wrong(CHECK, says, "name another with --stack"));
    }
    findings
}

fn state(stack: &Stack) -> Finding {
    let Stack { name, status, account, region, .. } = stack;
    judge(name, status, region, format!("{name} is {status} (account {account}, {region})"))
}

fn judge(name: &str, status: &str, region: &str, says: String) -> Finding {
    let command = |command: &str| format!("aws cloudformation {command} --stack-name {name} --region {region}");
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Finding::ok(CHECK, says),
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => {
            let why = command("describe-stack-events");
            Finding::wrong(
                CHECK,
                format!("{says}: the last deployment was rolled back"),
                format!("{why} shows the reason; then deploy again"),
            )
        }
        "UPDATE_ROLLBACK_FAILED" => Finding::wrong(CHECK, says, command("continue-update-rollback")),
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" | "REVIEW_IN_PROGRESS" => {
            Finding::wrong(
                CHECK,
                format!("{says}: its creation or deletion did not finish"),
                format!("{}; then deploy again", command("delete-stack")),
            )
        }
        status if status.ends_with("_IN_PROGRESS") => {
            Finding::wrong(CHECK, says, "wait until the deployment ends, then run `doctor` again")
        }
        _ => Finding::wrong(CHECK, says, command("describe-stack-events")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_that_a_deployment_can_end_in_has_its_way_out() {
        let judge = |status| judge("switchboard", status, "eu-west-1", String::new());
        for well in ["CREATE_COMPLETE", "UPDATE_COMPLETE"] {
            assert_eq!(judge(well).verdict, CheckStatus::Ok, "{well}");
        }
        for (status, way_out) in [
            ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name switchboard --region eu-west-1"),
            ("UPDATE_ROLLBACK_COMPLETE", "aws cloudformation describe-stack-events"),
            ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "wait"),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait"),
            ("SOMETHING_NEW", "aws cloudformation describe-stack-events"),
        ] {
            let finding = judge(status);
            assert_eq!(finding.verdict, CheckStatus::Wrong, "{status}");
            assert!(finding.to_do.as_deref().unwrap_or_default().starts_with(way_out), "{status}: {finding:?}");
        }
    }
}
