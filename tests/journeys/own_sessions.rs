//! The list of a person's own sessions, and how they end them.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Browser, HARBOR, ManualClock, SESSION_COOKIE, StaffClient, TestResponse, TestStack};

const MARIA: &str = "+14255550182";
const LAPTOP: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
const DANA: &str = "harbor-dental.dana";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_each_browser_that_they_are_signed_in_with_and_nobody_elses() {
    let stack = TestStack::open().await;
    let laptop = stack.sign_in_with(DANA, LAPTOP).await;
    let phone = stack.sign_in_with(DANA, PHONE).await;
    stack.sign_in("harbor-dental.marcus").await;
    stack.josie().await;
    for (desk, this, other) in
        [(&laptop, "Chrome on Windows", "Safari on iPhone"), (&phone, "Safari on iPhone", "Chrome on Windows")]
    {
        let [first, second] = &desk.own_sessions().await[..] else { panic!("two sessions") };
        assert_eq!((&first["browser"], &first["isThis"]), (&json!(this), &json!(true)));
        assert_eq!((&second["browser"], &second["isThis"]), (&json!(other), &json!(false)));
        assert_eq!((&first["lastUse"], &second["lastUse"]), (&first["since"], &second["since"]), "when they signed in");
    }
    let page = laptop.screen("/api/sessions").await.body;
    assert!(page.contains("Chrome on Windows") && page.contains("Safari on iPhone"), "{page}");
    let hash = web::token_hash(phone.cookie.split('=').nth(1).unwrap()).to_string();
    assert!(!page.contains(&hash), "not even the hash of a token is shown: {page}");
    let id = id_of(&laptop, "Safari on iPhone").await;
    for credential in [&id, &hash] {
        let stranger = StaffClient { stack: &stack, cookie: format!("{SESSION_COOKIE}={credential}") };
        assert_eq!(stranger.get("/api/session").await.code(), "session-unknown", "what names a session opens none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_from_elsewhere_is_over_for_its_browser() {
    let stack = TestStack::open().await;
    let laptop = stack.sign_in_with(DANA, LAPTOP).await;
    let phone = stack.sign_in_with(DANA, PHONE).await;
    let conversation = phone.hears_from(MARIA).await;
    assert_eq!(phone.is_notified_in(&Browser::firefox("phone")).await.status, 201);
    let (mut here, mut there) = (laptop.goes_live().await, phone.goes_live().await);
    let id = id_of(&laptop, "Safari on iPhone").await;

    assert_eq!(laptop.ends_session(&id).await.status, 204);
    assert_eq!(there.next().await, None, "its socket is closed");
    assert_ended(&phone.replies(&conversation, "Sent after all").await);
    assert_ended(&later(&phone).get("/api/session").await);
    assert_eq!(later(&phone).open_with_headers(&[]).await.err().map(|refused| refused.0), Some(403));
    assert_eq!(laptop.own_sessions().await.len(), 1);
    assert_eq!(laptop.replies(&conversation, "Sent from the laptop").await.status, 201);
    here.sees("Sent from the laptop").await;
    let again = laptop.ends_session(&id).await;
    assert_eq!((again.status, again.code()), (404, "no-session".to_owned()), "there is nothing left to end");
    for _ in 0..400 {
        if laptop.browsers().await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the browser is notified no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_where_the_session_was_ended_leads_to_the_sign_in_page() {
    let stack = TestStack::open().await;
    let (laptop, phone) = (stack.sign_in_with(DANA, LAPTOP).await, stack.sign_in_with(DANA, PHONE).await);
    assert_eq!(laptop.ends_sessions("?others=true").await.status, 204);
    let out = phone.send(phone.request(Method::POST, "/api/sign-out")).await;
    assert_eq!((out.status, out.header("location")), (303, Some("/sign-in.html#signing-out")));
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_session_of_somebody_else_nor_has_a_page_of_another_site_end_one() {
    let stack = TestStack::open().await;
    let (dana, laptop) = (stack.dana().await, stack.sign_in_with(DANA, LAPTOP).await);
    let conversation = dana.hears_from(MARIA).await;
    let hers = id_of(&dana, "Chrome on Windows").await;
    for stranger in [stack.sign_in("harbor-dental.marcus").await, stack.josie().await] {
        for id in [hers.as_str(), &"0".repeat(32), "x"] {
            let answer = stranger.ends_session(id).await;
            assert_eq!((answer.status, answer.code()), (404, "no-session".to_owned()), "{id}");
        }
        assert_eq!(stranger.ends_sessions("?others=true").await.status, 204);
        assert_eq!(stranger.ends_sessions("").await.status, 204);
    }
    for path in [format!("/api/sessions/{hers}"), "/api/sessions?others=true".to_owned(), "/api/sessions".to_owned()] {
        let foreign = dana.request(Method::DELETE, &path).header("sec-fetch-site", "cross-site");
        assert_eq!(dana.send(foreign).await.status, 400, "{path}");
    }
    assert_eq!(dana.own_sessions().await.len(), 2);
    assert_eq!(laptop.replies(&conversation, "Still here").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_sessions_end_or_all_of_them() {
    let stack = TestStack::open().await;
    let (dana, laptop, phone) =
        (stack.dana().await, stack.sign_in_with(DANA, LAPTOP).await, stack.sign_in_with(DANA, PHONE).await);
    let conversation = dana.hears_from(MARIA).await;
    let left = dana.request(Method::DELETE, "/api/sessions?others=true").header("accept", "text/html");
    let left = dana.send(left).await;
    assert!(left.status == 200 && left.body.contains("signed in nowhere else"), "{}", left.body);
    for other in [&laptop, &phone] {
        assert_ended(&other.replies(&conversation, "Sent after all").await);
        assert_ended(&later(other).get("/api/session").await);
    }
    assert_eq!(dana.replies(&conversation, "From here").await.status, 201);

    let laptop = stack.sign_in_with(DANA, LAPTOP).await;
    let mut sockets = [dana.goes_live().await, laptop.goes_live().await];
    assert_eq!(laptop.ends_sessions("").await.status, 204);
    for (desk, socket) in [&dana, &laptop].into_iter().zip(&mut sockets) {
        assert_eq!(socket.next().await, None, "its socket is closed");
        assert_ended(&desk.replies(&conversation, "Sent after all").await);
        assert_ended(&desk.get("/api/sessions").await);
        assert_ended(&later(desk).get("/api/session").await);
    }
    let again = stack.dana().await;
    assert_eq!(again.own_sessions().await.len(), 1, "who signs in again is signed in there only");
    assert_eq!(again.replies(&conversation, "Back again").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_that_is_asked_in_is_ended_like_any_other() {
    let stack = TestStack::open().await;
    let (laptop, phone) = (stack.sign_in_with(DANA, LAPTOP).await, stack.sign_in_with(DANA, PHONE).await);
    let id = id_of(&laptop, "Chrome on Windows").await;
    let request = laptop.request(Method::DELETE, &format!("/api/sessions/{id}")).header("accept", "text/html");
    assert_eq!(laptop.send(request).await.status, 204, "there is nothing that it could show any more");
    assert_ended(&later(&laptop).get("/api/session").await);
    assert_eq!(phone.own_sessions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_the_last_write_to_five_minutes_and_costs_no_request() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let (dana, other) = (stack.dana().await, stack.sign_in_with(DANA, LAPTOP).await);
    let conversation = dana.hears_from(MARIA).await;
    // From then on the function has cached the line and the customer.
    for _ in 0..2 {
        assert_eq!(dana.replies(&conversation, "Hello").await.status, 201);
    }
    let began = dana.own_sessions().await[0]["since"].clone();
    assert_eq!(last_use(&dana).await, began);

    clock.passes(20 * 60);
    for path in ["/api/notifications", "/api/conversations", "/api/appointments", "/api/session"] {
        assert_eq!(dana.get(path).await.status, 200);
    }
    assert_eq!(dana.is_notified_in(&Browser::firefox("one")).await.code(), "sign-in-again");
    assert_eq!(last_use(&dana).await, began, "a page that is opened or refreshed uses nothing");

    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.replies(&conversation, "Whatever is remembered is now").await.status, 201);
    dana.get("/api/session").await;
    let asked = async |text: &str| {
        // Of two messages of the same time, the second can get the earlier position, which causes other requests.
        clock.passes(1);
        let before = stack.usage().await;
        assert_eq!(dana.replies(&conversation, text).await.status, 201);
        stack.usage().await.since(&before).requests
    };
    let writing = asked("Twenty minutes later").await;
    let after = last_use(&dana).await;
    assert_ne!(after, began);
    assert_eq!(asked("And at once").await, writing, "the last use is written with what is written anyway");
    assert_eq!(last_use(&other).await, began, "of the session that it was written in");

    // The clock is half past a minute, so exactly five minutes have passed after five steps.
    let mut uses = vec![after];
    for _ in 0..20 {
        clock.passes(60);
        assert_eq!(dana.replies(&conversation, "A minute later").await.status, 201);
        let last = last_use(&dana).await;
        if uses.last() != Some(&last) {
            uses.push(last);
        }
    }
    assert_eq!(uses.len(), 5, "written every five minutes at most: {uses:?}");
    let elsewhere = &other.own_sessions().await[1];
    assert_eq!(&elsewhere["lastUse"], uses.last().unwrap(), "and seen from elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_nothing_was_written_in_it_for_as_long_as_is_configured() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::ending_idle_sessions(30, &clock).await;
    let (dana, idle) = (stack.dana().await, stack.sign_in_with(DANA, LAPTOP).await);
    let conversation = dana.hears_from(MARIA).await;
    let mut socket = idle.goes_live().await;
    for _ in 0..4 {
        clock.passes(10 * 60);
        assert_eq!(dana.replies(&conversation, "Still here").await.status, 201);
        let read = idle.notifications().await.status;
        assert!([200, 401].contains(&read));
    }
    assert_ended(&idle.notifications().await);
    assert_ended(&idle.replies(&conversation, "Sent after all").await);
    stack.phone(MARIA).texts(HARBOR, "Anybody there?").await;
    while let Some(frame) = socket.next().await {
        assert!(!frame.contains("Anybody there?"), "{frame}");
    }
    assert!(dana.open_with_headers(&[]).await.is_ok(), "a socket of a session that is used is opened anew");
    assert_eq!(dana.own_sessions().await.len(), 1);

    // She last wrote at half past a minute. The time is stored with a precision of five minutes.
    clock.passes(29 * 60);
    assert_eq!(dana.notifications().await.status, 200);
    clock.passes(30);
    assert_ended(&dana.replies(&conversation, "Sent after all").await);
    assert_eq!(dana.notifications().await.status, 200, "the gateway remembers her for a minute");
    clock.passes(60);
    assert_ended(&dana.notifications().await);
    assert_eq!(stack.dana().await.own_sessions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_time_out_a_session_lasts_twelve_hours_however_little_it_is_used() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    clock.passes(12 * 60 * 60 - 1);
    assert_eq!(dana.replies(&conversation, "Still here").await.status, 201);
    clock.passes(1);
    assert_ended(&dana.replies(&conversation, "Sent after all").await);
}

async fn id_of(desk: &StaffClient<'_>, browser: &str) -> String {
    let sessions = desk.own_sessions().await;
    let found = sessions.iter().find(|session| session["browser"] == browser);
    found.unwrap_or_else(|| panic!("{browser} in {sessions:?}"))["id"].as_str().unwrap().to_owned()
}

/// Returns the last use of the current session.
async fn last_use(desk: &StaffClient<'_>) -> Value {
    desk.own_sessions().await[0]["lastUse"].clone()
}

/// Returns the same session with a cookie for which the gateway has not cached the authorizer's result.
fn later<'a>(desk: &StaffClient<'a>) -> StaffClient<'a> {
    StaffClient { stack: desk.stack, cookie: format!("{}; later=1", desk.cookie) }
}

fn assert_ended(answer: &TestResponse) {
    assert_eq!((answer.status, answer.code()), (401, "session-ended".to_owned()), "{}", answer.body);
}
