//! Checks that people can sign in: the secret, and the issuer that it names.

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use serde::Deserialize;

use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::doctor::{Finding, issuer};
use crate::failure::failure;

const CHECK: &str = "sign-in";

/// The name of the secret in the local stack.
const LOCAL_SECRET: &str = "switchboard/sign-in";

/// The fields of the secret that may be shown. Only the presence of the others is checked.
#[derive(Deserialize)]
struct Settings {
    issuer: String,
    client_id: String,
    portal: String,
    #[serde(default)]
    attempt_key: String,
}

/// The length of 128 bits in hexadecimal.
const SHORTEST_KEY: usize = 32;

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let secret = match live.physical(CHECK, StackResource::SignInSecret) {
        Ok(secret) => secret,
        Err(absent) => return vec![absent],
    };
    let put = live
        .command(&format!("secretsmanager put-secret-value --secret-id {secret} --secret-string file://sign-in.json"));
    let settings = match read(&live.aws, secret, &put).await {
        Ok(settings) => settings,
        Err(finding) => return vec![finding],
    };
    let mut findings = vec![agreeing(&settings, live.stack.output("PortalAddress"), &put)];
    if !settings.issuer.starts_with("https://") {
        findings.push(Finding::wrong(
            CHECK,
            "the secret's `issuer` is not an https address: an attacker on the network path can sign in",
            put,
        ));
    }
    findings.push(issuer::check(&settings.issuer).await);
    findings
}

pub(crate) async fn check_local(aws: &SdkConfig, address: &str) -> Vec<Finding> {
    match read(aws, LOCAL_SECRET, "restart the local stack").await {
        // `address` can differ from the portal's name for the same machine, so the two are not compared.
        Ok(settings) => vec![agreeing(&settings, None, address), issuer::check(&settings.issuer).await],
        Err(finding) => vec![finding],
    }
}

async fn read(aws: &SdkConfig, secret: &str, put: &str) -> Result<Settings, Finding> {
    let found = Client::new(aws).get_secret_value().secret_id(secret).send().await;
    let found =
        found.map_err(failure("secretsmanager:GetSecretValue")).map_err(|failure| Finding::failed(CHECK, &failure))?;
    let settings = found.secret_string().and_then(|settings| serde_json::from_str(settings).ok());
    settings.ok_or_else(|| {
        Finding::wrong(
            CHECK,
            "the secret is not JSON with `issuer`, `client_id`, `client_secret` and `portal`: staff cannot sign in",
            put,
        )
    })
}

fn agreeing(settings: &Settings, portal: Option<&str>, put: &str) -> Finding {
    if settings.client_id.is_empty() {
        return Finding::wrong(CHECK, "the secret's `client_id` is empty", put);
    }
    if settings.attempt_key.len() < SHORTEST_KEY {
        return Finding::wrong(
            CHECK,
            "the secret has no `attempt_key`, or a short one: if `client_secret` is empty too, sign-in attempts can be forged",
            format!("add the output of `openssl rand -hex 32` as `attempt_key` and keep the other fields: {put}"),
        );
    }
    match portal {
        Some(portal) if portal != settings.portal => Finding::wrong(
            CHECK,
            format!("the secret's `portal` is {}, but the portal is {portal}", settings.portal),
            format!("{put}; the redirect URI at the issuer must be {portal}/api/sign-in/callback"),
        ),
        _ => Finding::ok(CHECK, "the secret is complete"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn the_secret_names_the_portal_to_the_last_character() {
        let settings = |client_id: &str, portal: &str| Settings {
            issuer: "https://id.example".to_owned(),
            client_id: client_id.to_owned(),
            portal: portal.to_owned(),
            attempt_key: "0".repeat(SHORTEST_KEY),
        };
        let portal = "https://sms.example";
        let verdict = |settings| agreeing(&settings, Some(portal), "aws ...").verdict;
        assert_eq!(verdict(settings("switchboard", portal)), CheckStatus::Ok);
        assert_eq!(verdict(settings("", portal)), CheckStatus::Wrong);
        for other in ["https://sms.example/", "http://sms.example", "https://other.example", ""] {
            assert_eq!(verdict(settings("switchboard", other)), CheckStatus::Wrong, "{other}");
        }
        for short in ["", "0123456789abcdef"] {
            let settings = Settings { attempt_key: short.to_owned(), ..settings("switchboard", portal) };
            assert_eq!(verdict(settings), CheckStatus::Wrong, "{short}");
        }
    }
}
