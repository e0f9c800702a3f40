//! The earlier versions of an appointment are a separate item, which can be out of step with the appointment.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{SendOptions, StaffClient, TestStack, ago};

async fn puts(desk: &StaffClient<'_>, minutes: u16) {
    let body = json!({"name": "Maria Lopez", "start": ago(0), "minutes": minutes});
    let answer = desk.send(desk.request(Method::PUT, "/api/appointments/PMS-1").json(&body)).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.body);
}

/// Returns how the duration changed since a version, as a conflicting save reports it: from, to.
async fn changes_since(desk: &StaffClient<'_>, version: u32) -> Vec<(Value, Value)> {
    let change = json!({"version": version, "minutes": 99});
    let told = desk.post("/api/appointments/PMS-1", &change, SendOptions::default()).await;
    assert_eq!(told.status, 409, "{}", told.body);
    let told = told.json();
    let lengths = told["changes"].as_array().unwrap().iter().filter(|it| it["field"] == "minutes");
    lengths.map(|it| (it["from"].clone(), it["to"].clone())).collect()
}

/// Sets the appointment version that the stored earlier versions precede, so that it differs from the appointment's
/// version.
async fn are_before(stack: &TestStack, version: u32) {
    let key = json!({"pk": {"S": "VERSIONS#harbor-dental"}, "sk": {"S": "PMS-1"}});
    let other = json!({
        "Key": key, "UpdateExpression": "SET #version = :version", "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": version.to_string()}},
    });
    stack.table("UpdateItem", other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_a_restoration_has_left_between_two_versions_is_shown_and_saved() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for minutes in [10, 20, 30] {
        puts(&dana, minutes).await;
    }
    are_before(&stack, 7).await;
    assert_eq!(dana.get("/api/appointments/PMS-1").await.json()["minutes"], 30);
    puts(&dana, 40).await;
    let all = [(json!(10), json!(20)), (json!(20), json!(30)), (json!(30), json!(40))];
    assert_eq!(changes_since(&dana, 1).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_appointment_has_nothing_of_one_that_had_its_id_before() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for minutes in [10, 20, 30] {
        puts(&dana, minutes).await;
    }
    // Simulates that the appointment has expired and its earlier versions have not yet.
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "APPOINTMENT#PMS-1"}});
    stack.table("DeleteItem", json!({"Key": key})).await;
    puts(&dana, 45).await;
    assert_eq!(dana.get("/api/appointments/PMS-1").await.json()["version"], 1);
    puts(&dana, 50).await;
    assert_eq!(changes_since(&dana, 1).await, [(json!(45), json!(50))]);
}
