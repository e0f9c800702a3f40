//! OpenID Connect issuers, correct and faulty: who can sign in, which requests are sent, and what raises an alarm.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    FaultyIssuer, IssuerBehaviour, ManualClock, RequestCounts, SESSION_COOKIE, SecretLocation, StaffClient,
    TestResponse, TestStack, TokenSigner,
};

/// Signs in at an issuer with this behaviour. Returns the location of the last redirect, and whether there is a
/// session.
async fn outcome(behaviour: IssuerBehaviour) -> (String, bool) {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(behaviour).await;
    stack.trusts(&issuer).await;
    outcome_of(&stack.comes_from(&issuer).await)
}

fn outcome_of(answer: &TestResponse) -> (String, bool) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let session = answer.cookie(SESSION_COOKIE).is_some();
    (answer.header("location").unwrap().to_owned(), session)
}

fn page(reason: &str) -> (String, bool) {
    (format!("/sign-in.html#{reason}"), false)
}

fn let_in() -> (String, bool) {
    ("/".to_owned(), true)
}

fn claiming(claims: &[(&'static str, Value)]) -> IssuerBehaviour {
    IssuerBehaviour { claims: claims.to_vec(), ..IssuerBehaviour::default() }
}

/// Returns how often the metric of the sign-in alarm was counted.
async fn alarms(stack: &TestStack) -> u64 {
    stack.metrics_of("sign-in").await["SignInUnavailable"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_issuer_lets_its_person_in() {
    assert_eq!(outcome(IssuerBehaviour::default()).await, let_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_of_this_issuer_client_attempt_and_time_is_refused() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    let now = runtime::wall_clock().now().as_secs();
    for claim in [
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", issuer.address()))),
        ("aud", json!("another application")),
        ("aud", json!(["portal", "another application"])),
        ("aud", json!([])),
        ("azp", json!("another application")),
        ("nonce", json!("of another attempt")),
        ("nonce", json!(null)),
        ("exp", json!(now - 1)),
        ("exp", json!(null)),
        ("iat", json!(null)),
        ("sub", json!("")),
        ("sub", json!(null)),
    ] {
        issuer.behaves(claiming(std::slice::from_ref(&claim)));
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("refused"), "{claim:?}");
    }
    issuer.behaves(IssuerBehaviour::default());
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    assert_eq!(alarms(&stack).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_issuer_did_not_sign_is_refused() {
    for signed in [TokenSigner::BySomebodyElse, TokenSigner::WithTheClientsSecret, TokenSigner::NotAtAll] {
        assert_eq!(
            outcome(IssuerBehaviour { signed, ..IssuerBehaviour::default() }).await,
            page("refused"),
            "{signed:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_issuer_does_not_vouch_for_is_nobodys_login() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    for claims in [
        vec![("email_verified", json!(false))],
        vec![("email_verified", json!("false"))],
        vec![("email_verified", json!(1))],
        vec![("email_verified", json!(null))],
        vec![("email", json!("somebody@else.example"))],
        vec![("email", json!(["dana@harbor-dental.example"]))],
        vec![("email", json!("nobody")), ("sub", json!("dana@harbor-dental.example"))],
    ] {
        issuer.behaves(claiming(&claims));
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("stranger"), "{claims:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_does_not_work_is_said_to_be_out_of_reach_and_rings() {
    let dead = json!("http://127.0.0.1:1/");
    for discovery in [("issuer", json!("https://evil.example")), ("jwks_uri", dead.clone()), ("token_endpoint", dead)] {
        let behaviour = IssuerBehaviour { discovery: vec![discovery.clone()], ..IssuerBehaviour::default() };
        assert_eq!(outcome(behaviour).await, page("unavailable"), "{discovery:?}");
    }
    let stack = TestStack::open().await;
    let issuer =
        FaultyIssuer::open(IssuerBehaviour { refusal: Some((500, json!("oops"))), ..IssuerBehaviour::default() }).await;
    stack.trusts(&issuer).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("unavailable"));
    assert_eq!(alarms(&stack).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_rotated_is_read_again_after_the_old_one_has_failed() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    issuer.behaves(IssuerBehaviour { client_secret: "another secret", ..IssuerBehaviour::default() });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("unavailable"));
    stack.trusts_with(&issuer, &[("client_secret", "another secret")]).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    assert_eq!(alarms(&stack).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_issuer_says_besides_and_however_it_spells_it_its_people_are_let_in() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    let now = runtime::wall_clock().now().as_secs();
    #[allow(clippy::cast_precision_loss, reason = "seconds of this century have 33 bits")]
    let soon = now as f64 + 300.5;
    for claims in [
        vec![("email_verified", json!("true"))],
        vec![("updated_at", json!("2026-01-31T12:00:00.000Z"))],
        vec![("phone_number_verified", json!("false"))],
        vec![("amr", json!("pwd")), ("acr", json!(1))],
        vec![("address", json!("1 Harbor Lane")), ("zoneinfo", json!(null)), ("birthdate", json!(19_700_101))],
        vec![("aud", json!(["portal"])), ("azp", json!("portal"))],
        vec![("exp", json!(soon)), ("auth_time", json!("yesterday"))],
    ] {
        issuer.behaves(claiming(&claims));
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "{claims:?}");
    }
    for answer in [
        ("expires_in", json!("300")),
        ("expires_in", json!(300.0)),
        ("scope", json!(["openid", "email"])),
        ("token_type", json!("DPoP or so")),
        ("access_token", json!(null)),
    ] {
        issuer.behaves(IssuerBehaviour { answer: vec![answer.clone()], ..IssuerBehaviour::default() });
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_secret_goes_where_the_issuer_takes_it() {
    for takes_secret in [SecretLocation::InTheHeader, SecretLocation::InTheBody] {
        assert_eq!(
            outcome(IssuerBehaviour { takes_secret, ..IssuerBehaviour::default() }).await,
            let_in(),
            "{takes_secret:?}"
        );
    }
    let both = json!(["private_key_jwt", "client_secret_post", "client_secret_basic"]);
    let behaviour = IssuerBehaviour {
        discovery: vec![("token_endpoint_auth_methods_supported", both)],
        ..IssuerBehaviour::default()
    };
    assert_eq!(outcome(behaviour).await, let_in(), "the header is what every issuer must take");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_issuers_is_fetched_once_and_no_more_often_than_every_thirty_seconds() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let issuer = FaultyIssuer::with_clock(IssuerBehaviour::default(), clock.clock()).await;
    stack.trusts(&issuer).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    clock.passes(31);
    issuer.behaves(IssuerBehaviour { key: 2, ..IssuerBehaviour::default() });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "by the new key");
    assert_eq!(issuer.request_counts(), RequestCounts { discoveries: 1, keys: 2, tokens: 2 });

    // The issuer signs several tokens with a key that it does not publish.
    for _ in 0..5 {
        issuer.behaves(IssuerBehaviour { key: 2, signed: TokenSigner::BySomebodyElse, ..IssuerBehaviour::default() });
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("refused"));
        clock.passes(5);
    }
    assert_eq!(issuer.request_counts(), RequestCounts { discoveries: 1, keys: 2, tokens: 7 });
    clock.passes(30);
    for _ in 0..5 {
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("refused"));
    }
    assert_eq!(issuer.request_counts(), RequestCounts { discoveries: 1, keys: 3, tokens: 12 });
    issuer.behaves(IssuerBehaviour { key: 2, ..IssuerBehaviour::default() });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "what was known is not forgotten");
    assert_eq!(alarms(&stack).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_bring_asks_nothing_of_the_issuer_and_rings_no_alarm() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    let known = issuer.request_counts();

    let mut stranger = stack.browser();
    for turn in 0..20 {
        let state = format!("{turn:064x}");
        for name in ["switchboard-signing-in".to_owned(), format!("switchboard-signing-in-{state}")] {
            // Cookies in the earlier and the current format of `sign-in`, without a valid signature.
            for value in [format!("{state}.n.v.Lw"), format!("9999999999.n.v.Lw.{state}")] {
                stranger.cookies.insert(name.clone(), value);
                let answer = stranger.goes_to(&format!("/api/sign-in/callback?code=made-up&state={state}")).await;
                assert_eq!(outcome_of(&answer), page("stale"), "{name}");
            }
        }
    }
    assert_eq!(issuer.request_counts(), known, "nobody has the issuer asked with words of their own");

    // A valid attempt with invalid codes: each attempt sends one request, and clears nothing that is cached.
    let refusals = [
        (400, json!({"error": "invalid_grant"})),
        (403, json!({"error": "invalid_grant"})),
        (400, json!({"error": "invalid_request"})),
        (400, json!("no")),
    ];
    for refusal in refusals.clone() {
        issuer.behaves(IssuerBehaviour { refusal: Some(refusal.clone()), ..IssuerBehaviour::default() });
        let begun = stack.begins_to_sign_in("/api/sign-in").await;
        let state = begun.query_parameter("state").unwrap();
        let callback = |code: &str| format!("/api/sign-in/callback?code={code}&state={state}");
        assert_eq!(outcome_of(&begun.comes_back(&callback("made-up")).await), page("refused"), "{refusal:?}");
        for turn in 0..5 {
            assert_eq!(outcome_of(&begun.comes_back(&callback(&turn.to_string())).await), page("stale"));
        }
    }
    let asked = issuer.request_counts();
    assert_eq!(asked, RequestCounts { tokens: known.tokens + refusals.len() as u64, ..known });
    assert_eq!(alarms(&stack).await, 0);

    // If the issuer does not know the client, the configuration is at fault.
    issuer.behaves(IssuerBehaviour {
        refusal: Some((401, json!({"error": "invalid_client"}))),
        ..IssuerBehaviour::default()
    });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("unavailable"));
    issuer.behaves(IssuerBehaviour {
        refusal: Some((400, json!({"error": "unauthorized_client"}))),
        ..IssuerBehaviour::default()
    });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("unavailable"));
    assert_eq!(alarms(&stack).await, 2);
    assert_eq!(
        issuer.request_counts(),
        RequestCounts { tokens: asked.tokens + 2, ..asked },
        "the secret is what is read again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_a_line_break_or_of_other_scripts_is_nobodys() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    for email in [
        "dana@harbor-dental.example\n",
        "\r\ndana@harbor-dental.example",
        "dana@harbor-dental.example\u{2028}",
        "d\u{430}na@harbor-dental.example",
        "dana@harbor\u{2010}dental.example",
        "\u{ff44}ana@harbor-dental.example",
    ] {
        issuer.behaves(claiming(&[("email", json!(email))]));
        assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("stranger"), "{email:?}");
    }
    issuer.behaves(claiming(&[("email", json!("Dana@Harbor-Dental.Example"))]));
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_given_to_somebody_else_does_not_inherit_the_account() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "again and again");
    issuer.behaves(claiming(&[("sub", json!("danas successor"))]));
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("stranger"));
    // A person's own mailbox identifies another login.
    issuer.behaves(claiming(&[("sub", json!("marcus")), ("email", json!("marcus@harbor-dental.example"))]));
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in());

    let other = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&other).await;
    // The first issuer's metadata is cached for ten minutes, or until the issuer rejects the client.
    issuer.behaves(IssuerBehaviour { client_secret: "another secret", ..IssuerBehaviour::default() });
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), page("unavailable"));
    assert_eq!(
        outcome_of(&stack.comes_from(&other).await),
        page("stranger"),
        "the same subject there is another person"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_has_no_key_for_attempts_yet_works() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts_with(&issuer, &[("attempt_key", "")]).await;
    assert_eq!(outcome_of(&stack.comes_from(&issuer).await), let_in(), "signed with the client's secret");
}

