//! What is never shown.

use serde_json::{Value, json};
use tests::House;

use crate::command::{Said, on};

#[tokio::test(flavor = "multi_thread")]
async fn no_key_and_no_secret_is_ever_printed() {
    let house = House::open().await;
    let mut secrets = vec![client_secret(&house).await];
    let commands: [&[&str]; 9] = [
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
        &["doctor"],
        &["company", "remove", "elm-vets", "--yes"],
    ];
    for format in ["--json", "--yes"] {
        for command in commands {
            let Said { out, err, .. } = on(&house, &[command, &[format]].concat()).await;
            let items = house.table("Scan", json!({})).await;
            let keys =
                items["Items"].as_array().unwrap().iter().filter_map(|item| item["conversation_key"]["S"].as_str());
            secrets.extend(keys.map(str::to_owned));
            assert!(secrets.iter().all(|secret| secret.len() >= 32), "this looks for the right thing");
            for secret in &secrets {
                assert!(!out.contains(secret) && !err.contains(secret), "{command:?}: {out}{err}");
            }
            assert!(!out.contains("conversation_key"), "{command:?}: {out}");
        }
    }
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 1 + 3, "the client's, and one of each company");
}

async fn client_secret(house: &House) -> String {
    let answer = reqwest::Client::new()
        .post(format!("{}/", house.origin()))
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(json!({"SecretId": "switchboard/sign-in"}).to_string());
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    let settings: Value = serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap();
    settings["client_secret"].as_str().unwrap().to_owned()
}
