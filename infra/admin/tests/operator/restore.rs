//! Tests that lost items are put back from a table that was restored next to the stack's own table.

use serde_json::{Value, json};
use tests::{HARBOR, TestStack};

use crate::command::on;

const RESTORED: &str = "switchboard-restored";
const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";

async fn dynamodb(stack: &TestStack, operation: &str, request: Value) -> Value {
    let request = reqwest::Client::new()
        .post(stack.url("/"))
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
        .header("x-amz-date", "20260101T000000Z")
        .body(request.to_string());
    let answer = request.send().await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn items(stack: &TestStack) -> Vec<Value> {
    let scanned = stack.table("Scan", json!({"ConsistentRead": true})).await;
    scanned["Items"].as_array().unwrap().clone()
}

/// Creates a copy of the table as it is now, as point-in-time recovery does.
async fn restored_table(stack: &TestStack) {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let table = json!({"TableName": RESTORED, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        "AttributeDefinitions": [attribute("pk"), attribute("sk")]});
    dynamodb(stack, "CreateTable", table).await;
    for item in items(stack).await {
        dynamodb(stack, "PutItem", json!({"TableName": RESTORED, "Item": item})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_items_are_restored_and_later_messages_stay() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    stack.phone(MARIA).texts(HARBOR, "Before").await;
    let conversation = dana.conversation_with(MARIA).await;
    let draft = json!({"fields": {"text": "Half written"}});
    assert_eq!(dana.saves_draft("new-message", &draft).await.status, 204);
    restored_table(&stack).await;
    assert_eq!(dana.deletes_draft("new-message").await.status, 204);

    // An operator deletes items by mistake, and the stack goes on running.
    for item in items(&stack).await {
        if item["pk"]["S"].as_str().unwrap().starts_with("CONVERSATION#") {
            stack.table("DeleteItem", json!({"Key": {"pk": item["pk"], "sk": item["sk"]}})).await;
        }
    }
    assert_eq!(dana.messages(&conversation).await.status, 404);
    stack.phone(MARIA).texts(HARBOR, "Since").await;
    assert_eq!(josie.post("/api/sign-out", &json!({}), tests::SendOptions::default()).await.status, 303);

    let refused = on(&stack, &["restore", "--from", RESTORED]).await.fails();
    assert!(refused.contains("Nothing was changed") && refused.contains(RESTORED), "{refused}");
    let said = on(&stack, &["restore", "--from", RESTORED, "--yes", "--json"]).await.succeeds();
    let counted: Value = serde_json::from_str(&said).unwrap();
    assert!(counted["restored"]["written"].as_u64().unwrap() > 0, "{said}");
    assert!(counted["restored"]["there"].as_u64().unwrap() > 0, "{said}");
    let texts: Vec<_> = dana.messages(&conversation).await.items().iter().map(|it| it["text"].clone()).collect();
    assert_eq!(texts, ["Since", "Before"]);
    assert_eq!(dana.conversation_with(MARIA).await, conversation);
    assert_eq!(dana.draft("new-message").await, Value::Null, "what was sent or dropped since is not written again");
    let later = tests::StaffClient { stack: &stack, cookie: format!("{}; later=1", josie.cookie) };
    assert_eq!(later.get("/api/session").await.status, 401, "a session that was ended stays so");

    // A second restore has nothing left to write.
    let said = on(&stack, &["restore", "--from", RESTORED, "--yes", "--json"]).await.succeeds();
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["restored"]["written"], 0, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_items_are_restored_only_with_overwrite() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    restored_table(&stack).await;
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#dana"}});
    let renamed = json!({"Key": key, "UpdateExpression": "SET #name = :wrong",
        "ExpressionAttributeNames": {"#name": "name"}, "ExpressionAttributeValues": {":wrong": {"S": "Nobody"}}});
    stack.table("UpdateItem", renamed).await;
    let name = async || stack.table("GetItem", json!({"Key": key})).await["Item"]["name"]["S"].clone();
    on(&stack, &["restore", "--from", RESTORED, "--yes"]).await.succeeds();
    assert_eq!(name().await, "Nobody");
    on(&stack, &["restore", "--from", RESTORED, "--overwrite", "--yes"]).await.succeeds();
    assert_eq!(name().await, "Dana Whitfield");
    assert_eq!(dana.get("/api/session").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_opt_out_is_kept() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let maria = stack.phone(MARIA);
    maria.texts(HARBOR, "STOP").await;
    maria.texts(HARBOR, "START").await;
    let conversation = dana.conversation_with(MARIA).await;
    restored_table(&stack).await;
    maria.texts(HARBOR, "REVOKE").await;
    on(&stack, &["restore", "--from", RESTORED, "--overwrite", "--yes"]).await.succeeds();
    assert_eq!(dana.replies(&conversation, "hi").await.code(), "opted-out");
    assert!(maria.received_messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_who_were_erased_since_stay_erased_and_their_later_messages_stay() {
    let stack = TestStack::open().await;
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    maria.texts(HARBOR, "Before").await;
    let conversation = dana.conversation_with(MARIA).await;
    for (id, number) in [("hers", MARIA), ("not-hers-any-more", MARIA), ("not-hers-any-more", SAM)] {
        stack.has_appointment("harbor-dental", id, Some(number)).await;
    }
    restored_table(&stack).await;

    on(&stack, &["customer", "erase", MARIA, "--company", "harbor-dental", "--yes"]).await.succeeds();
    let lost = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "APPOINTMENT#not-hers-any-more"}});
    let earlier = json!({"pk": {"S": "VERSIONS#harbor-dental"}, "sk": {"S": "not-hers-any-more"}});
    let erased = stack.table("GetItem", json!({"Key": earlier})).await.to_string();
    assert!(erased.contains("versions") && !erased.contains(MARIA), "{erased}");
    for key in [&lost, &earlier] {
        stack.table("DeleteItem", json!({"Key": key})).await;
    }
    maria.texts(HARBOR, "After").await;
    for how in [&[][..], &["--overwrite"]] {
        let restore = [&["restore", "--from", RESTORED, "--yes", "--json"][..], how].concat();
        let said: Value = serde_json::from_str(&on(&stack, &restore).await.succeeds()).unwrap();
        assert!(said["restored"]["erased"].as_u64().unwrap() > 2, "{said}");
        assert_eq!(dana.messages(&conversation).await.texts(), ["After"], "{how:?}");
        assert_eq!(dana.get("/api/appointments/hers").await.status, 404, "{how:?}");
        let kept = stack.table("GetItem", json!({"Key": lost})).await.to_string();
        assert!(kept.contains(SAM) && !kept.contains(MARIA), "{kept}");
        let kept = stack.table("GetItem", json!({"Key": earlier})).await.to_string();
        assert!(kept.contains("versions") && !kept.contains(MARIA), "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_is_reported() {
    let stack = TestStack::open().await;
    let refused = on(&stack, &["restore", "--from", "switchboard-lost", "--yes"]).await.fails();
    assert!(refused.contains("dynamodb:Query") && refused.contains("does not exist"), "{refused}");
}
