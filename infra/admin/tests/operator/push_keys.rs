//! Tests the management of the keys that sign push notifications.

use serde_json::{Value, json};
use tests::{Browser, HARBOR, PushService, TestStack};

use crate::command::on;

async fn secret(stack: &TestStack) -> Value {
    crate::secrets::secret(stack, "switchboard/push").await
}

async fn put_secret(stack: &TestStack, keys: &str) {
    let put = json!({"SecretId": "switchboard/push", "SecretString": keys}).to_string();
    let request = reqwest::Client::new().post(stack.url("/")).header("x-amz-target", "secretsmanager.PutSecretValue");
    assert_eq!(request.body(put).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_is_created_once_and_with_a_contact() {
    let stack = TestStack::open().await;
    let said = on(&stack, &["push-keys", "create"]).await.fails();
    assert!(said.contains("already has push keys") && said.contains("push-keys rotate"), "{said}");
    // The secret of a newly deployed stack.
    put_secret(&stack, "{}").await;
    let doctor = on(&stack, &["doctor"]).await;
    assert!(doctor.out.contains("WRONG  push-keys") && doctor.out.contains("push-keys create"), "{}", doctor.out);
    let dana = stack.dana().await;
    assert_eq!(dana.push_settings().await["key"], Value::Null);
    let refused = dana.is_notified_in(&Browser::firefox("one")).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "no-push-keys"));
    let said = on(&stack, &["push-keys", "create"]).await.fails();
    assert!(said.contains("--contact mailto:"), "{said}");
    for bad in [
        "it@example.com",
        "tel:1234",
        "mailto:",
        "mailto:a b",
        "mailto:<it@example.com>",
        "mailto:it@localhost",
        "https://localhost",
    ] {
        let said = on(&stack, &["push-keys", "create", "--contact", bad]).await.fails();
        assert!(said.contains("Correct --contact"), "{bad}: {said}");
    }
    on(&stack, &["push-keys", "create", "--contact", "mailto:it@example.com"]).await.succeeds();
    assert_eq!(secret(&stack).await["subject"], "mailto:it@example.com");
    // Functions do not cache the absence of keys.
    assert_eq!(dana.is_notified_in(&Browser::firefox("one")).await.status, 201);
    // Invalid content, written by hand, is not overwritten.
    put_secret(&stack, "{\"keys\": []}").await;
    for command in ["create", "rotate"] {
        on(&stack, &["push-keys", command]).await.fails();
    }
    assert_eq!(secret(&stack).await, json!({"keys": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_apple_rejects_is_reported_and_changed_without_the_keys() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut kept = secret(&stack).await;
    let before = dana.push_settings().await["key"].clone();
    // Earlier versions did not check the contact.
    for refused in ["mailto:<it@example.com>", "mailto:it@localhost", "https://localhost"] {
        kept["subject"] = refused.into();
        put_secret(&stack, &kept.to_string()).await;
        let doctor = on(&stack, &["doctor"]).await.out;
        assert!(doctor.contains("WRONG  push-keys") && doctor.contains("push-keys contact mailto:"), "{doctor}");
        let said = on(&stack, &["push-keys", "contact", refused]).await.fails();
        assert!(said.contains("Nothing was changed"), "{said}");
    }
    on(&stack, &["push-keys", "contact", "mailto:desk@example.com"]).await.succeeds();
    let now = secret(&stack).await;
    assert_eq!((&now["subject"], &now["keys"]), (&json!("mailto:desk@example.com"), &kept["keys"]));
    assert!(on(&stack, &["doctor"]).await.out.contains("there are push keys"));
    assert_eq!(dana.push_settings().await["key"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_in_use_and_browsers_with_the_earlier_one_are_still_notified() {
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_in(folder.path()).await;
    let dana = stack.dana().await;
    let before = dana.push_settings().await["key"].clone();
    let firefox = Browser::firefox("one");
    assert_eq!(dana.is_notified_in(&firefox).await.status, 201);
    let kept = secret(&stack).await;

    let said = on(&stack, &["push-keys", "rotate", "--json"]).await.succeeds();
    let rotated: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(rotated["rotated"]["before"], before);
    assert_ne!(rotated["rotated"]["key"], before);
    let now = secret(&stack).await;
    assert_eq!(now["keys"].as_array().unwrap()[1..], kept["keys"].as_array().unwrap()[..], "the earlier one is kept");
    for private in now["keys"].as_array().unwrap() {
        assert!(!said.contains(private["private"].as_str().unwrap()), "{said}");
    }

    // Functions read the keys again after five minutes, or when they start.
    stack.close().await;
    let stack = TestStack::open_in(folder.path()).await;
    let dana = stack.dana().await;
    assert_eq!(dana.push_settings().await["key"], rotated["rotated"]["key"]);
    let mut subscription = firefox.subscription();
    subscription["key"] = before;
    let again = dana.puts_subscription(&firefox, &subscription).await;
    assert_eq!((again.status, &again.json()["key"]), (200, &rotated["rotated"]["key"]), "and is told to renew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_with_a_key_that_the_functions_have_not_read_yet_is_notified_at_once() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let (early, late) = (service.browser("ok", "early"), service.browser("ok", "late"));
    assert_eq!(dana.puts_subscription(&early.browser, &early.subscription()).await.status, 201);
    stack.phone("+14255550182").texts(HARBOR, "One").await;
    service.sends(&early, 1).await;

    let said = on(&stack, &["push-keys", "rotate", "--json"]).await.succeeds();
    let rotated = serde_json::from_str::<Value>(&said).unwrap()["rotated"].clone();
    // A page gets this key from an instance that started after the rotation.
    let mut subscription = late.subscription();
    subscription["key"] = rotated["key"].clone();
    let kept = dana.puts_subscription(&late.browser, &subscription).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    stack.phone("+14255550182").texts(HARBOR, "Two").await;
    for (browser, pushes, key) in [(&early, 2, &rotated["before"]), (&late, 1, &rotated["key"])] {
        assert_eq!(service.sends(browser, pushes).await.last().unwrap()["body"], "Two");
        let pushed = service.pushed().into_iter().rfind(|pushed| pushed.path == browser.path).unwrap();
        let signed = &pushed.headers["authorization"];
        assert!(signed.ends_with(&format!("k={}", key.as_str().unwrap())), "{signed}");
    }
    // No push notification was postponed for a retry.
    let browsers = dana.push_settings().await["browsers"].clone();
    assert!(browsers.as_array().unwrap().iter().all(|browser| browser["lastProblem"].is_null()), "{browsers}");
}
