//! Tests which commands write audit log entries, and who can read them.

use serde_json::json;
use tests::TestStack;

use crate::command::{listed, on};

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_actions_of_operators_and_staff_but_no_refused_or_reading_commands() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    on(&stack, &["staff", "list"]).await.succeeds();
    on(&stack, &["staff", "sign-out", "dana", "--company", "harbor-dental"]).await.succeeds();
    on(&stack, &["staff", "sign-out", "nobody", "--company", "harbor-dental"]).await;
    on(&stack, &["push-keys", "rotate"]).await.succeeds();
    drop(dana);

    let of = async |company: &[&str]| {
        let entries = listed(&stack, &[&["audit"], company].concat()).await;
        entries.iter().map(|entry| (entry["staff"].clone(), entry["action"].clone())).collect::<Vec<_>>()
    };
    let expected = [(json!(null), json!("staff sign-out")), (json!("dana"), json!("sign-in"))];
    assert_eq!(of(&["--company", "harbor-dental"]).await, expected, "the newest first");
    assert_eq!(of(&["--company", "harbor-dental", "--limit", "1"]).await, expected[..1]);
    assert_eq!(of(&[]).await, [(json!(null), json!("push-keys rotate"))]);
    let shown = on(&stack, &["audit", "--company", "harbor-dental"]).await.succeeds();
    assert!(shown.contains("an operator") && shown.contains("staff sign-out"), "{shown}");
}
