//! The browsers in which a member of staff is notified, and the settings of notifications.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{AUTH, Browser, HARBOR, ManualClock, P256DH, StaffClient, TestStack};

const MARIA: &str = "+14255550182";

fn id(answer: &tests::TestResponse) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{} {}", answer.status, answer.body)).to_owned()
}

/// Returns the same session with a cookie for which the gateway has not cached the authorizer's result.
fn later<'a>(desk: &StaffClient<'a>) -> StaffClient<'a> {
    StaffClient { stack: desk.stack, cookie: format!("{}; later=1", desk.cookie) }
}

/// Waits until a person's browsers are the expected ones.
async fn has_browsers(desk: &StaffClient<'_>, expected: &[String]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let browsers = desk.browsers().await;
        if browsers == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{browsers:?} and not {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns all items of push subscriptions and settings in the table.
async fn stored_browsers(stack: &TestStack) -> Vec<Value> {
    let filter = json!({"FilterExpression": "begins_with(pk, :push)", "ConsistentRead": true,
        "ExpressionAttributeValues": {":push": {"S": "PUSH"}}});
    stack.table("Scan", filter).await["Items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_kept_once_however_often_it_comes_and_nothing_of_it_is_shown() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let first = dana.is_notified_in(&firefox).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(first.json()["name"], "Firefox on Linux");
    assert_eq!(first.json()["unanswered"], 0);
    let again = dana.is_notified_in(&firefox).await;
    assert_eq!((again.status, again.json()), (200, first.json()), "it is as it was");
    let settings = dana.push_settings().await;
    let expected = json!([{"id": id(&first), "name": "Firefox on Linux", "since": first.json()["since"],
        "lastDelivery": null, "lastProblem": null}]);
    assert_eq!(settings["browsers"], expected);
    assert_eq!(settings["key"], first.json()["key"]);
    let screen = dana.screen("/api/push-subscriptions").await;
    assert!(screen.body.contains(&format!(r#"data-subscription="{}""#, id(&first))), "{}", screen.body);
    for shown in [first.body, again.body, settings.to_string(), screen.body] {
        for secret in [AUTH, P256DH, "wpush"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_with_other_keys_or_another_session_is_the_same_browser() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let first = dana.is_notified_in(&firefox).await;
    let mut renewed = firefox.subscription();
    renewed["keys"]["auth"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    let again = dana.puts_subscription(&firefox, &renewed).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert!(stored_browsers(&stack).await.iter().any(|item| item.to_string().contains("AAAAAAAAAAAAAAAAAAAAAA")));
    // A session of the next day.
    let tomorrow = stack.dana().await;
    assert_eq!(tomorrow.is_notified_in(&firefox).await.status, 200);
    assert_eq!(tomorrow.browsers().await, [id(&first)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_people_share_notifies_the_one_who_is_signed_in_of_whatever_company() {
    let stack = TestStack::open().await;
    let (dana, marcus, josie) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await, stack.josie().await);
    let shared = Browser::firefox("reception");
    let first = dana.is_notified_in(&shared).await;
    let own = dana.is_notified_in(&Browser::firefox("own")).await;
    assert_eq!(marcus.is_notified_in(&shared).await.status, 201, "it is new to him");
    assert_eq!((dana.browsers().await, marcus.browsers().await), (vec![id(&own)], vec![id(&first)]));
    assert_eq!(josie.is_notified_in(&shared).await.status, 201);
    assert_eq!((marcus.browsers().await, josie.browsers().await), (vec![], vec![id(&first)]));
    // The browser's former owners cannot remove it from its present owner.
    for other in [&dana, &marcus] {
        assert_eq!(other.removes_browser(&id(&first)).await.status, 204);
        assert_eq!(other.tests_browser(&id(&first)).await.status, 404);
    }
    assert_eq!(josie.browsers().await, [id(&first)]);
    assert_eq!(dana.is_notified_in(&shared).await.status, 201, "and back");
    assert_eq!(josie.browsers().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_removed_is_gone_whole_and_may_come_again() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let kept_id = id(&dana.is_notified_in(&firefox).await);
    let removed = dana.removes_browser(&kept_id).await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    let left = stored_browsers(&stack).await;
    let endpoint = &firefox.endpoint;
    assert!(left.iter().all(|item| !item.to_string().contains(endpoint)), "only that it was removed: {left:?}");
    assert_eq!(dana.browsers().await, Vec::<String>::new());
    for gone in [&kept_id, &"0".repeat(32), "not-an-id"] {
        assert_eq!(dana.removes_browser(gone).await.status, 204, "{gone}");
    }
    assert_eq!(dana.turns_on(&firefox).await.status, 201);
    // The settings page removes a browser and shows those that are left.
    let request = dana.request(Method::DELETE, &format!("/api/push-subscriptions/{kept_id}"));
    let fragment = dana.send(request.header("accept", "text/html")).await;
    assert_eq!(fragment.status, 200);
    assert!(fragment.body.contains("not on in any browser"), "{}", fragment.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_was_removed_does_not_come_back_by_itself_and_does_when_it_is_turned_on() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let phone = Browser::firefox("phone");
    let removed = id(&dana.is_notified_in(&phone).await);
    dana.removes_browser(&removed).await;
    for _ in 0..2 {
        let answer = dana.is_notified_in(&phone).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "removed"));
        assert!(answer.sentence().contains("removed this browser"), "{}", answer.sentence());
    }
    // A new endpoint of the same browser is rejected, too.
    let renewed = dana.replaces(&removed, &Browser::firefox("phone-renewed")).await;
    assert_eq!(renewed.code(), "removed");
    assert_eq!(dana.browsers().await, Vec::<String>::new());
    // Another person's request does not change that, and neither does a new session of hers.
    assert_eq!(marcus.removes_browser(&removed).await.status, 204);
    assert_eq!(stack.dana().await.is_notified_in(&phone).await.code(), "removed");
    assert_eq!(dana.turns_on(&phone).await.status, 201);
    assert_eq!(dana.is_notified_in(&phone).await.status, 200, "and it is as if it had never been removed");
    assert_eq!(dana.browsers().await, std::slice::from_ref(&removed));
    // A removal applies only to the person who made it.
    dana.removes_browser(&removed).await;
    assert_eq!(marcus.is_notified_in(&phone).await.status, 201);
    assert_eq!(dana.is_notified_in(&phone).await.status, 201, "it was another's since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_was_away_without_being_removed_comes_back_by_itself() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let browser = id(&dana.is_notified_in(&firefox).await);
    let row = json!({"pk": {"S": "PUSH#harbor-dental"}, "sk": {"S": format!("STAFF#dana#{browser}")}});
    let owner = json!({"pk": {"S": format!("PUSH-ENDPOINT#{browser}")}, "sk": {"S": "OWNER"}});
    // Simulates a week without a sign-in in that browser.
    for key in [&row, &owner] {
        let expired = json!({"Key": key, "UpdateExpression": "SET expires_at = :past",
            "ExpressionAttributeValues": {":past": {"N": "1700000000"}}});
        stack.table("UpdateItem", expired).await;
    }
    assert_eq!(dana.is_notified_in(&firefox).await.status, 201);
    assert_eq!(dana.browsers().await, std::slice::from_ref(&browser));
    // Deletes the items, as TTL does, and as `dispatch-push` does if the push service reports that the subscription is
    // gone.
    for key in [&row, &owner] {
        stack.table("DeleteItem", json!({"Key": key})).await;
    }
    assert_eq!(dana.is_notified_in(&firefox).await.status, 201);
    assert_eq!(dana.browsers().await, [browser]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_browser_takes_a_sign_in_of_the_last_ten_minutes_and_one_that_is_there_takes_none() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let dana = stack.dana().await;
    let (hers, a_thiefs) = (Browser::firefox("hers"), Browser::firefox("thiefs"));
    clock.passes(599);
    let first = dana.is_notified_in(&hers).await;
    assert_eq!(first.status, 201);
    clock.passes(1);
    for refused in [
        dana.is_notified_in(&a_thiefs).await,
        dana.turns_on(&a_thiefs).await,
        dana.replaces(&id(&first), &a_thiefs).await,
    ] {
        assert_eq!((refused.status, refused.code()), (409, "sign-in-again".to_owned()));
    }
    assert_eq!(dana.browsers().await, [id(&first)]);
    assert_eq!(dana.is_notified_in(&hers).await.status, 200, "as each page does");
    let renewed = dana.replaces(&hers.endpoint, &Browser::firefox("renewed")).await;
    assert_eq!(renewed.status, 201, "nobody else knows the endpoint");
    assert_eq!(dana.browsers().await, [id(&renewed)]);
    assert_eq!(stack.dana().await.is_notified_in(&a_thiefs).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_notified_for_a_week_after_its_person_signed_in_there() {
    const WEEK_SECS: u64 = 7 * 24 * 60 * 60;
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let (phone, laptop) = (Browser::firefox("phone"), Browser::firefox("laptop"));
    let dana = stack.dana().await;
    let (phones, laptops) = (id(&dana.is_notified_in(&phone).await), id(&dana.is_notified_in(&laptop).await));
    clock.passes(WEEK_SECS / 2);
    assert_eq!(stack.dana().await.is_notified_in(&laptop).await.status, 200);
    clock.passes(WEEK_SECS / 2 - 1);
    let elsewhere = stack.dana().await;
    assert_eq!(elsewhere.browsers().await, [phones, laptops.clone()]);
    clock.passes(1);
    assert_eq!(elsewhere.browsers().await, [laptops]);
    assert_eq!(elsewhere.is_notified_in(&phone).await.status, 201, "whoever signs in there again is notified again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_subscription_takes_the_place_of_the_one_before_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let before = Browser::firefox("before");
    let first = id(&dana.is_notified_in(&before).await);
    let second = id(&dana.replaces(&before.endpoint, &Browser::firefox("after")).await);
    assert_ne!(first, second);
    assert_eq!(dana.browsers().await, std::slice::from_ref(&second), "by its endpoint");
    let left = stored_browsers(&stack).await;
    assert!(left.iter().all(|item| !item.to_string().contains(&first)), "not even whose it was: {left:?}");
    // A page can report the browser first, without `replaces`.
    let latest = Browser::firefox("latest");
    let third = id(&dana.is_notified_in(&latest).await);
    assert_eq!(dana.browsers().await.len(), 2);
    let again = dana.replaces(&second, &latest).await;
    assert_eq!((again.status, id(&again)), (200, third.clone()));
    assert_eq!(dana.browsers().await, std::slice::from_ref(&third), "by its id");
    // A person with the maximum of browsers can renew each of them.
    for n in 1..20 {
        assert_eq!(dana.is_notified_in(&Browser::firefox(&n.to_string())).await.status, 201);
    }
    assert_eq!(dana.is_notified_in(&Browser::firefox("more")).await.code(), "too-many-browsers");
    assert_eq!(dana.replaces(&third, &Browser::firefox("renewed")).await.status, 201);
    assert_eq!(dana.browsers().await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_anothers_browser_by_saying_that_theirs_takes_its_place() {
    let stack = TestStack::open().await;
    let (dana, marcus, josie) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await, stack.josie().await);
    let victim = Browser::firefox("hers");
    let hers = id(&dana.is_notified_in(&victim).await);
    for (desk, name) in [(&marcus, "his"), (&josie, "hers-too")] {
        let browser = Browser::firefox(name);
        for replaced in [&hers, &victim.endpoint, &"0".repeat(32), "", "not an address", &"x".repeat(50_000)] {
            let answer = desk.replaces(replaced, &browser).await;
            assert!([200, 201].contains(&answer.status), "{} {}", answer.status, answer.body);
        }
        assert_eq!(desk.browsers().await.len(), 1);
        // A browser that names itself is not removed, either.
        let itself = desk.replaces(&browser.endpoint, &browser).await;
        assert_eq!((itself.status, desk.browsers().await), (200, vec![id(&itself)]));
        let fresh = Browser::firefox(&format!("{name}-fresh"));
        assert_eq!(desk.replaces(&fresh.endpoint, &fresh).await.status, 201);
    }
    assert_eq!(dana.browsers().await, std::slice::from_ref(&hers));
    assert_eq!(dana.is_notified_in(&victim).await.status, 200);
    // Her removal does not affect other people's browsers.
    dana.removes_browser(&hers).await;
    assert_eq!(marcus.replaces(&hers, &Browser::firefox("his-next")).await.status, 201);
    assert_eq!(dana.is_notified_in(&victim).await.code(), "removed", "and it stays removed");
    for broken in [json!({"replaces": 1}), json!({"turnedOn": "yes"})] {
        let mut subscription = victim.subscription();
        subscription.as_object_mut().unwrap().extend(broken.as_object().unwrap().clone());
        assert_eq!(dana.puts_subscription(&victim, &subscription).await.code(), "unreadable-body", "{broken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_browsers_are_as_many_as_a_person_can_have() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let browsers: Vec<_> = (0..24).map(|n| Browser::firefox(&n.to_string())).collect();
    for browser in &browsers[..18] {
        assert_eq!(dana.is_notified_in(browser).await.status, 201);
    }
    // Concurrent requests: each must count the others.
    let at_once = join_all(browsers[18..].iter().map(|browser| dana.is_notified_in(browser))).await;
    let mut statuses: Vec<_> = at_once.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409, 409, 409, 409]);
    let kept = dana.browsers().await;
    assert_eq!(kept.len(), 20);
    assert_eq!(dana.is_notified_in(&browsers[0]).await.status, 200, "those that are there go on");
    let more = dana.is_notified_in(&Browser::firefox("more")).await;
    assert_eq!((more.status, more.code().as_str()), (409, "too-many-browsers"));
    assert!(more.sentence().contains("20 browsers") && more.sentence().ends_with('.'), "{}", more.sentence());
    // Other people can add their browsers, and a removal makes room for another browser.
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.is_notified_in(&Browser::firefox("his")).await.status, 201);
    dana.removes_browser(&kept[0]).await;
    assert_eq!(dana.is_notified_in(&Browser::firefox("more")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_push_services_is_refused_in_words_and_never_kept() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let long = format!("https://fcm.googleapis.com/{}", "x".repeat(3000));
    for (endpoint, code) in [
        ("", "bad-endpoint"),
        ("not an address", "bad-endpoint"),
        ("http://fcm.googleapis.com/x", "bad-endpoint"),
        ("file:///etc/passwd", "bad-endpoint"),
        ("https://u:p@fcm.googleapis.com/x", "bad-endpoint"),
        ("https://fcm.googleapis.com@127.0.0.1/", "bad-endpoint"),
        ("https://u:p@10.0.0.1/.push.services.mozilla.com/", "bad-endpoint"),
        ("https://fcm.googleapis.com:8443/x", "bad-endpoint"),
        ("https://127.0.0.1\\@fcm.googleapis.com/", "bad-endpoint"),
        ("https://127.0.0.1#@fcm.googleapis.com/", "bad-endpoint"),
        ("https://[::1]/", "bad-endpoint"),
        ("https://[::ffff:169.254.169.254]/latest/meta-data", "bad-endpoint"),
        (&long, "bad-endpoint"),
        ("https://127.0.0.1/x.google.com/", "push-service-not-allowed"),
        ("https://2130706433/", "push-service-not-allowed"),
        ("https://0x7f.1/", "push-service-not-allowed"),
        ("https://0177.0.0.1/", "push-service-not-allowed"),
        ("https://169.254.169.254/latest/meta-data", "push-service-not-allowed"),
        ("https://localhost/", "push-service-not-allowed"),
        ("https://evil.example/x", "push-service-not-allowed"),
        ("https://fcm.googleapis.com.evil.example/x", "push-service-not-allowed"),
        ("https://evil-notify.windows.com/x", "push-service-not-allowed"),
        // Only allowed if the stack's options list this origin.
        ("http://127.0.0.1:8090/x", "bad-endpoint"),
    ] {
        let browser = Browser { endpoint: endpoint.to_owned(), ..Browser::firefox("") };
        let answer = dana.is_notified_in(&browser).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, code), "{endpoint}");
        assert!(answer.sentence().ends_with('.') && !answer.sentence().contains("evil"), "{}", answer.sentence());
    }
    assert!(stored_browsers(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nothing_can_be_encrypted_for_are_refused_in_words() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let off_the_curve = format!("{}5", &P256DH[..P256DH.len() - 1]);
    for (p256dh, auth) in [
        ("", AUTH),
        (&P256DH[..80], AUTH),
        (&off_the_curve, AUTH),
        (&"B".repeat(5000), AUTH),
        (P256DH, ""),
        (P256DH, "BTBZMqHH6r4Tts7J_aSIggAA"),
        (P256DH, "not base64!"),
    ] {
        let subscription = json!({"endpoint": firefox.endpoint, "keys": {"p256dh": p256dh, "auth": auth}});
        let answer = dana.puts_subscription(&firefox, &subscription).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "bad-keys"), "{p256dh} {auth}");
        assert!(answer.sentence().ends_with('.'), "{}", answer.sentence());
    }
    for body in [json!({}), json!([]), json!({"endpoint": firefox.endpoint}), json!({"endpoint": 1, "keys": {}})] {
        let answer = dana.puts_subscription(&firefox, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "unreadable-body"), "{body}");
    }
    assert!(stored_browsers(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_says_which_key_of_ours_it_knows_and_one_that_is_not_ours_is_refused() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let key = dana.push_settings().await["key"].as_str().unwrap().to_owned();
    let firefox = Browser::firefox("one");
    let mut subscription = firefox.subscription();
    subscription["key"] = json!(P256DH);
    let foreign = dana.puts_subscription(&firefox, &subscription).await;
    assert_eq!((foreign.status, foreign.code().as_str()), (422, "not-our-key"));
    subscription["key"] = json!(key);
    let known = dana.puts_subscription(&firefox, &subscription).await;
    assert_eq!((known.status, &known.json()["key"]), (201, &json!(key)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_kept_with_the_data_and_by_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_in(folder.path()).await;
    let dana = stack.dana().await;
    let key = dana.push_settings().await["key"].clone();
    let firefox = Browser::firefox("one");
    let browser = id(&dana.is_notified_in(&firefox).await);
    stack.close().await;
    let stack = TestStack::open_in(folder.path()).await;
    let dana = stack.dana().await;
    assert_eq!((dana.push_settings().await["key"].clone(), dana.browsers().await), (key, vec![browser]));
    let written = std::fs::read_to_string(folder.path().join("push-keys.json")).unwrap();
    let private = serde_json::from_str::<Value>(&written).unwrap()["keys"][0]["private"].as_str().unwrap().to_owned();
    let screen = dana.screen("/api/push-subscriptions").await;
    assert!(!screen.body.contains(&private) && !dana.push_settings().await.to_string().contains(&private));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_site_turns_anything_on_or_off() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let firefox = Browser::firefox("one");
    let browser = id(&dana.is_notified_in(&firefox).await);
    for (method, path) in [
        (Method::PUT, "/api/push-subscriptions".to_owned()),
        (Method::DELETE, format!("/api/push-subscriptions/{browser}")),
        (Method::POST, format!("/api/push-subscriptions/{browser}/test")),
        (Method::PUT, "/api/push-settings".to_owned()),
        (Method::POST, "/api/push-settings".to_owned()),
    ] {
        let request = dana.request(method, &path).header("accept", "application/json");
        let request = request.header("sec-fetch-site", "cross-site").json(&firefox.subscription());
        let answer = dana.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "foreign-origin"), "{path}");
    }
    assert_eq!(dana.browsers().await, [browser]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_keeps_no_browser_not_even_while_the_gateway_remembers_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    assert_eq!(dana.get("/api/session").await.status, 200, "the gateway remembers her for a minute");
    dana.send(dana.request(Method::POST, "/api/sign-out")).await;
    let answer = dana.is_notified_in(&Browser::firefox("one")).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "session-ended"));

    // The response is the same for a person whose sessions were all ended, or who was removed from staff.
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.get("/api/session").await.status, 200);
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#marcus"}});
    let now = runtime::wall_clock().now().plus_secs(1).as_millis().to_string();
    let ended = json!({"Key": key, "UpdateExpression": "SET sessions_since = :now",
        "ExpressionAttributeValues": {":now": {"N": now}}});
    stack.table("UpdateItem", ended).await;
    assert_eq!(marcus.is_notified_in(&Browser::firefox("two")).await.code(), "session-ended");
    stack.table("DeleteItem", json!({"Key": key})).await;
    assert_eq!(marcus.is_notified_in(&Browser::firefox("two")).await.code(), "session-ended");
    assert_eq!(marcus.sets_pushes(&json!({"messages": "mine"})).await.code(), "session-ended");
    assert!(stored_browsers(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_asked_for_once_and_by_whoevers_browser_it_is() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let browser = id(&dana.is_notified_in(&Browser::firefox("one")).await);
    let asked = dana.tests_browser(&browser).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let again = dana.tests_browser(&browser).await;
    assert_ne!(asked.json()["test"], again.json()["test"], "each is one of its own");
    let key = json!({"pk": {"S": "PUSH#harbor-dental"}, "sk": {"S": format!("STAFF#dana#{browser}")}});
    let item = stack.table("GetItem", json!({"Key": key, "ConsistentRead": true})).await["Item"].clone();
    assert_eq!(item["test"]["M"]["nonce"]["S"], again.json()["test"]);
    for (desk, id) in [(&marcus, browser.as_str()), (&dana, &"0".repeat(32)), (&dana, "not-an-id")] {
        let answer = desk.tests_browser(id).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "no-browser"), "{id}");
    }
    dana.removes_browser(&browser).await;
    assert_eq!(dana.tests_browser(&browser).await.status, 404);
    assert!(stack.table("GetItem", json!({"Key": key})).await["Item"].is_null(), "it is not brought back");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_tests_a_minute_are_as_many_as_a_person_can_ask_for_and_a_colleague_does_not_notice() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(TestStack::limits(), &clock).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let one = id(&dana.is_notified_in(&Browser::firefox("one")).await);
    let two = id(&dana.is_notified_in(&Browser::firefox("two")).await);
    for browser in [&one, &two, &one] {
        assert_eq!(dana.tests_browser(browser).await.status, 202);
    }
    for browser in [&one, &two] {
        let refused = dana.tests_browser(browser).await;
        assert_eq!((refused.status, refused.code().as_str()), (429, "too-many-tests"), "{}", refused.body);
        assert_eq!(refused.header("retry-after"), Some("30"));
        assert!(refused.sentence().contains("you have asked for 3 this minute"), "{}", refused.body);
    }
    let theirs = id(&marcus.is_notified_in(&Browser::firefox("three")).await);
    assert_eq!(marcus.tests_browser(&theirs).await.status, 202);
    clock.passes(30);
    assert_eq!(dana.tests_browser(&two).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_a_persons_and_a_setting_a_companys_and_each_stays_as_it_was_left() {
    let stack = TestStack::open().await;
    let (dana, marcus, josie) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await, stack.josie().await);
    let set = |settings: Value| (settings["messages"].clone(), settings["showsText"].clone());
    assert_eq!(set(dana.push_settings().await), (json!("all"), json!(true)));
    assert_eq!(set(dana.sets_pushes(&json!({"messages": "mine"})).await.json()), (json!("mine"), json!(true)));
    assert_eq!(set(dana.sets_pushes(&json!({"showsText": false})).await.json()), (json!("mine"), json!(false)));
    assert_eq!(set(marcus.push_settings().await), (json!("all"), json!(false)));
    assert_eq!(set(josie.push_settings().await), (json!("all"), json!(true)));
    // A form has the same effect. The response to it is a fragment.
    let form = dana.request(Method::POST, "/api/push-settings").header("accept", "text/html");
    let fragment = dana.send(form.form(&[("messages", "all"), ("showsText", "true")])).await;
    assert_eq!(fragment.status, 200, "{}", fragment.body);
    assert!(fragment.body.contains(r#"value="all" checked"#), "{}", fragment.body);
    assert_eq!(set(marcus.push_settings().await), (json!("all"), json!(true)));
    // Turning notifications on in a browser later does not change the settings.
    dana.sets_pushes(&json!({"messages": "mine"})).await;
    dana.is_notified_in(&Browser::firefox("one")).await;
    assert_eq!(set(dana.push_settings().await), (json!("mine"), json!(true)));
    for bad in [json!({"messages": "none"}), json!({"showsText": "perhaps"}), json!([])] {
        assert_eq!(dana.sets_pushes(&bad).await.code(), "unreadable-body", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_wait_is_told_and_how_many_of_another_company_is_not() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    for number in [MARIA, MARIA, "+14255550183", "+14255550184"] {
        stack.phone(number).texts(HARBOR, "hello").await;
    }
    assert_eq!(dana.push_settings().await["unanswered"], 3);
    let conversation = dana.conversation_with(MARIA).await;
    dana.replies(&conversation, "Hello Maria").await;
    assert_eq!(dana.is_notified_in(&Browser::firefox("one")).await.json()["unanswered"], 2);
    assert_eq!(josie.push_settings().await["unanswered"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_browsers_are_nobodys_to_see() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    dana.is_notified_in(&Browser::firefox("one")).await;
    // Other people do not see her browsers.
    for other in ["harbor-dental.marcus", "harbor-dental.priya", "tidewater-physio.josie"] {
        let other = stack.sign_in(other).await;
        assert_eq!(other.browsers().await, Vec::<String>::new());
    }
    assert_eq!(later(&dana).browsers().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_browsers_of_that_session_and_of_no_other() {
    let stack = TestStack::open().await;
    let (office, phone) = (stack.dana().await, stack.dana().await);
    let (one, two) = (Browser::firefox("office"), Browser::firefox("phone"));
    let ended = id(&office.is_notified_in(&one).await);
    let goes_on = id(&phone.is_notified_in(&two).await);
    office.send(office.request(Method::POST, "/api/sign-out")).await;
    has_browsers(&phone, std::slice::from_ref(&goes_on)).await;
    let left = stored_browsers(&stack).await;
    assert!(left.iter().all(|item| !item.to_string().contains(&ended)), "not even whose it was: {left:?}");
    // The next user of that browser does not get her notifications.
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    assert_eq!(marcus.is_notified_in(&one).await.status, 201);
    // A browser that was also reported in a later session stays with that session.
    let evening = stack.dana().await;
    assert_eq!(phone.is_notified_in(&Browser::firefox("tablet")).await.status, 201);
    assert_eq!(evening.is_notified_in(&two).await.status, 200);
    phone.send(phone.request(Method::POST, "/api/sign-out")).await;
    has_browsers(&evening, std::slice::from_ref(&goes_on)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_runs_out_ends_no_browser_and_one_that_is_ended_does() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let browser = id(&dana.is_notified_in(&Browser::firefox("one")).await);
    let filter = json!({"FilterExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"S": "SESSION"}}});
    let session = stack.table("Scan", filter).await["Items"][0].clone();
    let removed = |by: Value| {
        let keys = json!({"pk": session["pk"], "sk": session["sk"]});
        let images = json!({"SequenceNumber": "1", "Keys": keys, "OldImage": session});
        json!({"Records": [{"eventName": "REMOVE", "userIdentity": by, "dynamodb": images}]})
    };
    // The stream record of a deletion by TTL.
    let by_itself = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    let invoked = stack.invoke("dispatch-push", &removed(by_itself)).await;
    assert_eq!((invoked.failed, invoked.payload), (false, json!({"batchItemFailures": []})));
    assert_eq!(dana.browsers().await, [browser]);
    stack.invoke("dispatch-push", &removed(Value::Null)).await;
    assert_eq!(dana.browsers().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_out_everywhere_or_removed_is_notified_nowhere() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let his = id(&marcus.is_notified_in(&Browser::firefox("his")).await);
    for name in ["one", "two"] {
        dana.is_notified_in(&Browser::firefox(name)).await;
    }
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "STAFF#dana"}});
    // Ends all sessions, as `staff sign-out` does.
    let now = runtime::wall_clock().now().plus_secs(1);
    let ended = json!({"Key": key, "UpdateExpression": "SET sessions_since = :now",
        "ExpressionAttributeValues": {":now": {"N": now.as_millis().to_string()}}});
    stack.table("UpdateItem", ended).await;
    // The gateway caches the authorizer's result for a minute, so she can still read.
    has_browsers(&dana, &[]).await;
    while runtime::wall_clock().now() <= now {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let again = stack.dana().await;
    let browser = id(&again.is_notified_in(&Browser::firefox("one")).await);
    assert_eq!(again.browsers().await, [browser]);
    again.sets_pushes(&json!({"messages": "mine"})).await;
    // Removes a member of staff, as `staff remove` does. Her settings are deleted, too.
    stack.table("DeleteItem", json!({"Key": key})).await;
    has_browsers(&again, &[]).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while stored_browsers(&stack).await.iter().any(|item| item.to_string().contains("STAFF#dana")) {
        assert!(Instant::now() < deadline, "{:?}", stored_browsers(&stack).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(marcus.browsers().await, [his]);
}
