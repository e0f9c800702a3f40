//! Checks how many functions the account may run at once.

use aws_sdk_lambda::Client;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::failure::failure;

const CHECK: &str = "concurrency";

/// The lowest concurrency limit of the account that the check accepts.
///
/// A new account can have a limit of 10. The queues use ten concurrent executions together, and the readers of the
/// stream eight. Each request of a page uses two: one of the authorizer and one of the function.
const SUFFICIENT: i32 = 100;

pub(crate) async fn check(live: &DeployedStack) -> Finding {
    let settings = Client::new(&live.aws).get_account_settings().send().await;
    match settings.map_err(failure("lambda:GetAccountSettings")) {
        Ok(settings) => match settings.account_limit() {
            Some(limit) => judge(limit.concurrent_executions(), limit.unreserved_concurrent_executions(), |command| {
                live.command(command)
            }),
            None => Finding::cannot_be_checked(CHECK, "Lambda reports no limits of the account"),
        },
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}

fn judge(all: i32, unreserved: Option<i32>, command: impl Fn(&str) -> String) -> Finding {
    let left = unreserved.unwrap_or(all);
    if left >= SUFFICIENT {
        return Finding::ok(
            CHECK,
            format!("the account may run {left} functions at once, besides reserved concurrency"),
        );
    }
    let says = format!("the account may run only {left} functions at once: a few open pages use them up");
    if all >= SUFFICIENT {
        return Finding::wrong(
            CHECK,
            says,
            "reserve less concurrency for other functions of the account, or request a higher quota",
        );
    }
    let raise = "service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 \
                 --desired-value 1000";
    Finding::wrong(CHECK, says, command(raise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn an_account_with_too_little_concurrency_gets_the_command_that_raises_it() {
        let judge = |all, unreserved| judge(all, unreserved, str::to_owned);
        assert_eq!(judge(1000, Some(900)).verdict, CheckStatus::Ok);
        assert_eq!(judge(1000, None).verdict, CheckStatus::Ok);
        let new = judge(10, Some(10));
        assert!(new.verdict == CheckStatus::Wrong && new.to_do.unwrap().starts_with("service-quotas request-service"));
        let reserved = judge(1000, Some(99));
        assert!(reserved.verdict == CheckStatus::Wrong && reserved.to_do.unwrap().starts_with("reserve less"));
    }
}
