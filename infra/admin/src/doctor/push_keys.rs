//! Checks that there are keys to sign push notifications with.

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use push::VapidKeys;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::failure::failure;
use crate::target::LOCAL_PUSH_SECRET;

const CHECK: &str = "push-keys";

pub(crate) async fn check(live: &DeployedStack) -> Finding {
    match live.physical(CHECK, StackResource::PushSecret) {
        Ok(secret) => read(&live.aws, secret, &format!("--stack {} ", live.stack.name)).await,
        Err(absent) => absent,
    }
}

pub(crate) async fn check_local(aws: &SdkConfig) -> Finding {
    read(aws, LOCAL_PUSH_SECRET, "--local ").await
}

async fn read(aws: &SdkConfig, secret: &str, place: &str) -> Finding {
    let found = Client::new(aws).get_secret_value().secret_id(secret).send().await;
    let found = match found.map_err(failure("secretsmanager:GetSecretValue")) {
        Ok(found) => found,
        Err(failure) => return Finding::failed(CHECK, &failure),
    };
    verdict(found.secret_string().unwrap_or_default(), place)
}

fn verdict(written: &str, place: &str) -> Finding {
    match VapidKeys::parse(written) {
        Ok(keys) => match keys.contact() {
            Ok(_) => Finding::ok(CHECK, "there are push keys"),
            Err(why) => Finding::wrong(
                CHECK,
                format!("{why}: Apple's browsers are not notified"),
                format!("switchboard-admin {place}push-keys contact mailto:it@example.com"),
            ),
        },
        Err(_) if written.trim() == "{}" => Finding::wrong(
            CHECK,
            "there are no push keys: no browser can turn notifications on",
            format!("switchboard-admin {place}push-keys create"),
        ),
        Err(why) => Finding::wrong(
            CHECK,
            format!("{why}: no push notification is sent"),
            "restore the earlier version of the secret, or set it to {} and run `push-keys create`: every browser must then \
             turn notifications on again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::Randomness;

    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn missing_keys_and_invalid_keys_are_told_apart_and_not_printed() {
        let made = VapidKeys::generate(&Randomness::new(|| [7; 32]), "mailto:it@example.com");
        assert_eq!(verdict(&made, "").verdict, CheckStatus::Ok);
        let never = verdict("{}", "--stack switchboard ");
        assert_eq!(never.to_do.as_deref(), Some("switchboard-admin --stack switchboard push-keys create"));
        let refused = verdict(&VapidKeys::generate(&Randomness::new(|| [7; 32]), "mailto:it@localhost"), "--local ");
        assert!(
            refused.verdict == CheckStatus::Wrong && !refused.lines().contains("it@localhost"),
            "{}",
            refused.lines()
        );
        assert!(refused.to_do.unwrap().starts_with("switchboard-admin --local push-keys contact mailto:"));
        let bad = verdict(r#"{"subject":"mailto:it@example.com","keys":[{"private":"hidden"}]}"#, "");
        assert!(bad.verdict == CheckStatus::Wrong && !bad.lines().contains("hidden"), "{}", bad.lines());
    }
}
