//! The audit log: who did what, and with which permission. The log contains no customer data.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{StaffClient, TestResponse, TestStack};

const MARIA: &str = "+14255550182";

/// Returns a company's audit log entries as items of the table, oldest first.
async fn log_of(stack: &TestStack, company: &str) -> Vec<Value> {
    let query = json!({
        "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": format!("AUDIT#{company}")}},
    });
    stack.table("Query", query).await["Items"].as_array().unwrap().clone()
}

/// Returns who did what, without sign-ins.
async fn entries_of(stack: &TestStack, company: &str) -> Vec<(String, String)> {
    let word = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let items = log_of(stack, company).await;
    let all = items.iter().map(|item| (word(item, "staff"), word(item, "action")));
    all.filter(|(_, action)| action != "sign-in").collect()
}

fn did(who: &str, action: &str) -> (String, String) {
    (who.to_owned(), action.to_owned())
}

async fn asks(desk: &StaffClient<'_>, method: Method, path: &str) -> TestResponse {
    let request = desk.request(method, path).header("sec-fetch-site", "same-origin");
    desk.send(request.header("accept", "application/json")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_used_which_authority_is_noted_once_and_by_company() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let conversation = dana.hears_from(MARIA).await;
    let held = format!("/api/conversations/{conversation}/customer-data");
    let history = format!("/api/conversations/{conversation}/history");
    assert_eq!(log_of(&stack, "harbor-dental").await.len(), 2, "both have signed in");
    assert_eq!(entries_of(&stack, "harbor-dental").await, []);

    assert_eq!(asks(&marcus, Method::POST, &held).await.status, 404);
    assert_eq!(asks(&marcus, Method::GET, &history).await.status, 404);
    assert_eq!(asks(&dana, Method::GET, &history).await.status, 200);
    assert_eq!(asks(&dana, Method::POST, &held).await.status, 200);
    assert_eq!(dana.sets_pushes(&json!({"messages": "mine"})).await.status, 200);
    assert_eq!(marcus.sets_pushes(&json!({"showsText": false})).await.status, 200);
    assert_eq!(asks(&dana, Method::DELETE, &held).await.status, 200);
    assert_eq!(asks(&dana, Method::DELETE, "/api/sessions?others=true").await.status, 204);
    assert_eq!(asks(&marcus, Method::POST, "/api/sign-out").await.status, 303);
    // The session has ended, so this sign-out is not logged.
    assert_eq!(asks(&marcus, Method::POST, "/api/sign-out").await.status, 303);

    let expected = [
        did("marcus", "refused"),
        did("marcus", "refused"),
        did("dana", "customer-data-export"),
        did("marcus", "push-settings"),
        did("dana", "customer-data-erasure"),
        did("dana", "sign-out"),
        did("marcus", "sign-out"),
    ];
    assert_eq!(entries_of(&stack, "harbor-dental").await, expected, "and the erasure has erased none of it");
    assert_eq!(entries_of(&stack, "tidewater-physio").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_names_no_customer_and_is_kept_for_four_hundred_days() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    assert_eq!(
        asks(&dana, Method::POST, &format!("/api/conversations/{conversation}/customer-data")).await.status,
        200
    );
    let [_, entry] = &log_of(&stack, "harbor-dental").await[..] else { panic!("a sign-in and an export") };
    let names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["action", "at", "company", "expires_at", "pk", "request", "sk", "staff"]);
    let text = entry.to_string();
    assert!(!text.contains(&conversation) && !text.contains("4255550182") && !text.contains("hello"), "{text}");
    assert!(!entry["request"]["S"].as_str().unwrap().is_empty(), "by which the gateway's log has it too");
    let number = |name: &str| entry[name]["N"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(number("expires_at"), number("at") / 1000 + 400 * 24 * 60 * 60);
}
