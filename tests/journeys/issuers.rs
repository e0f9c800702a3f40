//! Issuers as they are, and as none may be: who is let in by them, what they are asked, and what rings an alarm.

use serde_json::{Value, json};
use tests::{Answer, Behaviour, House, LyingIssuer, Signed};

/// Where a sign-in at an issuer of this behaviour ends, and whether with a session.
async fn outcome(behaviour: Behaviour) -> (String, bool) {
    let house = House::open().await;
    let issuer = LyingIssuer::open(behaviour).await;
    house.trusts(&issuer).await;
    ended(&house.comes_from(&issuer).await)
}

fn ended(answer: &Answer) -> (String, bool) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let session = answer.cookie("__Host-switchboard").is_some();
    (answer.header("location").unwrap().to_owned(), session)
}

fn page(reason: &str) -> (String, bool) {
    (format!("/sign-in.html#{reason}"), false)
}

fn let_in() -> (String, bool) {
    ("/".to_owned(), true)
}

fn claiming(claims: &[(&'static str, Value)]) -> Behaviour {
    Behaviour { claims: claims.to_vec(), ..Behaviour::default() }
}

/// How often an alarm was given a reason to ring.
async fn alarms(house: &House) -> u64 {
    house.metrics_of("sign-in").await["SignInUnavailable"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_issuer_lets_its_person_in() {
    assert_eq!(outcome(Behaviour::default()).await, let_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_of_this_issuer_client_attempt_and_time_is_refused() {
    let house = House::open().await;
    let issuer = LyingIssuer::open(Behaviour::default()).await;
    house.trusts(&issuer).await;
    let now = runtime::wall_clock().now().as_secs();
    for claim in [
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", issuer.address()))),
        ("aud", json!("another application")),
        ("aud", json!(["portal", "another application"])),
        ("aud", json!([])),
        ("nonce", json!("of another attempt")),
        ("nonce", json!(null)),
        ("exp", json!(now - 1)),
    ] {
        issuer.behaves(claiming(std::slice::from_ref(&claim)));
        assert_eq!(ended(&house.comes_from(&issuer).await), page("refused"), "{claim:?}");
    }
    issuer.behaves(Behaviour::default());
    assert_eq!(ended(&house.comes_from(&issuer).await), let_in());
    assert_eq!(alarms(&house).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_issuer_did_not_sign_is_refused() {
    for signed in [Signed::BySomebodyElse, Signed::WithTheClientsSecret, Signed::NotAtAll] {
        assert_eq!(outcome(Behaviour { signed, ..Behaviour::default() }).await, page("refused"), "{signed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_issuer_does_not_vouch_for_is_nobodys_login() {
    let house = House::open().await;
    let issuer = LyingIssuer::open(Behaviour::default()).await;
    house.trusts(&issuer).await;
    for claims in [
        vec![("email_verified", json!(false))],
        vec![("email_verified", json!(null))],
        vec![("email", json!("somebody@else.example"))],
        vec![("email", json!("nobody")), ("sub", json!("dana@harbor-dental.example"))],
    ] {
        issuer.behaves(claiming(&claims));
        assert_eq!(ended(&house.comes_from(&issuer).await), page("stranger"), "{claims:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_does_not_work_is_said_to_be_out_of_reach_and_rings() {
    let dead = json!("http://127.0.0.1:1/");
    for discovery in [("issuer", json!("https://evil.example")), ("jwks_uri", dead.clone()), ("token_endpoint", dead)] {
        let behaviour = Behaviour { discovery: vec![discovery.clone()], ..Behaviour::default() };
        assert_eq!(outcome(behaviour).await, page("unavailable"), "{discovery:?}");
    }
    let house = House::open().await;
    let issuer = LyingIssuer::open(Behaviour { refusal: Some((500, json!("oops"))), ..Behaviour::default() }).await;
    house.trusts(&issuer).await;
    assert_eq!(ended(&house.comes_from(&issuer).await), page("unavailable"));
    assert_eq!(alarms(&house).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_rotated_is_read_again_after_the_old_one_has_failed() {
    let house = House::open().await;
    let issuer = LyingIssuer::open(Behaviour::default()).await;
    house.trusts(&issuer).await;
    assert_eq!(ended(&house.comes_from(&issuer).await), let_in());
    issuer.behaves(Behaviour { client_secret: "another secret", ..Behaviour::default() });
    assert_eq!(ended(&house.comes_from(&issuer).await), page("unavailable"));
    house.trusts_with(&issuer, &[("client_secret", "another secret")]).await;
    assert_eq!(ended(&house.comes_from(&issuer).await), let_in());
    assert_eq!(alarms(&house).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_a_line_break_or_of_other_scripts_is_nobodys() {
    let house = House::open().await;
    let issuer = LyingIssuer::open(Behaviour::default()).await;
    house.trusts(&issuer).await;
    for email in [
        "dana@harbor-dental.example\n",
        "\r\ndana@harbor-dental.example",
        "dana@harbor-dental.example\u{2028}",
        "d\u{430}na@harbor-dental.example",
        "dana@harbor\u{2010}dental.example",
        "\u{ff44}ana@harbor-dental.example",
    ] {
        issuer.behaves(claiming(&[("email", json!(email))]));
        assert_eq!(ended(&house.comes_from(&issuer).await), page("stranger"), "{email:?}");
    }
    issuer.behaves(claiming(&[("email", json!("Dana@Harbor-Dental.Example"))]));
    assert_eq!(ended(&house.comes_from(&issuer).await), let_in());
}
