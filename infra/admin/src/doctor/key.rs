//! Checks that the key that encrypts the topics is enabled.

use serde::Deserialize;
use serde_json::json;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::doctor::signed_request::{Operation, ServiceLocation};

const CHECK: &str = "key";

const DESCRIBE_KEY: Operation = Operation {
    action: "kms:DescribeKey",
    service: "kms",
    target: "TrentService.DescribeKey",
    place: ServiceLocation::Regional,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeKeyResponse {
    key_metadata: KeyMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    /// `Enabled`, `Disabled`, `PendingDeletion` and others.
    key_state: String,
}

pub(crate) async fn check(live: &DeployedStack) -> Finding {
    let key = match live.physical(CHECK, StackResource::Key) {
        Ok(key) => key,
        Err(absent) => return absent,
    };
    match DESCRIBE_KEY.ask::<DescribeKeyResponse>(&live.aws, &json!({"KeyId": key})).await {
        Ok(DescribeKeyResponse { key_metadata: KeyMetadata { key_state } }) => {
            judge(&key_state, key, |command| live.command(command))
        }
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}

fn judge(state: &str, key: &str, command: impl Fn(&str) -> String) -> Finding {
    let nothing_arrives = format!("the key of the topics is {state}: no inbound message arrives");
    let enable = command(&format!("kms enable-key --key-id {key}"));
    match state {
        "Enabled" => Finding::ok(CHECK, "the key of the topics is enabled"),
        "PendingDeletion" => {
            let cancel = command(&format!("kms cancel-key-deletion --key-id {key}"));
            Finding::wrong(CHECK, nothing_arrives, format!("{cancel}; then {enable}"))
        }
        _ => Finding::wrong(CHECK, nothing_arrives, enable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn a_key_that_cannot_be_used_has_the_commands_that_enable_it() {
        let judge = |state| judge(state, "key-1", |command| format!("aws {command}"));
        assert_eq!(judge("Enabled").verdict, CheckStatus::Ok);
        for (state, to_do) in [
            ("Disabled", "aws kms enable-key --key-id key-1"),
            ("PendingDeletion", "aws kms cancel-key-deletion --key-id key-1; then aws kms enable-key --key-id key-1"),
        ] {
            let finding = judge(state);
            assert_eq!((finding.verdict, finding.to_do.as_deref()), (CheckStatus::Wrong, Some(to_do)), "{state}");
        }
    }
}
