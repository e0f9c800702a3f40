//! The history and the export of a customer's data, which administrators can read.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{ManualClock, SendOptions, StaffClient, TestResponse, TestStack};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";

fn history_of(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/history")
}

fn data_of(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/customer-data")
}

async fn erases(desk: &StaffClient<'_>, conversation: &str) -> TestResponse {
    let request = desk.request(Method::DELETE, &data_of(conversation)).header("sec-fetch-site", "same-origin");
    desk.send(request.header("accept", "application/json")).await
}

/// Exports a customer's data as the page's form does.
async fn takes(desk: &StaffClient<'_>, conversation: &str) -> TestResponse {
    let request = desk.request(Method::POST, &data_of(conversation)).header("sec-fetch-site", "same-origin");
    desk.send(request.header("accept", "application/json")).await
}

/// Returns who did what about a customer, newest first.
async fn actions_of(desk: &StaffClient<'_>, conversation: &str) -> Vec<(Value, String)> {
    let items = desk.get(&history_of(conversation)).await.items();
    items.iter().map(|item| (item["by"].clone(), item["done"].as_str().unwrap().to_owned())).collect()
}

fn action_by(who: &str, done: &str) -> (Value, String) {
    (json!(who), done.to_owned())
}

async fn books(desk: &StaffClient<'_>, number: &str) -> Value {
    let booking = json!({"name": "Maria Lopez", "number": number, "start": "2027-03-01T17:00:00Z", "minutes": 30, "service": "Cleaning"});
    let booked = desk.post("/api/appointments", &booking, SendOptions::default()).await;
    assert_eq!(booked.status, 201, "{}", booked.body);
    booked.json()
}

