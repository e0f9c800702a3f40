//! Who can sign in, and what others are shown.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{ManualClock, SESSION_COOKIE, StaffClient, TestResponse, TestStack};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_who_it_is_and_a_cookie_keeps_it_from_scripts_and_other_sites() {
    let stack = TestStack::open().await;
    let mut begun = stack.begins_to_sign_in("/api/sign-in").await;
    let callback = begun.picks("harbor-dental.dana").await;
    let answer = begun.comes_back(&callback).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2, "the session is set and the attempt is cleared");
    for cookie in cookies {
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert!(!cookie.contains("__Host-") && !cookie.contains("Secure"), "Safari takes none without TLS: {cookie}");
    }
    let session = stack.dana().await.get("/api/session").await.json();
    assert_eq!((&session["name"], &session["company"]), (&json!("Dana Whitfield"), &json!("harbor-dental")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sign_in_has_a_state_a_nonce_and_a_challenge_of_its_own() {
    let stack = TestStack::open().await;
    let first = stack.begins_to_sign_in("/api/sign-in").await;
    let second = stack.begins_to_sign_in("/api/sign-in").await;
    assert_eq!(first.query_parameter("response_type").as_deref(), Some("code"));
    assert_eq!(first.query_parameter("code_challenge_method").as_deref(), Some("S256"));
    for unique in ["state", "nonce", "code_challenge"] {
        let (one, other) = (first.query_parameter(unique).unwrap(), second.query_parameter(unique).unwrap());
        assert!(one != other && one.len() >= 43, "{unique}: {one} {other}");
    }
    assert_eq!(first.query_parameter("prompt"), None);
    let again = stack.begins_to_sign_in("/api/sign-in?again=1").await;
    assert_eq!(
        again.query_parameter("prompt").as_deref(),
        Some("login"),
        "whoever signed out proves again who they are"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_sign_in_at_once_both_get_where_they_were_going() {
    let stack = TestStack::open().await;
    let mut browser = stack.browser();
    let first = browser.begins("/api/sign-in?back=/messages.html", "harbor-dental.dana").await;
    let second = browser.begins("/api/sign-in?back=/new-message.html", "harbor-dental.dana").await;
    assert_eq!(browser.goes_to(&second).await.header("location"), Some("/new-message.html"));
    assert_eq!(browser.goes_to(&first).await.header("location"), Some("/messages.html"));
    assert_eq!(browser.goes_to("/api/session").await.json()["name"], "Dana Whitfield");
    assert_eq!(browser.cookies.len(), 1, "the session: {:?}", browser.cookies);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_callback_changes_nothing() {
    let stack = TestStack::open().await;
    let mut browser = stack.browser();
    let callback = browser.begins("/api/sign-in?back=/messages.html", "harbor-dental.dana").await;
    let cookies = browser.cookies.clone();
    for made_up in ["state=", "state=x", "state=x&code=y", "code=y", &format!("state={}&code=y", "0".repeat(64))] {
        let answer = browser.goes_to(&format!("/api/sign-in/callback?{made_up}")).await;
        not_signed_in(&answer, "stale");
        assert!(!answer.headers.contains_key("set-cookie"), "{made_up}");
    }
    assert_eq!(browser.cookies, cookies);
    assert_eq!(browser.goes_to(&callback).await.header("location"), Some("/messages.html"));

    let signed_in = browser.cookies.clone();
    let answer = browser.goes_to("/api/sign-in/callback?state=x&code=y").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "whoever is signed in goes on");
    assert_eq!(browser.cookies, signed_in);
    assert_eq!(sessions(&stack).await["Count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_loaded_again_goes_on_with_the_session_that_it_began() {
    let stack = TestStack::open().await;
    let mut browser = stack.browser();
    let callback = browser.begins("/api/sign-in?back=/messages.html", "harbor-dental.dana").await;
    let before = browser.cookies.clone();
    assert_eq!(browser.goes_to(&callback).await.header("location"), Some("/messages.html"));
    assert_eq!(browser.goes_to(&callback).await.header("location"), Some("/"));

    // The result is the same if the browser still has the attempt's cookie, as when the first response was lost.
    browser.cookies.extend(before.clone());
    assert_eq!(browser.goes_to(&callback).await.header("location"), Some("/messages.html"));
    assert_eq!(browser.goes_to("/api/session").await.json()["name"], "Dana Whitfield");
    assert_eq!(sessions(&stack).await["Count"], 1, "it is the same session");

    browser.cookies = before;
    not_signed_in(&browser.goes_to(&callback).await, "stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_ends_the_session_that_the_browser_had() {
    let stack = TestStack::open().await;
    let (mut browser, other) = (stack.browser(), stack.dana().await);
    for staff in ["harbor-dental.dana", "harbor-dental.marcus"] {
        let callback = browser.begins("/api/sign-in", staff).await;
        assert_eq!(browser.goes_to(&callback).await.header("location"), Some("/"));
    }
    assert_eq!(browser.goes_to("/api/session").await.json()["name"], "Marcus Bell");
    assert_eq!(sessions(&stack).await["Count"], 2, "his, and hers in another browser");
    assert_eq!(later(&other).get("/api/session").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_come_to_nothing_do_not_pile_up_and_end_after_a_quarter_of_an_hour() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let mut browser = stack.browser();
    let mut callbacks = Vec::new();
    for _ in 0..12 {
        callbacks.push(browser.begins("/api/sign-in?back=/messages.html", "harbor-dental.dana").await);
        clock.passes(1);
    }
    assert_eq!(browser.cookies.len(), 5, "{:?}", browser.cookies);
    not_signed_in(&browser.goes_to(&callbacks[6]).await, "stale");
    assert_eq!(browser.goes_to(&callbacks[7]).await.header("location"), Some("/messages.html"));

    let mut other = stack.browser();
    let callback = other.begins("/api/sign-in", "harbor-dental.dana").await;
    clock.passes(15 * 60);
    not_signed_in(&other.goes_to(&callback).await, "stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_counts_once_and_only_in_the_browser_that_began() {
    let stack = TestStack::open().await;
    let mut begun = stack.begins_to_sign_in("/api/sign-in").await;
    let callback = begun.picks("harbor-dental.dana").await;

    let other = stack.begins_to_sign_in("/api/sign-in").await;
    not_signed_in(&other.comes_back(&callback).await, "stale");
    not_signed_in(&stack.get(&callback).await, "stale");
    not_signed_in(&begun.comes_back(&callback.replace("state=", "state=0")).await, "stale");

    // The code of one attempt with the state of another: the verifier and the nonce do not match.
    let other_state = other.query_parameter("state").unwrap();
    let stolen = callback.replace(&begun.query_parameter("state").unwrap(), &other_state);
    not_signed_in(&other.comes_back(&stolen).await, "refused");
    not_signed_in(&begun.comes_back(&callback).await, "refused");

    let mut another = stack.begins_to_sign_in("/api/sign-in").await;
    let callback = another.picks("harbor-dental.dana").await;
    assert_eq!(another.comes_back(&callback).await.header("location"), Some("/"));
    not_signed_in(&another.comes_back(&callback).await, "stale");
    for bad in ["", "?code=x", "?state=x", "?state=&code=", "?error=access_denied&state=x"] {
        not_signed_in(&another.comes_back(&format!("/api/sign-in/callback{bad}")).await, "stale");
    }
    let another = stack.begins_to_sign_in("/api/sign-in").await;
    let denied =
        format!("/api/sign-in/callback?error=access_denied&state={}", another.query_parameter("state").unwrap());
    not_signed_in(&another.comes_back(&denied).await, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_back_to_the_page_that_asked_for_it_and_never_elsewhere() {
    let stack = TestStack::open().await;
    for (back, page) in [
        ("/", "/"),
        ("/conversation.html%3Fc=0a1b", "/conversation.html?c=0a1b"),
        ("/new-message.html%3Fto=%252B14255550182%26name=Sam", "/new-message.html?to=%2B14255550182&name=Sam"),
        ("/./api/sign-out", "/"),
        ("/x/../api/conversations", "/"),
        ("/.//evil.example/", "/"),
        ("/%2561pi/sign-out", "/"),
        ("/handset", "/"),
        ("/messages.html/../api/sign-out", "/"),
        ("//evil.example/", "/"),
        ("https:%2F%2Fevil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/api/sign-out", "/"),
        ("/%0d%0aset-cookie:%20a=b", "/"),
    ] {
        let mut begun = stack.begins_to_sign_in(&format!("/api/sign-in?back={back}")).await;
        let callback = begun.picks("harbor-dental.dana").await;
        assert_eq!(begun.comes_back(&callback).await.header("location"), Some(page), "{back}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_no_longer_staff_is_neither_let_in_nor_kept() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    assert_eq!(dana.get("/api/session").await.status, 200);
    let mut begun = stack.begins_to_sign_in("/api/sign-in").await;
    let callback = begun.picks("harbor-dental.dana").await;
    let login = json!({"pk": {"S": "LOGIN#email dana@harbor-dental.example"}, "sk": {"S": "LOGIN"}});
    let listed = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#dana"}});
    for key in [login, listed] {
        stack.table("DeleteItem", json!({"Key": key})).await;
    }
    not_signed_in(&begun.comes_back(&callback).await, "stranger");
    assert_refused(&later(&dana).get("/api/session").await, "session-ended", "has ended");
    assert_eq!(later(&marcus).get("/api/session").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_seen_without_signing_in_again() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#dana"}});
    let change = json!({"Key": key, "UpdateExpression": "SET #n = :n", "ExpressionAttributeNames": {"#n": "name"},
        "ExpressionAttributeValues": {":n": {"S": "Dana Whitfield-Lee"}}});
    stack.table("UpdateItem", change).await;
    assert_eq!(later(&dana).get("/api/session").await.json()["name"], "Dana Whitfield-Lee");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_a_forged_one_and_an_ended_one_each_have_their_own_answer() {
    let stack = TestStack::open().await;
    assert_eq!(stack.get("/api/notifications").await.status, 401);

    let forged = StaffClient { stack: &stack, cookie: format!("{SESSION_COOKIE}={}", "0".repeat(64)) };
    assert_refused(&forged.get("/api/notifications").await, "session-unknown", "not known here");
    let other = StaffClient { stack: &stack, cookie: "theme=dark".to_owned() };
    assert_refused(&other.get("/api/notifications").await, "session-unknown", "not known here");

    let dana = stack.dana().await;
    let key = sessions(&stack).await["Items"][0]["pk"].clone();
    assert!(!key.to_string().contains(dana.cookie.split('=').nth(1).unwrap()), "the table does not hold the token");
    stack
        .table(
            "UpdateItem",
            json!({"Key": {"pk": key, "sk": {"S": "SESSION"}}, "UpdateExpression": "SET expires_at = :e",
            "ExpressionAttributeValues": {":e": {"N": "1700000000"}}}),
        )
        .await;
    assert_refused(&dana.get("/api/notifications").await, "session-ended", "has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_clears_the_cookie() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let answer = dana.send(dana.request(Method::POST, "/api/sign-out")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in.html#signing-out")));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(sessions(&stack).await["Count"], 0);
}

async fn sessions(stack: &TestStack) -> Value {
    let sessions = json!({"FilterExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"S": "SESSION"}}});
    stack.table("Scan", sessions).await
}

/// Returns the same session with a cookie for which the gateway has not cached the authorizer's result.
fn later<'a>(desk: &StaffClient<'a>) -> StaffClient<'a> {
    StaffClient { stack: desk.stack, cookie: format!("{}; later=1", desk.cookie) }
}

fn assert_refused(answer: &TestResponse, code: &str, sentence: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (401, code));
    assert!(answer.sentence().contains(sentence), "{}", answer.sentence());
}

fn not_signed_in(answer: &TestResponse, reason: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(format!("/sign-in.html#{reason}").as_str())));
    assert_eq!(answer.cookie(SESSION_COOKIE), None);
}
