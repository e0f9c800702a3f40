//! Checks that the account may text any number, and not only verified ones.

use aws_sdk_sns::Client;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::failure::failure;

const CHECK: &str = "sandbox";

pub(crate) async fn check(live: &DeployedStack) -> Finding {
    let status = Client::new(&live.aws).get_sms_sandbox_account_status().send().await;
    match status.map_err(failure("sns:GetSMSSandboxAccountStatus")) {
        Ok(status) if status.is_in_sandbox => Finding::wrong(
            CHECK,
            "the account is in the SMS sandbox: only verified numbers can be texted",
            "request production access in the console of AWS End User Messaging SMS",
        ),
        Ok(_) => Finding::ok(CHECK, "the account is out of the SMS sandbox"),
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}
