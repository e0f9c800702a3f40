//! Checks the registrations of numbers. A US number sends nothing until its registration is complete.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::{RegistrationInformation, RegistrationStatus};

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, aws_command};
use crate::failure::failure;

const CHECK: &str = "registered";

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let mut pages = Client::new(&live.aws).describe_registrations().into_paginator().items().send();
    let mut findings = Vec::new();
    while let Some(registration) = pages.next().await {
        match registration.map_err(failure("sms-voice:DescribeRegistrations")) {
            Ok(registration) => findings.extend(judge(&registration, &live.stack.region)),
            Err(failure) => return vec![Finding::failed(CHECK, &failure)],
        }
    }
    findings
}

/// Returns the finding for a registration, or `None` if it is closed or deleted.
fn judge(registration: &RegistrationInformation, region: &str) -> Option<Finding> {
    let (id, kind) = (registration.registration_id(), registration.registration_type());
    let says = |what: &str| format!("{kind} {id} {what}");
    let wrong = |what: &str, to_do: String| Finding::wrong(CHECK, says(what), to_do);
    let in_the_console = |what: &str| format!("{what} under `Registrations` in the console of AWS End User Messaging");
    Some(match registration.registration_status() {
        RegistrationStatus::Complete => Finding::ok(CHECK, says("is complete")),
        RegistrationStatus::Created => wrong("is not submitted: its numbers cannot send", in_the_console("submit it")),
        RegistrationStatus::RequiresUpdates => {
            let reasons = format!(
                "pinpoint-sms-voice-v2 describe-registration-versions --registration-id {id} --query \
                 RegistrationVersions[].DeniedReasons[]"
            );
            let to_do =
                format!("{} {}", aws_command(&reasons, region), in_the_console("shows the reasons; correct it"));
            wrong("was denied: its numbers cannot send", to_do)
        }
        RegistrationStatus::RequiresAuthentication => {
            wrong("waits for the verification code that was sent to the company", in_the_console("enter the code"))
        }
        RegistrationStatus::Closed | RegistrationStatus::Deleted => return None,
        status => Finding::ok(CHECK, says(&format!("is {}: its numbers cannot send yet", status.as_str()))),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_pinpointsmsvoicev2::primitives::DateTime;

    use super::*;
    use crate::doctor::CheckStatus;

    fn finding_for(status: RegistrationStatus) -> Option<Finding> {
        let registration = RegistrationInformation::builder()
            .registration_arn("arn:aws:sms-voice:eu-west-1:123456789012:registration/registration-1")
            .registration_id("registration-1")
            .registration_type("US_TOLL_FREE_REGISTRATION")
            .registration_status(status)
            .current_version_number(1)
            .created_timestamp(DateTime::from_secs(0));
        judge(&registration.build().unwrap(), "eu-west-1")
    }

    #[test]
    fn a_registration_that_waits_for_its_company_is_wrong_with_what_to_do() {
        for (status, to_do) in [
            (RegistrationStatus::Created, "submit it"),
            (RegistrationStatus::RequiresUpdates, "describe-registration-versions --registration-id registration-1"),
            (RegistrationStatus::RequiresAuthentication, "enter the code"),
        ] {
            let finding = finding_for(status.clone()).unwrap();
            assert_eq!(finding.verdict, CheckStatus::Wrong, "{status:?}");
            assert!(finding.to_do.unwrap().contains(to_do), "{status:?}");
        }
        for status in [RegistrationStatus::Complete, RegistrationStatus::Reviewing, RegistrationStatus::Provisioning] {
            assert_eq!(finding_for(status.clone()).unwrap().verdict, CheckStatus::Ok, "{status:?}");
        }
        for status in [RegistrationStatus::Closed, RegistrationStatus::Deleted] {
            assert!(finding_for(status).is_none());
        }
    }
}
