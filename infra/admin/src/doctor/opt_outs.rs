//! Checks that each opt-out is acknowledged once, and that no two companies share an opt-out list.

use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberInformation;
use domain::{Line, OptOutManagement};
use sms::OptOutFault;

use crate::doctor::deployed_stack::aws_command;
use crate::doctor::{Finding, lines};

const CHECK: &str = "opt-outs";

/// Returns a finding for each opt-out fault of the lines whose numbers are in `known`.
pub(super) fn check(
    lines: &[Line],
    known: &[PhoneNumberInformation],
    managed: OptOutManagement,
    region: &str,
) -> Vec<Finding> {
    let faults = sms::opt_out_faults(lines, known, managed);
    faults.into_iter().map(|(line, number, fault)| finding_of(line, number, fault, region)).collect()
}

fn finding_of(line: &Line, number: &PhoneNumberInformation, fault: OptOutFault<'_>, region: &str) -> Finding {
    let ours = &line.number;
    let (says, flag) = match fault {
        OptOutFault::Unanswered => (
            format!(
                "a STOP to {ours} is not acknowledged: the number leaves opt-outs to this stack, which leaves them to the SMS \
                 service"
            ),
            "--no-self-managed-opt-outs-enabled",
        ),
        OptOutFault::AnsweredTwice => (
            format!(
                "a STOP to {ours} is acknowledged twice: by the SMS service, and by this stack (SelfManagedOptOuts)"
            ),
            "--self-managed-opt-outs-enabled",
        ),
        OptOutFault::Shared(other) => return shared_list(line, other, number, region),
    };
    Finding::wrong(CHECK, says, lines::update(number, flag, region))
}

fn shared_list(line: &Line, other: &Line, number: &PhoneNumberInformation, region: &str) -> Finding {
    let (ours, company, list) = (&line.number, &line.company, &number.opt_out_list_name);
    let create =
        aws_command(&format!("pinpoint-sms-voice-v2 create-opt-out-list --opt-out-list-name {company}"), region);
    let update = lines::update(number, &format!("--opt-out-list-name {company}"), region);
    Finding::wrong(
        CHECK,
        format!(
            "a customer who opts out of {} or {company} gets no messages from either: {} and {ours} share the opt-out list \
             {list}",
            other.company, other.number
        ),
        format!("{create} && {update}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use OptOutManagement::{ByTheService, ByUs};

    use super::*;

    fn number(number: &str, list: &str, self_managed: bool) -> PhoneNumberInformation {
        let id = format!("phone-{}", &number[number.len() - 4..]);
        let number = lines::tests::number().phone_number(number).phone_number_id(id);
        number.opt_out_list_name(list).self_managed_opt_outs_enabled(self_managed).build().unwrap()
    }

    fn line(number: &str, company: &str) -> Line {
        serde_json::from_value(json!({"number": number, "company": company, "conversation_key": company})).unwrap()
    }

    const ONE: &str = "+12065550142";
    const SECOND: &str = "+12065550167";
    const OTHERS: &str = "+61491570006";

    fn findings_for(numbers: &[PhoneNumberInformation], managed: OptOutManagement) -> Vec<(String, String)> {
        let lines = [line(ONE, "harbor-dental"), line(SECOND, "harbor-dental"), line(OTHERS, "tidewater-physio")];
        let findings = check(&lines, numbers, managed, "eu-west-1");
        findings.into_iter().map(|finding| (finding.says, finding.to_do.unwrap())).collect()
    }

    #[test]
    fn a_companys_numbers_may_share_an_opt_out_list_and_two_companies_may_not() {
        let apart = [number(ONE, "a", false), number(SECOND, "a", false), number(OTHERS, "b", false)];
        assert_eq!(findings_for(&apart, ByTheService), []);
        let shared = findings_for(&[number(ONE, "Default", false), number(OTHERS, "Default", false)], ByTheService);
        let [(says, to_do)] = shared.as_slice() else { panic!("{shared:?}") };
        assert_eq!(
            says,
            "a customer who opts out of harbor-dental or tidewater-physio gets no messages from either: +12065550142 and \
             +61491570006 share the opt-out list Default"
        );
        assert!(
            to_do.contains("update-phone-number --phone-number-id phone-0006 --opt-out-list-name tidewater-physio")
        );
        // The service keeps no list for self-managed numbers, so they share none.
        assert_eq!(findings_for(&[number(ONE, "Default", true), number(OTHERS, "Default", true)], ByUs), []);
    }

    #[test]
    fn a_stop_is_acknowledged_by_the_service_or_by_the_stack() {
        let (says, to_do) = findings_for(&[number(ONE, "a", true)], ByTheService).pop().unwrap();
        assert!(says.starts_with("a STOP to +12065550142 is not acknowledged"), "{says}");
        assert!(to_do.contains("--phone-number-id phone-0142 --no-self-managed-opt-outs-enabled"), "{to_do}");
        let (says, to_do) = findings_for(&[number(ONE, "a", false)], ByUs).pop().unwrap();
        assert!(says.contains("is acknowledged twice"), "{says}");
        assert!(to_do.contains("--phone-number-id phone-0142 --self-managed-opt-outs-enabled"), "{to_do}");
    }
}
