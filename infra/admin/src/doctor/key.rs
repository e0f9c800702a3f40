//! Whether the key that the topics are encrypted with can be used.

use serde::Deserialize;
use serde_json::json;

use crate::doctor::Finding;
use crate::doctor::by_hand::{Operation, Place};
use crate::doctor::live::{Live, Part};

const CHECK: &str = "key";

const DESCRIBE_KEY: Operation =
    Operation { action: "kms:DescribeKey", service: "kms", target: "TrentService.DescribeKey", place: Place::Regional };

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    key_metadata: Key,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    /// `Enabled`, `Disabled`, `PendingDeletion` and others.
    key_state: String,
}

pub(crate) async fn check(live: &Live) -> Finding {
    let key = match live.physical(CHECK, Part::Key) {
        Ok(key) => key,
        Err(absent) => return absent,
    };
    match DESCRIBE_KEY.ask::<Described>(&live.aws, &json!({"KeyId": key})).await {
        Ok(Described { key_metadata: Key { key_state } }) => judged(&key_state, key, |command| live.command(command)),
        Err(failure) => Finding::failed(CHECK, &failure),
    }
}

fn judged(state: &str, key: &str, command: impl Fn(&str) -> String) -> Finding {
    let nothing_arrives = format!("the key of the topics is {state}: no text of a customer arrives");
    let enable = command(&format!("kms enable-key --key-id {key}"));
    match state {
        "Enabled" => Finding::ok(CHECK, "the topics can be encrypted"),
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
    use crate::doctor::Verdict;

    #[test]
    fn a_key_that_cannot_be_used_has_the_commands_that_bring_it_back() {
        let judge = |state| judged(state, "key-1", |command| format!("aws {command}"));
        assert_eq!(judge("Enabled").verdict, Verdict::Ok);
        for (state, to_do) in [
            ("Disabled", "aws kms enable-key --key-id key-1"),
            ("PendingDeletion", "aws kms cancel-key-deletion --key-id key-1; then aws kms enable-key --key-id key-1"),
        ] {
            let finding = judge(state);
            assert_eq!((finding.verdict, finding.to_do.as_deref()), (Verdict::Wrong, Some(to_do)), "{state}");
        }
    }
}