async fn changes(desk: &StaffClient<'_>, booked: &Value, fields: Value) -> Value {
    let mut body = fields;
    body["version"] = booked["version"].clone();
    let path = format!("/api/appointments/{}", booked["id"].as_str().unwrap());
    let changed = desk.post(&path, &body, SendOptions::default()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    changed.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_who_sent_sent_again_booked_changed_and_opted_out() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let conversation = dana.hears_from(MARIA).await;
    let booked = books(&marcus, MARIA).await;
    changes(&dana, &booked, json!({"minutes": 45, "notes": "Bring the X-ray"})).await;
    stack.phone(MARIA).next_is("spend-limit").await;
    marcus.replies(&conversation, "Come at five").await;
    let failed = marcus.messages(&conversation).await.items().remove(0);
    assert_eq!(dana.sends_again(&failed).await.status, 201);
    stack.phone(MARIA).texts(tests::HARBOR, "STOP").await;
    stack.phone(MARIA).texts(tests::HARBOR, "START").await;
    let noted =
        marcus.post(&format!("/api/conversations/{conversation}/opt-out"), &json!({}), SendOptions::default()).await;
    assert_eq!(noted.status, 200, "{}", noted.body);

    assert_eq!(
        actions_of(&dana, &conversation).await,
        [
            action_by("Marcus Bell", "opted-out"),
            (Value::Null, "opted-in".to_owned()),
            (Value::Null, "opted-out".to_owned()),
            action_by("Dana Whitfield", "sent-again"),
            action_by("Marcus Bell", "sent"),
            action_by("Dana Whitfield", "appointment-changed"),
            action_by("Marcus Bell", "appointment-entered"),
        ]
    );
    let items = dana.get(&history_of(&conversation)).await.items();
    assert_eq!(
        items[5]["changes"],
        json!([{"field": "minutes", "from": 30, "to": 45}, {"field": "notes", "from": "", "to": "Bring the X-ray"}])
    );
    assert_eq!(
        (&items[4]["message"]["text"], &items[4]["message"]["status"]),
        (&json!("Come at five"), &json!("failed"))
    );
    let screen = dana.screen(&history_of(&conversation)).await.body;
    for words in
        ["Marcus Bell", "recorded that the customer has unsubscribed", "Length", "Bring the X-ray", "sent again"]
    {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_noted_an_opt_out_is_known_also_when_the_customer_has_undone_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    dana.post(&format!("/api/conversations/{conversation}/opt-out"), &json!({}), SendOptions::default()).await;
    stack.phone(MARIA).texts(tests::HARBOR, "START").await;
    assert!(actions_of(&dana, &conversation).await.contains(&action_by("Dana Whitfield", "opted-out")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_goes_to_another_number_is_in_both_histories_and_names_nobody_in_the_others() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, MARIA).await;
    let maria = booked["conversation"].as_str().unwrap();
    let moved = changes(&dana, &booked, json!({"name": "Sam Okafor", "number": SAM})).await;
    let sam = moved["conversation"].as_str().unwrap();
    assert_eq!(
        actions_of(&dana, maria).await,
        [action_by("Dana Whitfield", "appointment-taken-off"), action_by("Dana Whitfield", "appointment-entered")]
    );
    assert_eq!(actions_of(&dana, sam).await, [action_by("Dana Whitfield", "appointment-entered")]);
    for (conversation, others) in [(maria, ["Sam Okafor", SAM]), (sam, ["Maria Lopez", MARIA])] {
        let history = dana.get(&history_of(conversation)).await.body;
        let file = takes(&dana, conversation).await.body;
        for other in others {
            assert!(!history.contains(other) && !file.contains(other), "{other}: {history} {file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_administrator_of_the_company_is_shown_handed_and_erased_nothing() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    let josie = stack.josie().await;
    for (desk, refused) in [(&marcus, (404, "not-an-administrator")), (&josie, (404, "no-conversation"))] {
        let answers = [
            desk.get(&history_of(&conversation)).await,
            takes(desk, &conversation).await,
            erases(desk, &conversation).await,
        ];
        for answer in answers {
            assert_eq!((answer.status, answer.code().as_str()), refused, "{}", answer.body);
        }
    }
    let screen = marcus.screen(&history_of(&conversation)).await;
    assert!(screen.body.contains("Only an administrator of Harbor Dental sees this."), "{}", screen.body);
    assert_eq!(dana.messages(&conversation).await.items().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_handed_over_as_a_file_and_that_it_was_is_told() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    books(&dana, MARIA).await;
    let file = takes(&dana, &conversation).await;
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"customer-data.json\""));
    let file = file.json();
    assert_eq!(file["company"], "Harbor Dental");
    assert_eq!(file["held"]["messages"][0]["text"], "hello");
    assert_eq!(file["held"]["customer"]["number"], MARIA);
    assert_eq!(file["held"]["appointments"][0]["versions"][0]["details"]["name"], "Maria Lopez");
    assert_eq!(file["held"]["done"][0]["by"], "Dana Whitfield");
    assert_eq!(actions_of(&dana, &conversation).await[0], action_by("Dana Whitfield", "exported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_on_no_list_any_more_and_is_still_not_texted() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let booked = books(&dana, MARIA).await;
    dana.replies(&conversation, "Hello Maria").await;
    stack.phone(MARIA).texts(tests::HARBOR, "STOP").await;
    let sam = dana.hears_from(SAM).await;

    let erased = erases(&dana, &conversation).await;
    assert_eq!(erased.json()["erased"], json!({"texts_and_calls": 3, "appointments": 1, "once_more": false}));
    assert_eq!(dana.messages(&conversation).await.status, 404);
    assert_eq!(dana.get(&history_of(&conversation)).await.status, 404);
    assert_eq!(dana.get(&format!("/api/appointments/{}", booked["id"].as_str().unwrap())).await.status, 404);
    for list in ["/api/conversations", "/api/notifications"] {
        let left = dana.everything(list).await;
        assert!(left.iter().all(|item| item["conversation"] == json!(sam)) && !left.is_empty(), "{list}: {left:?}");
    }
    let again = erases(&dana, &conversation).await;
    assert_eq!(again.json()["erased"], json!({"texts_and_calls": 0, "appointments": 0, "once_more": false}));
    let refused = dana.writes_first("(425) 555-0182", "Are you still there?").await;
    assert_eq!((refused.status, refused.code()), (422, "opted-out".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_takes_and_erases_nothing() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    for method in [Method::POST, Method::DELETE] {
        let request = dana.request(method, &data_of(&conversation)).header("sec-fetch-site", "cross-site");
        let answer = dana.send(request.header("accept", "application/json")).await;
        assert_eq!((answer.status, answer.code()), (400, "foreign-origin".to_owned()));
    }
    let opened = dana.get(&data_of(&conversation)).await;
    assert_eq!((opened.status, opened.header("allow")), (405, Some("POST, DELETE")), "an address that is opened");
    assert_eq!(actions_of(&dana, &conversation).await, []);
    assert_eq!(dana.messages(&conversation).await.items().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_handed_over_and_erased_within_ten_minutes_of_a_sign_in() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    clock.passes(10 * 60 - 1);
    assert_eq!(takes(&dana, &conversation).await.status, 200);
    clock.passes(1);
    for answer in [takes(&dana, &conversation).await, erases(&dana, &conversation).await] {
        assert_eq!((answer.status, answer.code()), (409, "sign-in-again".to_owned()), "{}", answer.body);
    }
    let request = dana.request(Method::POST, &data_of(&conversation)).header("sec-fetch-site", "same-origin");
    let shown = dana.send(request.header("accept", "text/html")).await;
    assert!(shown.body.contains("Sign in again</a>"), "{}", shown.body);
    assert_eq!(dana.messages(&conversation).await.items().len(), 1, "the session goes on");
    let dana = stack.dana().await;
    assert_eq!(erases(&dana, &conversation).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_taken_or_erased_so_often_a_day_and_an_operator_is_told() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    for _ in 0..20 {
        assert_eq!(takes(&dana, &conversation).await.status, 200);
    }
    assert_eq!(stack.metrics_of("customer-data").await["CustomerDataLimited"], Value::Null);
    for answer in [takes(&dana, &conversation).await, erases(&dana, &conversation).await] {
        assert_eq!((answer.status, answer.code()), (429, "too-often".to_owned()));
        assert!(
            answer.header("retry-after").is_some() && answer.body.contains("you have taken or erased"),
            "{}",
            answer.body
        );
    }
    let counted = stack.metrics_of("customer-data").await;
    assert_eq!((&counted["CustomerData"], &counted["CustomerDataLimited"]), (&json!(20), &json!(2)));
    assert_eq!(dana.messages(&conversation).await.items().len(), 1);
    clock.passes(24 * 60 * 60);
    let dana = stack.dana().await;
    assert_eq!(erases(&dana, &conversation).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_kept_as_long_as_what_was_said() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    books(&dana, MARIA).await;
    let kept = async |prefix: &str| {
        let found = stack
            .table(
                "Query",
                json!({
                    "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
                    "ExpressionAttributeValues": {":pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, ":sk": {"S": prefix}},
                }),
            )
            .await;
        let items = found["Items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 1, "{items:?}");
        let at = items[0]["sk"]["S"].as_str().unwrap().split_once('#').unwrap().1[..10].parse::<u64>().unwrap();
        items[0]["expires_at"]["N"].as_str().unwrap().parse::<u64>().unwrap() - at
    };
    assert_eq!(kept("DEED#").await, kept("EVENT#").await);
}
