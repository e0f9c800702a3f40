//! Who is let in, and what the others are told.

use reqwest::Method;
use serde_json::json;
use tests::{Answer, Desk, House};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_who_it_is_and_a_cookie_keeps_it_from_scripts_and_other_sites() {
    let house = House::open().await;
    let answer = house.post_form("/local/sign-in", &[("staff", "harbor-dental.dana")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["__Host-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let session = house.dana().await.get("/api/session").await.json();
    assert_eq!((&session["name"], &session["company"]), (&json!("Dana Whitfield"), &json!("harbor-dental")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_as_a_stranger() {
    let house = House::open().await;
    for stranger in ["", "dana", "harbor-dental.nobody", "tidewater-physio.dana"] {
        let answer = house.post_form("/local/sign-in", &[("staff", stranger)]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (404, None), "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_a_forged_one_and_an_ended_one_each_have_their_own_answer() {
    let house = House::open().await;
    assert_eq!(house.get("/api/notifications").await.status, 401);

    let forged = Desk { house: &house, cookie: format!("__Host-switchboard={}", "0".repeat(64)) };
    told(&forged.get("/api/notifications").await, "session-unknown", "not known here");
    let other = Desk { house: &house, cookie: "theme=dark".to_owned() };
    told(&other.get("/api/notifications").await, "session-unknown", "not known here");

    let dana = house.dana().await;
    let sessions = house
        .table("Scan", json!({"FilterExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"S": "SESSION"}}}))
        .await;
    let key = &sessions["Items"][0]["pk"];
    assert!(!key.to_string().contains(dana.cookie.split('=').nth(1).unwrap()), "the table does not hold the token");
    house
        .table(
            "UpdateItem",
            json!({"Key": {"pk": key, "sk": {"S": "SESSION"}}, "UpdateExpression": "SET expires_at = :e",
            "ExpressionAttributeValues": {":e": {"N": "1700000000"}}}),
        )
        .await;
    told(&dana.get("/api/notifications").await, "session-ended", "has ended");
}

fn told(answer: &Answer, code: &str, sentence: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (401, code));
    assert!(answer.sentence().contains(sentence), "{}", answer.sentence());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_clears_the_cookie() {
    let house = House::open().await;
    let dana = house.dana().await;
    let answer = dana.send(dana.request(Method::POST, "/api/sign-out")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in.html")));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    let sessions = house
        .table("Scan", json!({"FilterExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"S": "SESSION"}}}))
        .await;
    assert_eq!(sessions["Count"], 0);
}
