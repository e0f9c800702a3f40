//! Companies cannot reach each other's data: each route is requested with another company's session.

use local::{ROUTES, Route};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    Browser, HARBOR, SESSION_COOKIE, SmsEvent, StaffClient, TIDEWATER, TestResponse, TestStack, ago, by_queue,
};

/// Routes that answer without a session. This list may only shrink.
const PUBLIC: [&str; 3] = ["/api/sign-in", "/api/sign-in/callback", "/api/sign-out/issuer"];

const MARIA: &str = "+14255550182";
const THEIR_APPOINTMENT: &str = "PMS-1";
const SECRET: &str = "the secret of Tidewater";

/// Returns a request body with which a route would change a conversation.
fn body(route: Route) -> Option<Value> {
    match (route.method, route.path) {
        ("POST", "/api/conversations/{conversation}/messages") => Some(json!({"text": "from the other company"})),
        ("POST", "/api/conversations/{conversation}/done") => {
            Some(json!({"through": format!("{:013}-{:032x}", u64::pow(10, 12), 0)}))
        }
        ("POST", "/api/messages") => Some(json!({"to": MARIA, "text": "from the other company"})),
        ("PUT", "/api/drafts/{draft}") => Some(json!({"fields": {"text": "from the other company"}})),
        ("POST", "/api/appointments") | ("PUT", "/api/appointments/{appointment}") => {
            Some(json!({"name": "Theirs", "number": MARIA, "start": ago(0), "minutes": 30}))
        }
        ("POST", "/api/appointments/{appointment}") => Some(json!({"name": "Theirs", "version": 1})),
        ("PUT", "/api/push-subscriptions") => Some(Browser::firefox("ours").subscription()),
        ("PUT" | "POST", "/api/push-settings") => Some(json!({"messages": "mine", "showsText": false})),
        (
            "POST",
            "/api/conversations/{conversation}/opt-out"
            | "/api/conversations/{conversation}/customer-data"
            | "/api/sign-out"
            | "/api/push-subscriptions/{subscription}/test",
        )
        | ("PUT", "/api/conversations/{conversation}/block")
        | (
            "DELETE",
            "/api/push-subscriptions/{subscription}"
            | "/api/conversations/{conversation}/block"
            | "/api/conversations/{conversation}/customer-data"
            | "/api/sessions"
            | "/api/sessions/{session}"
            | "/api/drafts/{draft}",
        )
        | (
            "GET",
            "/api/notifications"
            | "/api/conversations"
            | "/api/conversations/{conversation}/messages"
            | "/api/conversations/{conversation}/history"
            | "/api/conversations/{conversation}/customer-data"
            | "/api/sign-out/issuer"
            | "/api/appointments"
            | "/api/appointments/{appointment}"
            | "/api/drafts/{draft}"
            | "/api/push-subscriptions"
            | "/api/staff"
            | "/api/session"
            | "/api/sessions"
            | "/api/sign-in"
            | "/api/sign-in/callback",
        ) => None,
        _ => panic!("{} {} is new: say here how it could touch another company's data", route.method, route.path),
    }
}

/// Ids of another company that a path can name.
struct OtherCompanyIds<'a> {
    conversation: &'a str,
    browser: &'a str,
    session: &'a str,
}

