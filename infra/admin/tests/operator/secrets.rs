//! Tests that conversation keys, secrets and private keys are never printed.

use serde_json::{Value, json};
use tests::TestStack;

use crate::command::{CommandOutput, on};

#[tokio::test(flavor = "multi_thread")]
async fn no_key_and_no_secret_is_printed() {
    let stack = TestStack::open().await;
    let mut secrets = vec![client_secret(&stack).await];
    let mut push_keys = Vec::new();
    let commands: [&[&str]; 12] = [
        &[
            "company",
            "add",
            "elm-vets",
            "--name",
            "Elm Vets",
            "--region",
            "US",
            "--time-zone",
            "America/Los_Angeles",
            "--line",
            "+12065550188",
        ],
        &["line", "add", "+12065550189", "--company", "elm-vets"],
        &["staff", "add", "ana", "--company", "elm-vets", "--name", "Ana", "--email", "ana@elm.example"],
        &["line", "first", "+12065550189"],
        &["company", "list"],
        &["line", "list"],
        &["staff", "list"],
        &["push-keys", "create"],
        &["push-keys", "rotate"],
        &["push-keys", "contact", "mailto:it@example.com"],
        &["doctor"],
        &["company", "remove", "elm-vets", "--yes"],
    ];
    for format in ["--json", "--yes"] {
        for command in commands {
            let CommandOutput { out, err, .. } = on(&stack, &[command, &[format]].concat()).await;
            let items = stack.table("Scan", json!({})).await;
            let keys =
                items["Items"].as_array().unwrap().iter().filter_map(|item| item["conversation_key"]["S"].as_str());
            secrets.extend(keys.map(str::to_owned));
            push_keys.extend(private_keys(&stack).await);
            assert!(secrets.iter().all(|secret| secret.len() >= 32), "this looks for the right thing");
            for secret in secrets.iter().chain(&push_keys) {
                assert!(!out.contains(secret) && !err.contains(secret), "{command:?}: {out}{err}");
            }
            assert!(!out.contains("conversation_key"), "{command:?}: {out}");
        }
    }
    secrets.sort();
    secrets.dedup();
    assert!(push_keys.len() > 20, "this looks for the right thing");
    assert_eq!(secrets.len(), 1 + 3, "the client's, and one of each company");
}

async fn client_secret(stack: &TestStack) -> String {
    secret(stack, "switchboard/sign-in").await["client_secret"].as_str().unwrap().to_owned()
}

async fn private_keys(stack: &TestStack) -> Vec<String> {
    let kept = secret(stack, "switchboard/push").await;
    let keys = kept["keys"].as_array().unwrap().iter();
    keys.map(|key| key["private"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn secret(stack: &TestStack, name: &str) -> Value {
    let answer = reqwest::Client::new()
        .post(format!("{}/", stack.origin()))
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(json!({"SecretId": name}).to_string());
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap()
}
