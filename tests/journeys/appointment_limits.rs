//! Limits of appointments: number lookups at the carriers, saves per minute, reads per day, and concurrent writers.

use std::collections::BTreeMap;

use domain::{SendingLimits, TimeZone, UsageLimits};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{ManualClock, SendOptions, StaffClient, TestResponse, TestStack};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const GRACE: &str = "+12065550126";
const KINGSTON: &str = "+18765550123";

/// Returns the day after tomorrow, which is in the future by the manual clock, too.
fn day() -> String {
    let zone: TimeZone = "America/Los_Angeles".parse().unwrap();
    zone.local(runtime::wall_clock().now()).0.next().next().to_string()
}

fn booking(number: &str) -> Value {
    json!({"name": "Maria Lopez", "number": number, "day": day(), "time": "15:00", "minutes": 45, "service": "Cleaning"})
}

async fn books(desk: &StaffClient<'_>, number: &str) -> TestResponse {
    desk.post("/api/appointments", &booking(number), SendOptions::default()).await
}

async fn is_booked(desk: &StaffClient<'_>, number: &str) -> Value {
    let booked = books(desk, number).await;
    assert_eq!(booked.status, 201, "{}", booked.body);
    booked.json()
}

async fn puts(desk: &StaffClient<'_>, id: &str, body: &Value) -> TestResponse {
    let request = desk.request(Method::PUT, &format!("/api/appointments/{id}"));
    desk.send(request.header("accept", "application/json").json(body)).await
}

async fn times_looked_up(stack: &TestStack, number: &str) -> u64 {
    let answer = stack.get(&format!("/local/carrier/kinds?to={}", number.replace('+', "%2B"))).await;
    answer.json()["times"].as_u64().unwrap()
}

fn limits_with(usage: UsageLimits) -> SendingLimits {
    SendingLimits { usage, ..TestStack::limits() }
}

async fn stack(usage: UsageLimits, clock: &ManualClock) -> TestStack {
    TestStack::with_limits(limits_with(usage), clock).await
}

