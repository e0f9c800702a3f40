//! Appointments that are moved to another time: a customer's earlier answer does not apply to the new time.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{HARBOR, SendOptions, StaffClient, TestResponse, TestStack, ago};

const MARIA: &str = "+14255550182";
const HOUR: u64 = 60 * 60;

/// Returns the time that is `hours` from now, formatted as a scheduling system does.
fn ahead(hours: u64) -> Value {
    let now = runtime::wall_clock().now();
    json!(now.plus_secs(hours * HOUR).to_string())
}

fn booking(start: &Value, status: Option<&str>) -> Value {
    let mut booking =
        json!({"name": "Maria Lopez", "number": MARIA, "start": start, "minutes": 30, "service": "Cleaning"});
    if let Some(status) = status {
        booking["status"] = json!(status);
    }
    booking
}

async fn puts(desk: &StaffClient<'_>, body: &Value) -> Value {
    let request = desk.request(Method::PUT, "/api/appointments/PMS-1").header("accept", "application/json");
    let answer = desk.send(request.json(body)).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.body);
    answer.json()
}

async fn changes(desk: &StaffClient<'_>, seen: &Value, mut fields: Value) -> TestResponse {
    fields["version"] = seen["version"].clone();
    desk.post("/api/appointments/PMS-1", &fields, SendOptions::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_confirmed_is_booked_again_when_it_is_moved_unless_the_same_write_says_otherwise() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for said in ["confirmed", "declined"] {
        puts(&dana, &booking(&ahead(24), Some(said))).await;
        let same = puts(&dana, &booking(&ahead(24), None)).await;
        assert_eq!(same["status"], "booked", "a second later is another time");
        puts(&dana, &booking(&same["start"], Some(said))).await;
        let same = puts(&dana, &booking(&same["start"], None)).await;
        assert_eq!(same["status"], said, "it was not moved");
        let longer = changes(&dana, &same, json!({"minutes": 60})).await.json();
        assert_eq!(longer["status"], said, "it only takes longer");
        let moved = changes(&dana, &longer, json!({"start": ahead(30)})).await.json();
        assert_eq!(moved["status"], "booked", "by staff");
        puts(&dana, &booking(&ahead(24), Some(said))).await;
        let moved = puts(&dana, &booking(&ahead(30), None)).await;
        assert_eq!(moved["status"], "booked", "by a scheduling system");
        let stated = puts(&dana, &booking(&ahead(31), Some(said))).await;
        assert_eq!(stated["status"], said, "which says so itself");
    }
    let cancelled = puts(&dana, &booking(&ahead(24), Some("cancelled"))).await;
    assert_eq!(changes(&dana, &cancelled, json!({"start": ahead(30)})).await.json()["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_says_that_it_was_moved_and_offers_to_text_the_new_time() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let screen = async || dana.screen("/api/appointments/PMS-1").await.body;
    let booked = puts(&dana, &booking(&ahead(24), Some("confirmed"))).await;
    assert!(!screen().await.contains("Moved from"), "it is new");
    // The form sends an empty status if it was not changed.
    let moved = changes(&dana, &booked, json!({"start": ahead(48), "status": ""})).await.json();
    assert_eq!(moved["status"], "booked");
    let shown = screen().await;
    assert!(shown.contains("It is booked again: the customer confirmed the other time."), "{shown}");
    assert!(shown.contains("Text the new time") && shown.contains("Your appointment is now on "), "{shown}");
    // The page does not offer to text a customer who has opted out.
    stack.phone(MARIA).texts(HARBOR, "STOP").await;
    let shown = screen().await;
    assert!(shown.contains("Moved from") && !shown.contains("Text the new time"), "{shown}");
    let named = changes(&dana, &moved, json!({"notes": "Ring the back door"})).await.json();
    assert!(!screen().await.contains("Moved from"), "that was before the last change");
    // The page does not offer to announce an appointment that is over.
    changes(&dana, &named, json!({"start": ago(3600)})).await;
    assert!(!screen().await.contains("Moved from"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practitioner_who_is_taken_and_a_time_that_is_over_are_pointed_out_and_not_forbidden() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let put = async |id: &str, time: &str, more: Value| {
        let mut body =
            json!({"name": "Sam Okafor", "day": "2030-02-04", "time": time, "minutes": 30, "provider": "marcus"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = dana.request(Method::PUT, &format!("/api/appointments/{id}")).json(&body);
        assert!([200, 201].contains(&dana.send(request).await.status));
    };
    put("at-ten", "10:00", json!({})).await;
    put("declined", "10:00", json!({"status": "declined"})).await;
    put("cancelled", "10:00", json!({"status": "cancelled"})).await;
    put("with-dana", "10:00", json!({"provider": "dana"})).await;
    put("overnight", "23:30", json!({"day": "2030-02-03", "minutes": 600})).await;
    let path = |planned: &str, day: &str, time: &str, minutes: &str, provider: &str| {
        format!("/api/appointments?planned={planned}&day={day}&time={time}&minutes={minutes}&provider={provider}")
    };
    let says = async |path: &str| {
        let answer = dana.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let answer = answer.json();
        let meets = answer["meets"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
        (answer["is_over"].as_bool().unwrap(), meets.collect::<Vec<_>>())
    };
    let day = "2030-02-04";
    for (planned, time, minutes, provider, meets) in [
        ("", "10:00", "30", "marcus", vec!["at-ten"]),
        ("", "10:29", "1", "marcus", vec!["at-ten"]),
        ("", "09:31", "30", "marcus", vec!["at-ten"]),
        ("", "09:30", "30", "marcus", vec![]),
        ("", "10:30", "30", "marcus", vec![]),
        ("", "09:00", "120", "marcus", vec!["overnight", "at-ten"]),
        ("at-ten", "10:00", "30", "marcus", vec![]),
        ("", "10:00", "30", "dana", vec!["with-dana"]),
        ("", "10:00", "30", "", vec![]),
        ("", "25:00", "30", "marcus", vec![]),
        ("", "", "", "", vec![]),
    ] {
        let path = path(planned, day, time, minutes, provider);
        assert_eq!(says(&path).await, (false, meets.into_iter().map(str::to_owned).collect()), "{path}");
    }
    let over = path("", "2026-01-05", "10:00", "30", "marcus");
    assert_eq!(says(&over).await, (true, vec![]));
    let screen = dana.screen(&over).await.body;
    assert!(screen.contains("That time is over. You can save it all the same."), "{screen}");
    let screen = dana.screen(&path("", day, "10:00", "30", "marcus")).await.body;
    assert!(screen.contains("Marcus Bell has an appointment then") && screen.contains("Sam Okafor"), "{screen}");
    let twice = json!({"name": "Ann Lee", "day": day, "time": "10:00", "minutes": 30, "provider": "marcus"});
    assert_eq!(dana.post("/api/appointments", &twice, SendOptions::default()).await.status, 201);
    let josie = stack.josie().await;
    let theirs = josie.get(&path("", day, "10:00", "30", "marcus")).await.json();
    assert_eq!(theirs["meets"], json!([]), "another company's are nobody's business");
}
