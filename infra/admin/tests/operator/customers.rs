//! Tests the export and the erasure of a customer's data.

use serde_json::{Value, json};
use tests::{Call, HARBOR, TIDEWATER, TestStack};

use crate::command::on;

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const OF_MARIA: [&str; 3] = ["(425) 555-0182", "--company", "harbor-dental"];

fn customer<'a>(what: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ["customer", what].into_iter().chain(OF_MARIA).chain(more.iter().copied()).collect()
}

/// Creates Maria's data: messages in both directions, an appointment and a call with one company, and a message to
/// another.
///
/// Returns the id of the conversation with the first company.
async fn talked(stack: &TestStack) -> String {
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    stack.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
    maria.texts(HARBOR, "My tooth aches").await;
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.replies(&conversation, "Come at four").await.status, 201);
    stack.flow(&Call::new("contact", HARBOR, MARIA, "7f3a").pressed("2")).await;
    maria.texts(TIDEWATER, "My knee aches").await;
    conversation
}

/// Returns the items of the table that contain one of these strings.
async fn run_admin(stack: &TestStack, words: &[&str]) -> Vec<Value> {
    let all = stack.table("Scan", json!({"ConsistentRead": true})).await["Items"].as_array().unwrap().clone();
    all.into_iter().filter(|item| words.iter().any(|word| item.to_string().contains(word))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_all_data_of_the_customer_and_none_of_another_company() {
    let stack = TestStack::open().await;
    let conversation = talked(&stack).await;
    let file: Value = serde_json::from_str(&on(&stack, &customer("export", &[])).await.succeeds()).unwrap();
    assert_eq!((&file["company"], &file["number"]), (&json!("Harbor Dental"), &json!(MARIA)));
    let held = &file["held"];
    let said: Vec<_> = held["messages"].as_array().unwrap().iter().map(|it| it["text"].clone()).collect();
    assert_eq!(said, [json!("My tooth aches"), json!("Come at four"), Value::Null], "and the call");
    assert_eq!(held["messages"][2]["outcome"], "declined");
    assert_eq!(held["appointments"].as_array().unwrap().len(), 1);
    assert_eq!(held["appointments"][0]["versions"][0]["details"]["status"], "declined");
    assert_eq!(held["customer"]["number"], MARIA);
    let text = file.to_string();
    assert!(!text.contains("knee") && !text.contains("CONVERSATION#"), "{text}");
    let history = stack.dana().await.get(&format!("/api/conversations/{conversation}/history")).await;
    let newest = &history.items()[0];
    assert_eq!((&newest["by"], &newest["done"]), (&json!("An operator of Switchboard"), &json!("exported")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_moved_to_another_customer_is_exported_and_erased_only_in_earlier_versions() {
    let stack = TestStack::open().await;
    talked(&stack).await;
    stack.has_appointment("harbor-dental", "7f3a", Some(SAM)).await;
    let file = on(&stack, &customer("export", &[])).await.succeeds();
    assert!(file.contains("\"id\": \"7f3a\"") && !file.contains(SAM), "{file}");
    on(&stack, &customer("erase", &["--yes"])).await.succeeds();
    let left = run_admin(&stack, &[MARIA]).await;
    assert!(left.iter().all(|item| item.to_string().contains("tidewater")), "{left:?}");
    assert_eq!(stack.dana().await.get("/api/appointments/7f3a").await.json()["number"], SAM);
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_leaves_only_the_opt_out_and_a_tombstone() {
    let stack = TestStack::open().await;
    let conversation = talked(&stack).await;
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    maria.texts(HARBOR, "STOP").await;
    on(&stack, &["customer", "erase", MARIA, "--company", "harbor-dental"]).await.fails();
    let said = on(&stack, &customer("erase", &["--yes"])).await.succeeds();
    assert!(said.contains("Erased 4 messages and calls and 1 appointments"), "{said}");
    let left = run_admin(&stack, &["My tooth aches", "Come at four", "7f3a", MARIA]).await;
    let left: Vec<_> = left.iter().filter(|item| !item.to_string().contains("tidewater")).collect();
    // The fake carrier keeps its messages in another table.
    assert!(left.is_empty(), "{left:?}");
    let kept = run_admin(&stack, &[&format!("CONVERSATION#harbor-dental#{conversation}")]).await;
    let kept: Vec<_> =
        kept.iter().map(|item| if item["pk"]["S"] == "ERASED" { &item["pk"] } else { &item["sk"] }).collect();
    assert_eq!(
        kept.len(),
        2,
        "that they want no texts, and that whoever brings the table back is to leave them out: {kept:?}"
    );
    assert!(kept.contains(&&json!({"S": "OPTOUT"})) && kept.contains(&&json!({"S": "ERASED"})), "{kept:?}");

    assert_eq!(dana.messages(&conversation).await.status, 404);
    assert!(dana.notifications().await.items().is_empty());
    assert_eq!(dana.writes_first(MARIA, "hello").await.code(), "opted-out");
    assert_eq!(stack.josie().await.notifications().await.texts(), ["My knee aches"], "another company's is its own");
    maria.texts(HARBOR, "START").await;
    assert_eq!(dana.messages(&conversation).await.texts(), ["START"], "what is said from now on is a new conversation");

    on(&stack, &customer("erase", &["--yes"])).await.succeeds();
    let again = on(&stack, &["customer", "export", "+14255550199", "--company", "harbor-dental"]).await.fails();
    assert!(again.contains("Harbor Dental stores no data about +14255550199"), "{again}");
    let no_number = on(&stack, &["customer", "export", "Maria", "--company", "harbor-dental"]).await.fails();
    assert!(no_number.contains("that is not a phone number"), "{no_number}");
}