fn path(appointment: &Value) -> String {
    format!("/api/appointments/{}", appointment["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn carriers_are_asked_nothing_about_a_number_of_a_country_that_is_not_texted() {
    let limits = SendingLimits { countries: Vec::new(), ..TestStack::limits() };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    for number in [KINGSTON, "+15145550123", "+61491570156"] {
        let booked = is_booked(&dana, number).await;
        assert_eq!(booked["texting"]["reason"], "country-not-allowed");
        dana.get(&path(&booked)).await;
        assert_eq!(times_looked_up(&stack, number).await, 0, "{number}");
    }
    is_booked(&dana, MARIA).await;
    assert_eq!(times_looked_up(&stack, MARIA).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_limit_an_appointment_is_saved_without_asking_the_carriers_who_are_asked_later() {
    let clock = ManualClock::at_noon();
    let limits = TestStack::limits().usage;
    let stack = stack(UsageLimits { staff_lookups: "2/100".parse().unwrap(), ..limits }, &clock).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    for number in [MARIA, SAM] {
        assert_eq!(is_booked(&dana, number).await["texting"]["checked"], true);
    }
    let booked = is_booked(&dana, GRACE).await;
    let texting = &booked["texting"];
    assert_eq!(
        (&texting["possible"], &texting["checked"], &texting["reason"]),
        (&json!(true), &json!(false), &json!(null))
    );
    let sentence = "you have had 2 numbers checked this minute, the most that is allowed";
    assert!(texting["message"].as_str().unwrap().contains(sentence), "{texting}");
    assert!(dana.screen(&path(&booked)).await.body.contains(sentence));
    assert_eq!(times_looked_up(&stack, GRACE).await, 0);
    is_booked(&dana, MARIA).await;
    assert_eq!(times_looked_up(&stack, MARIA).await, 1, "what is known is not asked again");
    assert_eq!(is_booked(&marcus, "+14255550123").await["texting"]["checked"], true, "a colleague does not notice");
    clock.passes(30);
    let opened = dana.get(&path(&booked)).await.json();
    assert_eq!((&opened["texting"]["checked"], &opened["texting"]["message"]), (&json!(true), &json!(null)));
    assert_eq!(times_looked_up(&stack, GRACE).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_staff_have_no_more_numbers_looked_up_together_than_it_may_and_other_companies_do_not_notice() {
    let clock = ManualClock::at_noon();
    let limits = TestStack::limits().usage;
    let stack = stack(UsageLimits { company_lookups: "100/2".parse().unwrap(), ..limits }, &clock).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    is_booked(&dana, MARIA).await;
    is_booked(&marcus, SAM).await;
    clock.passes(60);
    for desk in [&dana, &marcus] {
        let texting = is_booked(desk, GRACE).await["texting"].clone();
        let message = texting["message"].as_str().unwrap();
        assert!(message.contains("Harbor Dental has had 2 numbers checked today"), "{message}");
    }
    assert_eq!(times_looked_up(&stack, GRACE).await, 0);
    is_booked(&stack.josie().await, GRACE).await;
    assert_eq!(times_looked_up(&stack, GRACE).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_appointments_are_saved_in_a_minute_as_may_be_and_what_changes_nothing_does_not_count() {
    let clock = ManualClock::at_noon();
    let limits = TestStack::limits().usage;
    let stack = stack(UsageLimits { staff_writes: 3, ..limits }, &clock).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let booked = is_booked(&dana, "").await;
    for _ in 0..5 {
        assert!([200, 201].contains(&puts(&dana, "A-1", &booking("")).await.status), "the same again");
    }
    let moved = json!({"time": "16:30", "version": booked["version"]});
    assert_eq!(dana.post(&path(&booked), &moved, SendOptions::default()).await.status, 200);
    let again = json!({"time": "17:30", "version": 2});
    for refused in [
        books(&dana, "").await,
        puts(&dana, "A-2", &booking("")).await,
        dana.post(&path(&booked), &again, SendOptions::default()).await,
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (429, "too-many-saves"), "{}", refused.body);
        assert_eq!(refused.header("retry-after"), Some("30"));
        assert_eq!(
            refused.sentence(),
            "Not saved: you have saved 3 appointments this minute, the most that is allowed. Wait a minute and save again: what you wrote is kept."
        );
    }
    assert_eq!(dana.get(&format!("/api/appointments?day={}", day())).await.items().len(), 2, "nothing was saved");
    assert_eq!(dana.get(&path(&booked)).await.json()["version"], 2);
    is_booked(&marcus, "").await;
    clock.passes(30);
    is_booked(&dana, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_saves_no_more_in_a_minute_than_it_may_and_another_does_not_notice() {
    let limits = TestStack::limits().usage;
    let stack = stack(UsageLimits { company_writes: 2, ..limits }, &ManualClock::at_noon()).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    is_booked(&dana, "").await;
    is_booked(&marcus, "").await;
    let refused = books(&dana, "").await;
    assert_eq!(refused.status, 429);
    assert!(refused.sentence().contains("Harbor Dental has saved 2 appointments this minute"), "{}", refused.body);
    is_booked(&stack.josie().await, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_comes_in_pages_and_the_screen_shows_more_when_it_is_asked_to() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for n in 0..5 {
        let mut booking = booking("");
        booking["name"] = format!("Customer {n}").into();
        booking["time"] = format!("1{}:00", 4 - n).into();
        assert_eq!(puts(&dana, &format!("A-{n}"), &booking).await.status, 201);
    }
    let (mut pages, mut next) = (Vec::new(), Some(format!("/api/appointments?day={}&limit=2", day())));
    while let Some(path) = next {
        let page = dana.get(&path).await;
        let names: Vec<_> = page.items().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        pages.push(names.join(", "));
        next = page.next();
    }
    assert_eq!(pages, ["Customer 4, Customer 3", "Customer 2, Customer 1", "Customer 0"]);
    let screen = dana.screen(&format!("/api/appointments?day={}&limit=2", day())).await.body;
    assert!(screen.contains("Customer 3") && !screen.contains("Customer 2"), "{screen}");
    assert!(screen.contains(&format!("/api/appointments?day={}&amp;limit=102", day())), "{screen}");
    let all = dana.screen(&format!("/api/appointments?day={}", day())).await.body;
    assert!(all.contains("Customer 0") && !all.contains("Show more"), "{all}");
    for bad in ["limit=0", "limit=501", "after=x"] {
        assert_eq!(dana.get(&format!("/api/appointments?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_one_appointment_many_times_at_once_is_told_so_and_no_operator_is() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let answers = join_all((0..30).map(|n| {
        let mut body = booking(MARIA);
        body["service"] = format!("Cleaning {n}").into();
        let dana = &dana;
        async move { puts(dana, "A-1", &body).await }
    }))
    .await;
    let mut statuses = BTreeMap::<u16, usize>::new();
    for answer in &answers {
        *statuses.entry(answer.status).or_default() += 1;
        if answer.status == 409 {
            assert_eq!(answer.code(), "too-many-writers", "{}", answer.body);
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    }
    assert!(statuses.keys().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
    assert_eq!(statuses[&201], 1, "{statuses:?}");
    // Each successful save creates a version.
    let saved = statuses[&200] + 1;
    assert_eq!(dana.get("/api/appointments/A-1").await.json()["version"], saved, "{statuses:?}");
}
