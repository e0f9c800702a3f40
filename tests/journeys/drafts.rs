//! A person's unsent form input is available on all their devices for seven days.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{ManualClock, SendOptions, StaffClient, TestStack};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";

const DAY: u64 = 24 * 60 * 60;

fn draft_path(conversation: &str) -> String {
    format!("conversation-{conversation}")
}

async fn keeps(desk: &StaffClient<'_>, name: &str, fields: Value) {
    let saved = desk.saves_draft(name, &json!({"fields": fields})).await;
    assert_eq!(saved.status, 204, "{}", saved.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_on_every_device_of_its_person_and_for_nobody_else() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let draft = draft_path(&dana.hears_from(MARIA).await);
    keeps(&dana, &draft, json!({"text": "On Monday we are"})).await;
    assert_eq!(stack.dana().await.draft(&draft).await, json!({"text": "On Monday we are"}), "on her phone");
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    let josie = stack.josie().await;
    for other in [&marcus, &josie] {
        assert_eq!(other.draft(&draft).await, Value::Null);
        keeps(other, &draft, json!({"text": "Mine"})).await;
        assert_eq!(other.deletes_draft(&draft).await.status, 204);
    }
    assert_eq!(dana.draft(&draft).await, json!({"text": "On Monday we are"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_the_session_and_the_sign_out() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    keeps(&dana, "new-appointment", json!({"name": "Maria Lopez", "notes": "Rings at nine"})).await;
    assert_eq!(dana.send(dana.request(Method::POST, "/api/sign-out")).await.status, 303);
    clock.passes(2 * DAY);
    assert_eq!(dana.get("/api/drafts/new-appointment").await.status, 401);
    let kept = stack.dana().await.draft("new-appointment").await;
    assert_eq!(kept, json!({"name": "Maria Lopez", "notes": "Rings at nine"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_last_counts_and_is_kept_for_seven_days_from_then_on() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    keeps(&stack.dana().await, "new-message", json!({"text": "On"})).await;
    clock.passes(3 * DAY);
    keeps(&stack.dana().await, "new-message", json!({"text": "On Monday"})).await;
    clock.passes(7 * DAY - 1);
    assert_eq!(stack.dana().await.draft("new-message").await, json!({"text": "On Monday"}));
    clock.passes(1);
    assert_eq!(stack.dana().await.draft("new-message").await, Value::Null, "though the table has it still");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_sent_or_emptied_is_deleted_however_often_that_is_said() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    keeps(&dana, "new-message", json!({"to": "", "text": "On"})).await;
    for _ in 0..2 {
        assert_eq!(dana.deletes_draft("new-message").await.status, 204);
        assert_eq!(dana.draft("new-message").await, Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_tried_on_one_device_is_the_same_message_on_another() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let tried =
        json!({"fields": {"text": "On Monday"}, "tried": "On Monday", "key": "of-the-first-try", "version": null});
    assert_eq!(dana.saves_draft(&draft_path(&conversation), &tried).await.status, 204);
    let key = SendOptions { key: Some("of-the-first-try") };
    assert_eq!(dana.replies_with(&conversation, "On Monday", key).await.status, 201, "its answer was lost");
    let phone = stack.dana().await;
    let mut kept = phone.get(&format!("/api/drafts/{}", draft_path(&conversation))).await.json();
    assert!(kept["saved_at"].as_str().unwrap().ends_with('Z'), "{kept}");
    kept.as_object_mut().unwrap().remove("saved_at");
    assert_eq!(kept, tried);
    assert_eq!(phone.replies_with(&conversation, "On Monday", key).await.status, 201);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["On Monday"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_erased_is_in_no_draft_of_anybody_at_the_company() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let maria = dana.hears_from(MARIA).await;
    let sam = dana.hears_from(SAM).await;
    stack.has_appointment("harbor-dental", "hers", Some(MARIA)).await;
    stack.has_appointment("harbor-dental", "his", Some(SAM)).await;
    let hers = [
        (&dana, draft_path(&maria), json!({"text": "Dear Maria"})),
        (&marcus, draft_path(&maria), json!({"text": "Hello Maria"})),
        (&dana, "new-message".to_owned(), json!({"to": "(425) 555-0182", "text": "Maria?"})),
        (&marcus, "new-appointment".to_owned(), json!({"name": "Maria", "mobile": "+1 425 555 0182"})),
        (&dana, "appointment-hers".to_owned(), json!({"notes": "Maria rings at nine"})),
    ];
    let others = [
        (&dana, draft_path(&sam), json!({"text": "Dear Sam"})),
        (&marcus, "new-message".to_owned(), json!({"to": "(253) 555-0119", "text": "Sam?"})),
        (&dana, "new-appointment".to_owned(), json!({"name": "Somebody", "mobile": "425"})),
        (&dana, "appointment-his".to_owned(), json!({"notes": "Sam rings at ten"})),
    ];
    for (desk, name, fields) in hers.iter().chain(&others) {
        keeps(desk, name, fields.clone()).await;
    }
    let path = format!("/api/conversations/{maria}/customer-data");
    let file = dana.post(&path, &json!({}), SendOptions::default()).await.json();
    let held: Vec<_> = file["held"]["drafts"].as_array().unwrap().iter().map(|draft| draft["fields"].clone()).collect();
    assert_eq!(held.len(), hers.len(), "they are part of what is held: {held:?}");
    assert!(hers.iter().all(|(_, _, fields)| held.contains(fields)), "{held:?}");
    let erased = dana.send(dana.request(Method::DELETE, &path).header("accept", "application/json")).await;
    assert_eq!(erased.status, 200, "{}", erased.body);
    for (desk, name, fields) in &hers {
        assert_eq!(desk.draft(name).await, Value::Null, "{name} {fields}");
    }
    for (desk, name, fields) in &others {
        assert_eq!(desk.draft(name).await, *fields, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_a_hundred_at_a_time() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    let draft = json!({"fields": {"notes": "Rings at nine"}});
    for n in 0..100 {
        keeps(&dana, &format!("appointment-{n}"), draft["fields"].clone()).await;
    }
    let refused = dana.saves_draft("new-message", &draft).await;
    assert_eq!((refused.status, refused.code()), (409, "too-many-drafts".to_owned()), "{}", refused.body);
    assert_eq!(dana.saves_draft("appointment-7", &draft).await.status, 204, "one that is there goes on");
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.saves_draft("new-message", &draft).await.status, 204);
    assert_eq!(dana.deletes_draft("appointment-7").await.status, 204);
    assert_eq!(dana.saves_draft("new-message", &draft).await.status, 204);
    clock.passes(7 * DAY);
    let dana = stack.dana().await;
    assert_eq!(dana.saves_draft("new-appointment", &draft).await.status, 204, "what is over counts no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_draft_of_a_form_is_refused_and_nothing_is_kept() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let text = |characters: usize| json!({"fields": {"text": "x".repeat(characters)}});
    let many: Value = (0..21).map(|n| (n.to_string(), json!(""))).collect::<serde_json::Map<_, _>>().into();
    for (name, draft, refused) in [
        ("something-else", text(1), (404, "no-form")),
        ("conversation-x", text(1), (404, "no-form")),
        ("appointment-a%23b", text(1), (404, "no-form")),
        ("new-message", text(25_000), (422, "draft-too-long")),
        ("new-message", json!({"fields": many}), (422, "bad-fields")),
        ("new-message", json!({"fields": {"": ""}}), (422, "bad-fields")),
        ("new-message", json!({"fields": {"text": 1}}), (400, "unreadable-body")),
        ("new-message", json!({"text": "Hello"}), (400, "unreadable-body")),
    ] {
        let answer = dana.saves_draft(name, &draft).await;
        assert_eq!((answer.status, answer.code().as_str()), refused, "{name}: {}", answer.body);
    }
    let foreign = dana.request(Method::PUT, "/api/drafts/new-message").header("sec-fetch-site", "cross-site");
    let answer = dana.send(foreign.header("accept", "application/json").json(&text(1))).await;
    assert_eq!((answer.status, answer.code()), (400, "foreign-origin".to_owned()));
    assert_eq!(dana.draft("new-message").await, Value::Null);
    keeps(&dana, "new-message", text(10_000)["fields"].clone()).await;
    let foreign = dana.request(Method::DELETE, "/api/drafts/new-message").header("sec-fetch-site", "cross-site");
    assert_eq!(dana.send(foreign).await.status, 400);
    assert_eq!(dana.draft("new-message").await, text(10_000)["fields"]);
}