async fn ask(desk: &StaffClient<'_>, route: Route, theirs: &OtherCompanyIds<'_>) -> TestResponse {
    let path = route.path.replace("{conversation}", theirs.conversation).replace("{appointment}", THEIR_APPOINTMENT);
    let path = path
        .replace("{subscription}", theirs.browser)
        .replace("{session}", theirs.session)
        .replace("{draft}", &format!("conversation-{}", theirs.conversation));
    let request =
        desk.request(Method::from_bytes(route.method.as_bytes()).unwrap(), &path).header("accept", "application/json");
    desk.send(match body(route) {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_reads_or_writes_anything_of_another_company() {
    let stack = TestStack::open().await;
    stack.phone(MARIA).texts(TIDEWATER, SECRET).await;
    let josie = stack.josie().await;
    let conversation = josie.conversation_with(MARIA).await;
    let booking = json!({"name": SECRET, "number": MARIA, "start": ago(0), "minutes": 30});
    let path = format!("/api/appointments/{THEIR_APPOINTMENT}");
    let booked =
        josie.send(josie.request(Method::PUT, &path).header("accept", "application/json").json(&booking)).await;
    assert_eq!(booked.status, 201, "{}", booked.body);
    let before = josie.messages(&conversation).await.json();
    let draft = format!("conversation-{conversation}");
    assert_eq!(josie.saves_draft(&draft, &json!({"fields": {"text": SECRET}})).await.status, 204);
    josie.is_notified_in(&Browser::firefox("theirs")).await;
    let pushes = josie.push_settings().await;
    let [browser] = &josie.browsers().await[..] else { panic!("one browser") };
    let [session] = &josie.get("/api/sessions").await.items()[..] else { panic!("one session") };
    let session = session["id"].as_str().unwrap();
    let theirs = OtherCompanyIds { conversation: &conversation, browser, session };

    for route in ROUTES {
        // Dana signs in anew for each route, because one of the routes signs her out.
        let dana = stack.dana().await;
        let answer = ask(&dana, route, &theirs).await;
        assert!(!answer.body.contains(SECRET), "{route:?}");
        if route.path.contains("{conversation}") {
            // The gateway rejects the method before the function looks the conversation up.
            let by_get = if route.path.ends_with("/customer-data") { 405 } else { 404 };
            if (route.method, by_get) == ("GET", 405) {
                assert_eq!((answer.status, answer.code()), (405, "not-by-get".to_owned()), "{route:?}");
            } else {
                assert_eq!((answer.status, answer.code()), (404, "no-conversation".to_owned()), "{route:?}");
            }
            let query = format!(
                "{}?before=9999999999999-{}",
                route.path.replace("{conversation}", &conversation),
                "f".repeat(32)
            );
            assert_eq!(dana.get(&query).await.status, by_get, "{route:?}");
        }
        if route.path.contains("{session}") {
            assert_eq!((answer.status, answer.code()), (404, "no-session".to_owned()), "{route:?}");
        }
        if route.path.ends_with("{subscription}/test") {
            assert_eq!((answer.status, answer.code()), (404, "no-browser".to_owned()), "{route:?}");
        }
        if route.path.contains("{appointment}") && route.method != "PUT" {
            assert_eq!((answer.status, answer.code()), (404, "no-appointment".to_owned()), "{route:?}");
        }
    }
    assert_eq!(josie.messages(&conversation).await.json(), before, "nothing was written");
    assert_eq!(josie.draft(&draft).await, json!({"text": SECRET}), "nor in a form of hers");
    assert_eq!(josie.push_settings().await, pushes, "she is notified as before");
    assert_eq!(
        josie.get(&path).await.json(),
        booked.json(),
        "an appointment of one's own has that id now, and no more"
    );
    assert_eq!(josie.get("/api/sessions").await.items().len(), 1, "she is signed in as before");
    let head = &josie.get("/api/conversations").await.items()[0];
    assert_eq!(head["unanswered"], 1);
    let from: Vec<_> = stack.phone(MARIA).received_messages().await.iter().map(|sms| sms["from"].clone()).collect();
    assert_eq!(from, [HARBOR], "only what Harbor wrote in a conversation of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_how_much_another_company_has_to_do_can_be_told() {
    let stack = TestStack::open().await;
    let texts: Vec<_> =
        (0..120).map(|n| SmsEvent::new(&n.to_string(), &format!("+1425555{n:04}"), TIDEWATER, SECRET)).collect();
    assert!(stack.deliver(&by_queue(&texts)).await.is_empty());
    let dana = stack.dana().await;
    for path in ["/api/notifications", "/api/conversations"] {
        assert_eq!(dana.get(path).await.json(), json!({"items": [], "next": null}), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_named_in_a_request_changes_nothing() {
    let stack = TestStack::open().await;
    stack.phone(MARIA).texts(TIDEWATER, SECRET).await;
    let dana = stack.dana().await;
    for path in
        ["/api/notifications?company=tidewater-physio", "/api/conversations?company=tidewater-physio&staff=josie"]
    {
        let request = dana
            .request(Method::GET, path)
            .header("accept", "application/json")
            .header("x-company", "tidewater-physio");
        assert!(dana.send(request).await.items().is_empty());
    }
    let first = dana
        .post(
            "/api/messages",
            &json!({"to": MARIA, "text": "hi", "company": "tidewater-physio", "from": TIDEWATER}),
            tests::SendOptions::default(),
        )
        .await;
    assert_eq!((first.status, &first.json()["line"]), (201, &json!(HARBOR)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_a_session() {
    let stack = TestStack::open().await;
    let nobody = StaffClient { stack: &stack, cookie: String::new() };
    let forged = StaffClient { stack: &stack, cookie: format!("{SESSION_COOKIE}={}", "f".repeat(64)) };
    let nothing = "0".repeat(32);
    let nothing = OtherCompanyIds { conversation: &nothing, browser: &nothing, session: &nothing };
    let public: Vec<_> = ROUTES.iter().filter(|route| route.public).map(|route| route.path).collect();
    assert_eq!(public, PUBLIC);
    for route in ROUTES.iter().filter(|route| !route.public) {
        assert_eq!(ask(&nobody, *route, &nothing).await.status, 401, "{route:?}");
        let answer = ask(&forged, *route, &nothing).await;
        // Signing out is allowed with any cookie.
        let expected = if route.path == "/api/sign-out" { 303 } else { 401 };
        assert_eq!(answer.status, expected, "{route:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_has_a_conversation_of_its_own_with_each_company() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    stack.phone(MARIA).texts(HARBOR, "to Harbor").await;
    stack.phone(MARIA).texts(TIDEWATER, "to Tidewater").await;
    let (ours, theirs) = (dana.conversation_with(MARIA).await, josie.conversation_with(MARIA).await);
    assert_ne!(ours, theirs);
    assert_eq!(dana.messages(&ours).await.texts(), ["to Harbor"]);
    assert_eq!(josie.messages(&theirs).await.texts(), ["to Tidewater"]);
    assert_eq!(dana.messages(&theirs).await.status, 404);
}
