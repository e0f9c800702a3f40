//! The API behind CloudFront: requests that bypass it are rejected.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{HandshakeRejection, ManualClock, StaffClient, TestResponse, TestStack};

const FIRST: &str = "first0first0first0first0first0first0";
const SECOND: &str = "second0second0second0second0second0";

fn secret() -> Value {
    json!({"current": FIRST})
}

async fn rotated(stack: &TestStack, clock: &ManualClock) {
    let replaced = clock.clock().now().as_millis();
    let rotated = json!({"current": SECOND, "previous": {"value": FIRST, "replaced": replaced}});
    stack.puts_secret("switchboard/origin", &rotated.to_string()).await;
}

/// Sends a request with this origin secret. If `shown` is empty, sends no origin secret.
async fn showing(shown: &str, desk: &StaffClient<'_>, path: &str) -> TestResponse {
    let asked = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut asked = asked.get(desk.stack.url(path)).header("cookie", &desk.cookie).header("accept", "application/json");
    if !shown.is_empty() {
        asked = asked.header("X-Origin-Secret", shown);
    }
    TestResponse::from_request(asked).await
}

const WRONG: [&str; 3] = ["", "wrong0wrong0wrong0wrong0wrong0wrong0", "first0"];

/// The routes that need no session.
const OPEN: [&str; 3] = ["/api/sign-in", "/api/sign-in/callback?state=a&code=b", "/api/sign-out/issuer"];

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_come_through_cloudfront_notice_nothing() {
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    assert_eq!(dana.get("/api/session").await.json()["name"], "Dana Whitfield");
    assert!(dana.open_with_headers(&[("x-origin-secret", FIRST)]).await.is_ok());
    assert_eq!(dana.send(dana.request(Method::POST, "/api/sign-out")).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_around_cloudfront_is_refused_in_words_that_tell_nothing() {
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    // The gateway has cached the authorizer's result for her session and CloudFront's secret.
    assert_eq!(dana.get("/api/session").await.status, 200);
    for wrong in WRONG {
        for route in OPEN {
            let refused = showing(wrong, &dana, route).await;
            assert_eq!((refused.status, refused.code().as_str()), (401, "around-the-portal"), "{route}");
            assert!(refused.header("set-cookie").is_none() && refused.header("location").is_none(), "{route}");
            for word in ["secret", "header", "CloudFront"] {
                assert!(!refused.sentence().contains(word), "{}", refused.sentence());
            }
        }
        for route in ["/api/session", "/api/notifications"] {
            let refused = showing(wrong, &dana, route).await.status;
            assert_eq!(refused, if wrong.is_empty() { 401 } else { 403 }, "the gateway's own words: {wrong} {route}");
        }
        let shaken = dana.open_with_headers(&[("x-origin-secret", wrong)]).await;
        assert_eq!(shaken.err(), Some(HandshakeRejection(403)), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_demand_it_themselves_whatever_a_gateway_has_let_through() {
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &ManualClock::at_noon()).await;
    let headers = |shown: &str| json!({"cookie": "switchboard=0", "X-Origin-Secret": shown});
    for (shown, admitted) in [(FIRST, true), ("wrong", false), ("", false)] {
        let said = stack.invoke("authorize", &json!({"headers": headers(shown)})).await.payload;
        assert_eq!(said["isAuthorized"], admitted, "{shown}");
        assert_eq!(said.get("context").is_some(), admitted, "{shown}");
    }
    let said = stack.invoke("authorize", &json!({"headers": {"cookie": "switchboard=0"}})).await.payload;
    assert_eq!(said, json!({"isAuthorized": false}));
    let said = stack.invoke("authorize", &json!({"headers": headers("wrong"), "methodArn": "arn"})).await.payload;
    assert_eq!(said.pointer("/policyDocument/Statement/0/Effect"), Some(&json!("Deny")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_replaced_counts_for_an_hour_and_the_new_one_at_once() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &clock).await;
    let dana = stack.dana().await;
    let asks = async |shown| {
        let session = showing(shown, &dana, "/api/session").await.status;
        assert_eq!(session == 200, showing(shown, &dana, OPEN[2]).await.status == 303, "{shown}");
        session
    };
    assert_eq!((asks(FIRST).await, asks(SECOND).await), (200, 403), "nobody has made it yet");
    rotated(&stack, &clock).await;
    // A denied result is cached for a minute. The secret is fetched again at most every ten seconds.
    clock.passes(61);
    assert_eq!((asks(SECOND).await, asks(FIRST).await), (200, 200));
    assert_eq!(stack.metrics_of("authorize").await["OriginSecretOverdue"], Value::Null);
    clock.passes(3600 - 62);
    assert_eq!(asks(FIRST).await, 200);
    assert_eq!(
        stack.metrics_of("authorize").await["OriginSecretOverdue"],
        1,
        "CloudFront should show the new one by now"
    );
    clock.passes(62);
    assert_eq!((asks(FIRST).await, asks(SECOND).await), (403, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_somebody_took_out_of_the_secret_ends_within_five_minutes() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &clock).await;
    let dana = stack.dana().await;
    stack.puts_secret("switchboard/origin", &json!({"current": SECOND}).to_string()).await;
    clock.passes(300);
    assert_eq!(showing(FIRST, &dana, "/api/session").await.status, 403);
    assert_eq!(showing(FIRST, &dana, OPEN[2]).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_read_lets_nobody_in_and_one_that_was_read_stays() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::behind_cloudfront(&secret(), FIRST, &clock).await;
    let dana = stack.dana().await;
    assert_eq!(dana.get("/api/session").await.status, 200);
    stack.puts_secret("switchboard/origin", "{}").await;
    clock.passes(600);
    assert_eq!(dana.get("/api/session").await.status, 200, "as it was last known");
    assert_eq!(stack.get(OPEN[2]).await.status, 303);

    let stack = TestStack::behind_cloudfront(&json!({}), FIRST, &clock).await;
    let refused = stack.get(OPEN[0]).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(stack.metrics_of("sign-in").await["SignInUnavailable"], 1);
    assert!(stack.invoke("authorize", &json!({"headers": {"x-origin-secret": FIRST}})).await.failed);
}
