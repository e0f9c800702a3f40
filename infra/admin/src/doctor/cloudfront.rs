//! Checks that the API accepts requests through CloudFront, and refuses requests that bypass it.

use aws_sdk_secretsmanager::Client;
use domain::Timestamp;
use origin_secret::OriginSecret;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::DeployedStack;
use crate::doctor::http::get;
use crate::failure::failure;
use crate::origin_secret::{deploy, is_deployed};
use crate::target::DeployedOriginSecret;

const CHECK: &str = "cloudfront";

/// A route without an authorizer, where the function itself must refuse requests that bypass CloudFront.
const OPEN_ROUTE: &str = "/api/sign-in";

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let redeploy = live.redeploy();
    let Some(origin) = DeployedOriginSecret::from_stack(&live.stack) else {
        let says = "the stack has no output `OriginSecret`: requests can bypass CloudFront";
        return vec![Finding::wrong(CHECK, says, redeploy)];
    };
    let mut findings = vec![check_secret(live, &origin).await];
    if let Some(portal) = live.stack.output("PortalAddress") {
        findings.push(probe(portal, |status| judge_portal(portal, status, &redeploy)).await);
    }
    if let Some(api) = live.stack.output("ApiEndpoint") {
        findings.push(probe(api, |status| judge_api(api, status, &redeploy)).await);
    }
    findings
}

/// Checks that CloudFront was deployed with the secret that the functions require.
async fn check_secret(live: &DeployedStack, origin: &DeployedOriginSecret) -> Finding {
    let found = Client::new(&live.aws).get_secret_value().secret_id(&origin.secret).send().await;
    match found.map_err(failure("secretsmanager:GetSecretValue")) {
        Ok(found) => {
            let (written, version) =
                (found.secret_string().unwrap_or_default(), found.version_id().unwrap_or_default());
            agreeing(written, version, &origin.deployed, runtime::wall_clock().now())
        }
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}

fn agreeing(written: &str, version: &str, deployed: &str, now: Timestamp) -> Finding {
    let secret = match OriginSecret::parse(written) {
        Ok(secret) => secret,
        Err(why) => {
            let says = format!("{why}: functions that start now reject all requests");
            return Finding::wrong(CHECK, says, "restore the earlier version of the secret");
        }
    };
    if is_deployed(&secret, version, deployed) {
        return Finding::ok(CHECK, "CloudFront is deployed with the origin secret that the functions require");
    }
    let says = match secret.previous_counts_until() {
        Some(until) if now < until => {
            format!("the origin secret was rotated and not deployed: from {until} on the API rejects all requests")
        }
        _ => "the origin secret was rotated and not deployed: the API rejects all requests".to_owned(),
    };
    Finding::wrong(CHECK, says, deploy(version))
}

/// Requests the open route without a session, and passes the status to `judge`.
async fn probe(address: &str, judge: impl FnOnce(u16) -> Finding) -> Finding {
    match get(&format!("{address}{OPEN_ROUTE}")).await {
        Ok(answer) => judge(answer.status().as_u16()),
        // The portal check says what to do about an unreachable portal.
        Err(why) => Finding::cannot_be_checked(CHECK, format!("{address} {why}")),
    }
}

fn judge_portal(portal: &str, status: u16, redeploy: &str) -> Finding {
    match status {
        303 => Finding::ok(CHECK, "the API accepts requests through CloudFront"),
        401 => {
            Finding::wrong(CHECK, format!("the API rejects requests through {portal}: staff cannot sign in"), redeploy)
        }
        _ => Finding::wrong(CHECK, format!("{portal}{OPEN_ROUTE} responds with {status}; expected 303"), redeploy),
    }
}

fn judge_api(api: &str, status: u16, redeploy: &str) -> Finding {
    match status {
        401 => Finding::ok(CHECK, "the API rejects requests that bypass CloudFront"),
        // The API limits the requests of all clients together, so another client can be the cause.
        429 => Finding::cannot_be_checked(CHECK, format!("{api} throttles requests at this moment")),
        _ => Finding::wrong(
            CHECK,
            format!("{api} responds with {status} to a request that bypasses CloudFront; expected 401"),
            redeploy,
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::Randomness;

    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn the_api_must_accept_the_portal_and_reject_requests_that_bypass_it() {
        let verdicts = |judge: fn(&str, u16, &str) -> Finding| {
            [303, 401, 403, 404, 429, 503].map(|status| judge("https://a.example", status, "deploy").verdict)
        };
        let (ok, wrong, unchecked) = (CheckStatus::Ok, CheckStatus::Wrong, CheckStatus::CannotBeChecked);
        assert_eq!(verdicts(judge_portal), [ok, wrong, wrong, wrong, wrong, wrong]);
        assert_eq!(verdicts(judge_api), [wrong, ok, wrong, wrong, unchecked, wrong]);
    }

    #[test]
    fn a_rotation_that_was_not_deployed_is_found_and_no_value_is_printed() {
        let (first, now) = ("first0first0first0first0first0first0", Timestamp::from_millis(1_796_036_400_000));
        let made = OriginSecret::parse(&format!(r#"{{"current":"{first}"}}"#)).unwrap();
        let rotated = made.rotated(&Randomness::new(|| [7; 32]), now).to_json();
        assert_eq!(agreeing(&made.to_json(), "v1", "", now).verdict, CheckStatus::Ok);
        assert_eq!(agreeing(&rotated, "v2", "v2", now).verdict, CheckStatus::Ok);
        for (deployed, at, words) in
            [("", now, "from 2026-11-30T12:00:00.000Z on"), ("v1", now.plus_secs(3600), "deployed: the API rejects")]
        {
            let found = agreeing(&rotated, "v2", deployed, at);
            assert!(found.verdict == CheckStatus::Wrong && found.says.contains(words), "{}", found.says);
            assert!(found.to_do.as_deref().unwrap().ends_with("--parameter-overrides OriginSecretVersion=v2"));
            assert!(!found.lines().contains(first) && !found.lines().contains("0707"), "{}", found.lines());
        }
        assert_eq!(agreeing("{}", "v1", "", now).verdict, CheckStatus::Wrong);
    }
}