/// Signs in at an issuer with these claims. Returns whether the session may export a customer's data.
async fn takes(stack: &TestStack, issuer: &FaultyIssuer, path: &str, claims: &[(&'static str, Value)]) -> bool {
    issuer.behaves(claiming(claims));
    let answer = stack.comes_by(path, issuer).await;
    assert!(outcome_of(&answer).1, "they are let in");
    let dana = StaffClient { stack, cookie: answer.cookie(SESSION_COOKIE).unwrap() };
    let conversation = dana.conversation_with("+14255550182").await;
    let path = format!("/api/conversations/{conversation}/customer-data");
    let request = dana.request(Method::POST, &path).header("sec-fetch-site", "same-origin");
    match dana.send(request).await.status {
        200 => true,
        409 => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_proved_who_they_are_is_as_the_issuer_says_however_it_is_spelled() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    stack.phone("+14255550182").texts(tests::HARBOR, "hello").await;
    let now = runtime::wall_clock().now().as_secs();
    for just_now in [json!(now), json!(now.to_string()), json!(format!("{now}.5")), json!(now + 200)] {
        assert!(takes(&stack, &issuer, "/api/sign-in", &[("auth_time", just_now.clone())]).await, "{just_now}");
    }
    for before in [json!(now - 601), json!((now - 601).to_string()), json!(0)] {
        for path in ["/api/sign-in", "/api/sign-in?again=1"] {
            assert!(!takes(&stack, &issuer, path, &[("auth_time", before.clone())]).await, "{path} {before}");
        }
    }
    for unsaid in [json!(null), json!("lately"), json!([now]), json!(-1)] {
        let claims = [("auth_time", unsaid.clone())];
        assert!(
            !takes(&stack, &issuer, "/api/sign-in", &claims).await,
            "{unsaid}: the issuer may have remembered them"
        );
        assert!(takes(&stack, &issuer, "/api/sign-in?again=1", &claims).await, "{unsaid}: it was told to ask");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_told_to_ask_again_in_both_ways_that_there_are() {
    let stack = TestStack::open().await;
    let begun = stack.begins_to_sign_in("/api/sign-in?again=1").await;
    assert_eq!(
        (begun.query_parameter("prompt"), begun.query_parameter("max_age")),
        (Some("login".to_owned()), Some("0".to_owned()))
    );
    let begun = stack.begins_to_sign_in("/api/sign-in").await;
    assert_eq!((begun.query_parameter("prompt"), begun.query_parameter("max_age")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_is_led_to_the_issuer_to_sign_out_there_too() {
    let stack = TestStack::open().await;
    let issuer = FaultyIssuer::open(IssuerBehaviour::default()).await;
    stack.trusts(&issuer).await;
    let led = async |stack: &TestStack| {
        let answer = stack.get("/api/sign-out/issuer").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("location").unwrap().to_owned()
    };
    assert_eq!(led(&stack).await, "/sign-in.html#signed-out", "this one has no such page");

    let stack = TestStack::open().await;
    let endpoint = json!("https://login.example.com/logout");
    issuer
        .behaves(IssuerBehaviour { discovery: vec![("end_session_endpoint", endpoint)], ..IssuerBehaviour::default() });
    stack.trusts(&issuer).await;
    let back = format!("{}/sign-in.html", stack.origin()).replace(':', "%3A").replace('/', "%2F");
    let expected = format!("https://login.example.com/logout?client_id=portal&post_logout_redirect_uri={back}");
    assert_eq!(led(&stack).await, expected);

    let stack = TestStack::open().await;
    issuer.behaves(IssuerBehaviour {
        discovery: vec![("issuer", json!("https://evil.example"))],
        ..IssuerBehaviour::default()
    });
    stack.trusts(&issuer).await;
    assert_eq!(led(&stack).await, "/sign-in.html#signed-out", "out of reach, nobody is kept from leaving");
    assert_eq!(alarms(&stack).await, 0);
}
