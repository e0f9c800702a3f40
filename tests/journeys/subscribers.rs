//! A customer has one conversation, whatever form of their country's numbers is used.

use domain::SendingLimits;
use serde_json::{Value, json};
use tests::{Call, HARBOR, ManualClock, SendOptions, SmsEvent, StaffClient, TestStack, by_queue, by_topic};

/// Numbers in three forms: as a company books and texts them, as a carrier delivers from them, and as typed.
const SUBSCRIBERS: [(&str, &str, &str); 6] = [
    ("+525587654321", "+5215587654321", "+52 1 55 8765 4321"),
    ("+5491123456789", "+541123456789", "+54 11 2345-6789"),
    ("+5511987654321", "+551187654321", "+55 11 8765-4321"),
    ("+2250707123456", "+22507123456", "+225 07 12 34 56"),
    ("+2290197123456", "+22997123456", "+229 97 12 34 56"),
    // A country in which all forms are the same.
    ("+393471234567", "+393471234567", "+39 347 123 4567"),
];

async fn stack() -> TestStack {
    let countries = ["MX", "AR", "BR", "CI", "BJ", "IT"].map(|code| code.parse().unwrap()).into();
    TestStack::with_limits(SendingLimits { countries, ..TestStack::limits() }, &ManualClock::at_noon()).await
}

async fn books(dana: &StaffClient<'_>, number: &str) -> Value {
    let day = dana.get("/api/appointments").await.json()["day"].clone();
    let booking = json!({"name": "Ana", "number": number, "day": day, "time": "23:00", "minutes": 30});
    let booked = dana.post("/api/appointments", &booking, SendOptions::default()).await;
    assert_eq!(booked.status, 201, "{number}: {}", booked.body);
    booked.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_booked_by_one_form_of_their_number_and_texts_by_another_is_one_customer() {
    let stack = stack().await;
    let dana = stack.dana().await;
    for (number, delivered, typed) in SUBSCRIBERS {
        let booked = books(&dana, number).await;
        let conversation = booked["conversation"].as_str().unwrap();
        assert_eq!(books(&dana, typed).await["conversation"], conversation, "{typed}");
        assert_eq!(dana.writes_first(typed, "See you").await.json()["conversation"], conversation, "{typed}");
        stack.deliver(&by_queue(&[SmsEvent::new(&format!("q{number}"), delivered, HARBOR, "by the queue")])).await;
        stack.deliver(&by_topic(&[SmsEvent::new(&format!("t{number}"), delivered, HARBOR, "by the topic")])).await;
        let texts = dana.messages(conversation).await.texts();
        for text in ["See you", "by the queue", "by the topic"] {
            assert!(texts.iter().any(|said| said == text), "{number}: {texts:?}");
        }
        let rows = dana.notifications().await.items();
        let theirs: Vec<_> = rows.iter().filter(|row| row["conversation"] == conversation).collect();
        assert!(
            !theirs.is_empty() && theirs.iter().all(|row| row["name"] == "Ana" && row["number"] == number),
            "{theirs:?}"
        );
        let sent = stack.phone(number).received_messages().await;
        assert_eq!(sent.len(), 1, "it goes to the number by the plan of today");
    }
    let conversations = dana.get("/api/conversations").await.items();
    assert_eq!(conversations.len(), SUBSCRIBERS.len(), "nobody has a second one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_from_another_form_of_the_number_is_heard() {
    let stack = stack().await;
    let dana = stack.dana().await;
    for (number, delivered, typed) in SUBSCRIBERS {
        let booked = books(&dana, number).await;
        stack.deliver(&by_queue(&[SmsEvent::new(number, delivered, HARBOR, "STOP")])).await;
        let replied = dana.replies(booked["conversation"].as_str().unwrap(), "hello").await;
        assert_eq!(replied.code(), "opted-out", "{number}");
        assert_eq!(dana.writes_first(typed, "hello").await.code(), "opted-out", "{typed}");
        assert!(stack.phone(number).received_messages().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_comes_back_with_another_form_of_the_number_is_about_the_same_customer() {
    let stack = stack().await;
    let dana = stack.dana().await;
    for (number, delivered, _) in SUBSCRIBERS {
        let booked = books(&dana, number).await;
        let call = Call::new(number, HARBOR, delivered, booked["id"].as_str().unwrap());
        assert_eq!(stack.flow(&call.pressed("1")).await["result"], "confirmed", "{number}");
        let rows = dana.notifications().await.items();
        let row = rows.iter().find(|row| row["conversation"] == booked["conversation"]).expect("a row of theirs");
        assert_eq!((&row["kind"], &row["number"]), (&json!("call"), &json!(number)));
        assert_eq!(dana.get("/api/conversations").await.items().len(), rows.len(), "nobody has a second one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_names_another_form_of_the_number_speaks_of_the_same_customer() {
    let stack = stack().await;
    let dana = stack.dana().await;
    let [(number, delivered, _), ..] = SUBSCRIBERS;
    let booked = books(&dana, number).await;
    let conversation = booked["conversation"].as_str().unwrap();
    // The receipt comes before the provider message id is stored.
    stack.phone(number).next_is("silent").await;
    let sent = dana.replies(conversation, "hello").await.json();
    let event = json!({
        "eventType": "TEXT_INVALID", "eventVersion": "1.0", "eventTimestamp": 1_700_000_000_000_u64, "isFinal": true,
        "destinationPhoneNumber": delivered, "messageId": "of-the-carrier",
        "context": {"company": "harbor-dental", "conversation": conversation, "message": sent["id"]},
    });
    let body = json!({"Message": event.to_string()}).to_string();
    let batch = json!({"Records": [tests::record("record", &body)]});
    assert!(!stack.invoke("delivery-receipt", &batch).await.failed);
    let opened = dana.get(&format!("/api/appointments/{}", booked["id"].as_str().unwrap())).await.json();
    assert_eq!((&opened["number"], &opened["name"]), (&json!(number), &json!("Ana")));
    assert_eq!(opened["texting"]["reason"], "refused", "no text arrives there");
}
