//! Push notifications to the browsers of staff.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::{PushEndpoint, PushSubscription};
use serde_json::{Value, json};
use tests::{
    Call, HARBOR, PushService, ReceivedPush, SmsEvent, StaffClient, Subscriber, TIDEWATER, TestStack, ago, by_queue,
};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";

/// Turns notifications on in a browser. Returns its id.
async fn allows(desk: &StaffClient<'_>, subscriber: &Subscriber) -> String {
    let kept = desk.puts_subscription(&subscriber.browser, &subscriber.subscription()).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    kept.json()["id"].as_str().unwrap().to_owned()
}

/// Waits until a condition is true, for at most two minutes.
async fn until<F: Future<Output = bool>>(what: &str, is: impl Fn() -> F) {
    let patience = Instant::now() + Duration::from_mins(2);
    while !is().await {
        assert!(Instant::now() < patience, "not so: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_told_once_to_every_browser_of_its_company_and_to_no_other() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let (dana, marcus, josie) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await, stack.josie().await);
    let (hers, phone, his, theirs) = (
        service.browser("ok", "hers"),
        service.browser("ok", "phone"),
        service.browser("ok", "his"),
        service.browser("ok", "theirs"),
    );
    for (desk, browser) in [(&dana, &hers), (&dana, &phone), (&marcus, &his), (&josie, &theirs)] {
        allows(desk, browser).await;
    }
    let sms = SmsEvent::new("one", MARIA, HARBOR, "Can I come at 3? \u{1f9b7}");
    assert!(stack.deliver(&by_queue(std::slice::from_ref(&sms))).await.is_empty());
    let conversation = dana.conversation_with(MARIA).await;
    let message = dana.messages(&conversation).await.items()[0].clone();
    for browser in [&hers, &phone, &his] {
        let shown = service.sends(browser, 1).await;
        assert_eq!(
            shown,
            [json!({"id": message["id"], "kind": "message", "conversation": conversation, "title": "(425) 555-0182",
                "body": "Can I come at 3? \u{1f9b7}", "at": message["at"], "unanswered": 1})]
        );
    }
    let pushed = &service.pushed()[0];
    assert_eq!(
        (pushed.headers["urgency"].as_str(), pushed.headers["content-encoding"].as_str()),
        ("high", "aes128gcm")
    );
    assert_eq!(pushed.headers["topic"], conversation);
    let ttl: u64 = pushed.headers["ttl"].parse().unwrap();
    assert!((86_000..=86_400).contains(&ttl), "{ttl}");
    assert!(
        pushed.headers["authorization"]
            .ends_with(&format!("k={}", dana.push_settings().await["key"].as_str().unwrap()))
    );

    // These are a repeat, and events without a push notification. The last event has a push notification, to show
    // that the others sent none.
    stack.deliver(&by_queue(std::slice::from_ref(&sms))).await;
    stack.deliver(&by_queue(&[SmsEvent::new("old", SAM, HARBOR, "Yesterday").with_time(ago(90_000))])).await;
    dana.replies(&conversation, "Yes.").await;
    stack.phone(MARIA).texts(HARBOR, "Thanks").await;
    let shown = service.sends(&hers, 2).await;
    assert_eq!((shown.len(), &shown[1]["body"]), (2, &json!("Thanks")));
    assert_eq!(service.notifications_of(&theirs), Vec::<Value>::new());
    stack.phone(MARIA).texts(TIDEWATER, "Hello over there").await;
    assert_eq!(service.sends(&theirs, 1).await[0]["body"], "Hello over there");
    until("the last delivery is shown", || async {
        let settings = dana.push_settings().await;
        settings["browsers"].as_array().unwrap().iter().all(|browser| !browser["lastDelivery"].is_null())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_when_somebody_has_to_answer_it() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let hers = service.browser("ok", "hers");
    allows(&dana, &hers).await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    stack.has_appointment("harbor-dental", "A-2", Some(SAM)).await;
    stack.flow(&Call::new("c-1", HARBOR, MARIA, "A-1").pressed("1")).await;
    stack.flow(&Call::new("c-2", HARBOR, SAM, "A-2").pressed("2")).await;
    let shown = service.sends(&hers, 1).await;
    assert_eq!((shown.len(), &shown[0]["kind"], &shown[0]["unanswered"]), (1, &json!("call"), &json!(1)));
    let body = shown[0]["body"].as_str().unwrap();
    assert!(body.starts_with("Declined the appointment on "), "{body}");
    // The customer changes their answer within the call.
    stack.flow(&Call::new("c-1", HARBOR, MARIA, "A-1").pressed("3")).await;
    let shown = service.sends(&hers, 2).await;
    assert!(shown[1]["body"].as_str().unwrap().starts_with("Asks to reschedule the appointment on "), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_company_hides_is_hidden_from_the_next_message_on() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let hers = service.browser("ok", "hers");
    allows(&dana, &hers).await;
    stack.phone(MARIA).texts(HARBOR, "My tooth hurts").await;
    assert_eq!(service.sends(&hers, 1).await[0]["body"], "My tooth hurts");
    assert_eq!(dana.sets_pushes(&json!({"showsText": false})).await.status, 200);
    let conversation = service.notifications_of(&hers)[0]["conversation"].clone();
    stack.phone(MARIA).texts(HARBOR, "Very much").await;
    let hidden = service.sends(&hers, 2).await[1].clone();
    assert_eq!((&hidden["title"], &hidden["body"]), (&json!("Switchboard"), &json!("New message")));
    assert_eq!(hidden["conversation"], conversation, "a click leads there all the same");
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    stack.flow(&Call::new("c-1", HARBOR, MARIA, "A-1").pressed("2")).await;
    let hidden = service.sends(&hers, 3).await[2].clone();
    assert_eq!((&hidden["title"], &hidden["body"]), (&json!("Switchboard"), &json!("A call needs an answer")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_a_known_customer_is_told_with_their_name_and_next_appointment() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let hers = service.browser("ok", "hers");
    allows(&dana, &hers).await;
    let books = async |name: &str| {
        let appointment = json!({"name": name, "number": MARIA, "start": "2031-02-03T15:00", "minutes": 30});
        let request = dana.request(reqwest::Method::PUT, "/api/appointments/A-1").json(&appointment);
        let kept = dana.send(request.header("accept", "application/json")).await;
        assert!([200, 201].contains(&kept.status), "{}", kept.body);
    };
    let told = async |text: &str, nth: usize| {
        stack.phone(MARIA).texts(HARBOR, text).await;
        let shown = service.sends(&hers, nth).await[nth - 1].clone();
        (shown["title"].as_str().unwrap().to_owned(), shown["body"].as_str().unwrap().to_owned())
    };
    let as_told = |title: &str, body: &str| (title.to_owned(), body.to_owned());
    assert_eq!(told("Who is there?", 1).await, as_told("(425) 555-0182", "Who is there?"));
    books("Maria Lopez").await;
    let next = "Next appointment: Monday, 3 February 2031 at 15:00";
    assert_eq!(told("Can I come at 4?", 2).await, as_told("Maria Lopez", &format!("Can I come at 4?\n{next}")));
    books("Maria Garcia").await;
    assert_eq!(told("Hello?", 3).await, as_told("Maria Garcia", &format!("Hello?\n{next}")));
    let long = "\u{5b57}".repeat(1500);
    let (_, body) = told(&long, 4).await;
    let text = body.strip_suffix(&format!("\u{2026}\n{next}")).expect("the text is cut, and not the appointment");
    assert!(long.starts_with(text), "{body}");
    assert_eq!(dana.sets_pushes(&json!({"showsText": false})).await.status, 200);
    assert_eq!(told("Very private", 5).await, as_told("Switchboard", "New message"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_only_their_own_customers_messages_is_told_of_those() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let (hers, his) = (service.browser("ok", "hers"), service.browser("ok", "his"));
    allows(&dana, &hers).await;
    allows(&marcus, &his).await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    assert_eq!(marcus.sets_pushes(&json!({"messages": "mine"})).await.status, 200);
    stack.phone(MARIA).texts(HARBOR, "Not yet his").await;
    service.sends(&hers, 1).await;
    let appointment = marcus.get("/api/appointments/A-1").await.json();
    let version = &appointment["version"];
    let staff = marcus.get("/api/staff").await.items();
    let himself = staff.iter().find(|person| person["name"].as_str().unwrap().starts_with("Marcus")).unwrap();
    let with_marcus = json!({"provider": himself["id"], "version": version});
    let saved = marcus.post("/api/appointments/A-1", &with_marcus, tests::SendOptions::default()).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    stack.phone(SAM).texts(HARBOR, "Nobody's in particular").await;
    stack.phone(MARIA).texts(HARBOR, "Now his").await;
    let shown = service.sends(&his, 1).await;
    let body = shown[0]["body"].as_str().unwrap();
    assert!(shown.len() == 1 && body.starts_with("Now his\n"), "{shown:?}");
    assert_eq!(service.sends(&hers, 3).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_the_whole_way_and_to_that_browser_only() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let (one, other) = (service.browser("ok", "one"), service.browser("ok", "other"));
    let id = allows(&dana, &one).await;
    allows(&dana, &other).await;
    let asked = dana.tests_browser(&id).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let shown = service.sends(&one, 1).await;
    assert_eq!((&shown[0]["id"], &shown[0]["kind"]), (&asked.json()["test"], &json!("test")));
    assert_eq!(shown[0]["conversation"], Value::Null);
    let pushed = service.pushed();
    assert!(!pushed[0].headers.contains_key("topic"));
    assert!(pushed[0].headers["ttl"].parse::<u64>().unwrap() <= 240);
    // Recording the delivery does not send another test notification.
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    service.sends(&other, 1).await;
    assert_eq!(service.sends(&one, 2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_whose_session_was_signed_out_is_told_nothing_more() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let (at_work, at_home) = (stack.dana().await, stack.dana().await);
    let (work, home) = (service.browser("ok", "work"), service.browser("ok", "home"));
    allows(&at_work, &work).await;
    let stays = allows(&at_home, &home).await;
    at_work.post("/api/sign-out", &json!({}), tests::SendOptions::default()).await;
    until("the browser at work is forgotten", || async { at_home.browsers().await == [stays.clone()] }).await;
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    service.sends(&home, 1).await;
    assert_eq!(service.notifications_of(&work), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_push_service_answers_removes_a_browser_or_is_told_and_never_both() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let mut stays = BTreeMap::new();
    for status in ["400", "401", "403", "413", "redirect"] {
        stays.insert(allows(&dana, &service.browser(status, "x")).await, status);
    }
    for status in ["404", "410"] {
        allows(&dana, &service.browser(status, "x")).await;
    }
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    until("what is gone is removed, and what was refused is told", || async {
        let settings = dana.push_settings().await;
        let browsers = settings["browsers"].as_array().unwrap();
        browsers.len() == stays.len() && browsers.iter().all(|browser| !browser["lastProblem"].is_null())
    })
    .await;
    let settings = dana.push_settings().await;
    for browser in settings["browsers"].as_array().unwrap() {
        let status = stays[browser["id"].as_str().unwrap()];
        let what = browser["lastProblem"]["what"].as_str().unwrap();
        assert!(what.contains("did not accept"), "{status}: {what}");
    }
    // The next message tries each of those browsers once more, and none of the others.
    let first = service.pushed().len();
    assert_eq!(first, 7, "each once");
    stack.phone(MARIA).texts(HARBOR, "Hello again").await;
    service.until("five more", |pushed| pushed.len() >= first + 5).await;
    assert_eq!(service.pushed().len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_delivered_is_tried_again_when_the_push_service_says() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let (ok, busy, broken) =
        (service.browser("ok", "x"), service.browser("once-busy-2", "x"), service.browser("once-500", "x"));
    let ok_id = allows(&dana, &ok).await;
    let busy_id = allows(&dana, &busy).await;
    let broken_id = allows(&dana, &broken).await;
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    let again = service.sends(&busy, 2).await;
    assert_eq!((&again[0]["id"], &again[0]["body"]), (&again[1]["id"], &again[1]["body"]));
    let at = service.pushed_at(&busy);
    assert!(at[1] - at[0] >= Duration::from_secs(2), "not before Retry-After: {:?}", at[1] - at[0]);
    service.sends(&broken, 2).await;
    assert_eq!(service.notifications_of(&ok).len(), 1, "whoever was served is not served again");
    until("their problems are over, and known", || async {
        let mut over = problem_of(&dana, &ok_id).await.is_null();
        for browser in [&busy_id, &broken_id] {
            let problem = problem_of(&dana, browser).await;
            let says = problem["what"].as_str().unwrap();
            over &= problem["over"] == true && says.ends_with("Notifications have arrived since.");
        }
        over
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_hangs_while_others_are_served_is_waited_for_once() {
    const TEXTS: [&str; 3] = ["One", "Two", "Three"];
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let (hangs, ok) = (service.browser("hang", "x"), service.browser("ok", "x"));
    let hanging = allows(&dana, &hangs).await;
    allows(&dana, &ok).await;
    stack.phone(MARIA).texts(HARBOR, TEXTS[0]).await;
    has_problem(&dana, &hanging, "could not be reached").await;
    for (before, text) in TEXTS.into_iter().enumerate().skip(1) {
        stack.phone(MARIA).texts(HARBOR, text).await;
        assert_eq!(service.sends(&ok, before + 1).await[before]["body"], text);
    }
    let again = service.sends(&hangs, 2).await;
    let at = service.pushed_at(&hangs);
    assert!(at[1] - at[0] >= Duration::from_secs(30), "{:?}", at[1] - at[0]);
    assert_eq!(again[1]["body"], "Three", "of what came meanwhile, the newest");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_or_overtaken_meanwhile_is_not_told_late() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let broken = service.browser("once-500", "x");
    allows(&dana, &broken).await;
    stack.phone(MARIA).texts(HARBOR, "First").await;
    service.sends(&broken, 1).await;
    stack.phone(MARIA).texts(HARBOR, "Second").await;
    service.sends(&broken, 2).await;
    // By now the first push notification is retried, and then the one about a customer who was not included before.
    tokio::time::sleep(Duration::from_secs(7)).await;
    stack.phone(SAM).texts(HARBOR, "Third").await;
    let bodies: Vec<_> = service.sends(&broken, 3).await.iter().map(|shown| shown["body"].clone()).collect();
    assert_eq!(bodies, ["First", "Second", "Third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_asks_to_wait_is_sent_nothing_more_for_that_browser_until_then() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let (busy, ok) = (service.browser("once-busy-5", "x"), service.browser("ok", "x"));
    allows(&dana, &busy).await;
    allows(&dana, &ok).await;
    stack.phone(MARIA).texts(HARBOR, "One").await;
    service.sends(&busy, 1).await;
    stack.phone(SAM).texts(HARBOR, "Two").await;
    service.sends(&ok, 2).await;
    let mut shown = service.sends(&busy, 3).await;
    let at = service.pushed_at(&busy);
    assert!(at[1] - at[0] >= Duration::from_secs(5), "{:?}", at[1] - at[0]);
    shown.sort_by_key(|shown| shown["body"].to_string());
    let bodies: Vec<_> = shown.iter().map(|shown| &shown["body"]).collect();
    assert_eq!(bodies, ["One", "One", "Two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_hangs_holds_up_no_other_and_is_left_alone_for_a_while() {
    const TEXTS: [&str; 4] = ["One", "Two", "Three", "Four"];
    let (hanging, other) = (PushService::open().await, PushService::open().await);
    let stack = TestStack::with_push_services(&[&hanging, &other]).await;
    let dana = stack.dana().await;
    let (mut hang, mut ok) = (Vec::new(), Vec::new());
    for name in ["1", "2", "3", "4"] {
        hang.push(hanging.browser("hang", name));
        ok.push(other.browser("ok", name));
    }
    for browser in hang.iter().chain(&ok) {
        allows(&dana, browser).await;
    }
    for (before, text) in TEXTS.into_iter().enumerate() {
        stack.phone(MARIA).texts(HARBOR, text).await;
        for browser in &ok {
            assert_eq!(other.sends(browser, before + 1).await[before]["body"], text);
        }
    }
    for browser in &hang {
        hanging
            .until("what came last is tried", |pushed| {
                pushed.iter().any(|pushed| pushed.path == browser.path && browser.reads(pushed)["body"] == "Four")
            })
            .await;
    }
    let pushed = hanging.pushed();
    let first = pushed.iter().map(|pushed| pushed.at).min().unwrap();
    for browser in &hang {
        let later =
            pushed.iter().filter(|pushed| pushed.path == browser.path && browser.reads(pushed)["body"] != "One");
        let waits: Vec<_> = later.map(|pushed| pushed.at - first).collect();
        // The later push notifications come at least thirty seconds after the first, which timed out. If each text had
        // tried the browser again, the other browsers would have waited.
        assert!(waits.iter().all(|wait| *wait >= Duration::from_secs(30)), "{waits:?}");
    }
    for browser in &ok {
        assert_eq!(other.notifications_of(browser).len(), TEXTS.len(), "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_of_what_is_refused_and_given_up_and_of_nothing_else() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    for answer in ["ok", "410", "once-500", "once-busy-2"] {
        allows(&dana, &service.browser(answer, "x")).await;
    }
    let counted = || stack.metrics_of("dispatch-push");
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    service.until("each that can be is served", |pushed| pushed.len() == 6).await;
    // A failed test is shown on the screen of the person who asked for it, and not counted.
    let broken = allows(&dana, &service.browser("500", "x")).await;
    dana.tests_browser(&broken).await;
    has_problem(&dana, &broken, "could not be reached").await;
    dana.removes_browser(&broken).await;
    // A key that was removed from the configuration is a problem that only the browser's owner can solve.
    let stranger = allows(&dana, &service.browser("ok", "stranger")).await;
    knows_key(
        &stack,
        &stranger,
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
    )
    .await;
    stack.phone(SAM).texts(HARBOR, "And me?").await;
    has_problem(&dana, &stranger, "did not accept").await;
    let asked = async || {
        stack
            .usage_of("dispatch-push")
            .await
            .counts()
            .iter()
            .find(|(what, _)| *what == "Query")
            .copied()
            .map(|(_, times)| times)
    };
    let before = asked().await;
    // A retry would be due by now.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(asked().await, before, "nothing is tried again");
    let times = async |name: &str| counted().await[name].as_u64().unwrap_or_default();
    assert_eq!((times("PushRefused").await, times("PushAbandoned").await), (0, 0), "nothing for operators");

    let hostile = service.browser("403", "x");
    allows(&dana, &hostile).await;
    // The push service asks to wait until after the text's push notification has expired.
    allows(&dana, &service.browser("busy-90000", "x")).await;
    stack.phone(MARIA).texts(HARBOR, "Hello again").await;
    until("both are counted", || async { (times("PushRefused").await, times("PushAbandoned").await) == (1, 1) }).await;
    assert_eq!(times("PushRefused Service").await, 1, "by whose it is");
    // A push service that rejects everything is counted once, so it does not raise the alarm again and again.
    let delivered = times("PushDelivered").await;
    stack.phone(MARIA).texts(HARBOR, "And again").await;
    let twice = |pushed: &[ReceivedPush]| pushed.iter().filter(|it| it.path == hostile.path).count() == 2;
    service.until("it is sent another", twice).await;
    until("the others are told", || async { times("PushDelivered").await > delivered }).await;
    assert_eq!(times("PushRefused").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_of_push_keys_that_cannot_be_read() {
    let service = PushService::open().await;
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_with_push_services_in(folder.path(), &[&service]).await;
    allows(&stack.dana().await, &service.browser("ok", "x")).await;
    stack.close().await;
    std::fs::write(folder.path().join("push-keys.json"), "{}").unwrap();
    let stack = TestStack::open_with_push_services_in(folder.path(), &[&service]).await;
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    until("it is counted", || async {
        stack.metrics_of("dispatch-push").await["PushRefused Keys"].as_u64().is_some_and(|times| times > 0)
    })
    .await;
    assert_eq!(service.pushed().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_whose_push_service_is_not_allowed_any_more_is_sent_nothing_and_its_person_is_told() {
    let (one, other) = (PushService::open().await, PushService::open().await);
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_with_push_services_in(folder.path(), &[&one, &other]).await;
    let dana = stack.dana().await;
    let (stays, goes) = (one.browser("ok", "stays"), other.browser("ok", "goes"));
    allows(&dana, &stays).await;
    let gone = allows(&dana, &goes).await;
    stack.phone(MARIA).texts(HARBOR, "One").await;
    one.sends(&stays, 1).await;
    other.sends(&goes, 1).await;
    stack.close().await;

    let stack = TestStack::open_with_push_services_in(folder.path(), &[&one]).await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "Two").await;
    assert_eq!(one.sends(&stays, 2).await[1]["body"], "Two");
    has_problem(&dana, &gone, "not one that Switchboard may send to").await;
    assert_eq!(other.pushed().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_on_all_pages_of_the_table_are_told_as_they_are_set() {
    const PEOPLE: usize = 10;
    const EACH: usize = 10;
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    allows(&dana, &service.browser("ok", "first")).await;
    assert_eq!(dana.sets_pushes(&json!({"showsText": false})).await.status, 200);
    let item = stored_browsers(&stack).await[0].clone();
    let (mut told, mut not_told, mut items) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PEOPLE * EACH {
        let person = number / EACH;
        let subscriber = service.browser("ok", &number.to_string());
        let mut item = as_kept(&item, person, &subscriber);
        // A page of the table has at most one megabyte. With large items, it ends after a few people's browsers.
        item["browser"]["S"] = json!("x".repeat(30_000));
        items.push(item);
        if person < PEOPLE / 2 { told.push(subscriber) } else { not_told.push(subscriber) }
    }
    for person in PEOPLE / 2..PEOPLE {
        items.push(json!({"pk": item["pk"], "sk": {"S": format!("STAFF#person-{person}")}, "messages": {"S": "mine"}}));
    }
    for some in items.chunks(25) {
        let puts: Vec<_> = some.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        stack.table("BatchWriteItem", json!({"RequestItems": {local::TABLE: puts}})).await;
    }
    let before = stack.usage_of("dispatch-push").await;
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    for browser in &told {
        assert_eq!(service.sends(browser, 1).await[0]["body"], "New message");
    }
    // When the second text has been pushed, all effects of the first have happened.
    stack.phone(SAM).texts(HARBOR, "And me?").await;
    for browser in &told {
        assert_eq!(service.sends(browser, 2).await.len(), 2, "each once");
    }
    for browser in &not_told {
        assert_eq!(service.notifications_of(browser), Vec::<Value>::new(), "whoever wants their own customers' only");
    }
    let asked = stack.usage_of("dispatch-push").await.since(&before);
    let queries = asked.counts().iter().find(|(operation, _)| *operation == "Query").unwrap().1;
    // With one query fewer for each text, all browsers could be on one page, beside the count of waiting customers.
    assert!(queries >= 2 * 4, "{queries} queries");
}

/// Waits until the settings show this problem for a browser.
async fn has_problem(desk: &StaffClient<'_>, browser: &str, why: &str) {
    until(why, || async { problem_of(desk, browser).await["what"].as_str().is_some_and(|what| what.contains(why)) })
        .await;
}

/// Returns the last problem of a browser, as the settings show it.
async fn problem_of(desk: &StaffClient<'_>, browser: &str) -> Value {
    let settings = desk.push_settings().await;
    let mut browsers = settings["browsers"].as_array().unwrap().iter();
    browsers.find(|there| there["id"] == browser).unwrap()["lastProblem"].clone()
}

/// Stores an outdated VAPID key with a browser's subscription.
async fn knows_key(stack: &TestStack, browser: &str, key: &str) {
    let items = stored_browsers(stack).await;
    let item = items.iter().find(|item| item["sk"]["S"].as_str().unwrap().ends_with(browser)).unwrap();
    let change = json!({"Key": {"pk": item["pk"], "sk": item["sk"]},
        "UpdateExpression": "SET subscription.#key = :key", "ExpressionAttributeNames": {"#key": "key"},
        "ExpressionAttributeValues": {":key": {"S": key}}});
    stack.table("UpdateItem", change).await;
}

/// A third of a thousand browsers have a push service that fails in one of the ways in `BAD`.
#[tokio::test(flavor = "multi_thread")]
async fn a_third_of_a_thousand_that_cannot_be_served_hold_up_nobody() {
    const BAD: [&str; 12] = [
        "hang",
        "reset",
        "once-reset",
        "redirect",
        "500",
        "once-500",
        "busy-2",
        "once-busy-2",
        "huge",
        "drip",
        "410",
        "403",
    ];
    const MAX_ATTEMPTS: usize = 6;
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let first = service.browser("ok", "first");
    allows(&dana, &first).await;
    let (mut subscribers, mut items) = (vec![first], Vec::new());
    let item = stored_browsers(&stack).await[0].clone();
    for number in 1..1000 {
        let answer = if number % 3 == 0 { BAD[number / 3 % BAD.len()] } else { "ok" };
        let subscriber = service.browser(answer, &number.to_string());
        items.push(as_kept(&item, number / 10, &subscriber));
        subscribers.push(subscriber);
    }
    for some in items.chunks(25) {
        let puts: Vec<_> = some.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        stack.table("BatchWriteItem", json!({"RequestItems": {local::TABLE: puts}})).await;
    }
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    let of = |how: &str| {
        subscribers.iter().filter(|subscriber| subscriber.path.starts_with(&format!("/{how}/"))).collect::<Vec<_>>()
    };
    let served = |to: &[&Subscriber], times: usize, pushed: &[tests::ReceivedPush]| {
        let mut count = BTreeMap::<&str, usize>::new();
        for pushed in pushed {
            *count.entry(&pushed.path).or_default() += 1;
        }
        to.iter().all(|subscriber| count.get(subscriber.path.as_str()).is_some_and(|count| *count >= times))
    };
    let good = of("ok");
    assert_eq!(good.len(), 667);
    service.until("all the others served", |pushed| served(&good, 1, pushed)).await;
    for subscriber in &good {
        assert_eq!(service.notifications_of(subscriber).len(), 1, "{}", subscriber.path);
    }
    for how in ["reset", "once-reset", "500", "once-500", "once-busy-2", "hang", "drip"] {
        service.until(&format!("tried again: {how}"), |pushed| served(&of(how), 2, pushed)).await;
    }
    until("those that are gone are removed", || async {
        !stored_browsers(&stack)
            .await
            .iter()
            .any(|item| item["subscription"]["M"]["endpoint"]["S"].as_str().unwrap().contains("/410/"))
    })
    .await;
    assert_eq!(stored_browsers(&stack).await.len(), 1000 - of("410").len(), "and nobody else");
    for how in ["redirect", "403", "huge"] {
        let all = of(how);
        let times = service.pushed().iter().filter(|pushed| pushed.path.starts_with(&format!("/{how}/"))).count();
        assert_eq!(times, all.len(), "{how}: each once");
    }
    // A service that keeps asking to wait two seconds is not retried forever, and operators are alerted.
    let busy = of("busy-2");
    until("given up", || async { stack.metrics_of("dispatch-push").await["PushAbandoned"] == json!(busy.len()) }).await;
    for subscriber in &busy {
        assert_eq!(service.notifications_of(subscriber).len(), MAX_ATTEMPTS, "{}", subscriber.path);
    }
    let tokens: BTreeSet<_> = service.pushed().iter().map(|pushed| pushed.token().to_owned()).collect();
    assert_eq!(tokens.len(), 1, "one signature for all of them");
    // Meanwhile the stream is processed.
    stack.phone(SAM).texts(HARBOR, "And me?").await;
    service.until("the next message", |pushed| served(&good, 2, pushed)).await;
}

/// Returns the browsers in the table.
async fn stored_browsers(stack: &TestStack) -> Vec<Value> {
    let query = json!({"KeyConditionExpression": "pk = :pk AND begins_with(sk, :staff)", "ConsistentRead": true,
        "FilterExpression": "attribute_exists(subscription)",
        "ExpressionAttributeValues": {":pk": {"S": "PUSH#harbor-dental"}, ":staff": {"S": "STAFF#"}}});
    stack.table("Query", query).await["Items"].as_array().unwrap().clone()
}

/// Returns a copy of a browser's item for another subscriber and another person. The API limits each person's browsers,
/// and a retry reads all browsers of a person. So a thousand browsers belong to a hundred people.
fn as_kept(item: &Value, person: usize, subscriber: &Subscriber) -> Value {
    let subscription = subscriber.subscription();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let named = PushSubscription {
        endpoint: PushEndpoint::new(subscriber.browser.endpoint.clone()),
        p256dh: text(&subscription["keys"]["p256dh"]),
        auth: text(&subscription["keys"]["auth"]),
        key: text(&item["subscription"]["M"]["key"]["S"]),
    };
    let mut item = item.clone();
    // Removes a field that would cause push notifications about this browser to the person's other browsers.
    item.as_object_mut().unwrap().remove("added");
    let person = format!("person-{person}");
    item["sk"]["S"] = json!(format!("STAFF#{person}#{}", named.id()));
    item["staff"]["S"] = json!(person);
    for (name, value) in [("endpoint", named.endpoint.as_str()), ("p256dh", &named.p256dh), ("auth", &named.auth)] {
        item["subscription"]["M"][name]["S"] = json!(value);
    }
    item
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_browsers_of_somebody_are_told_of_one_more_and_not_of_one_that_comes_again() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let [known, colleagues, added, renewed] =
        ["known", "colleagues", "added", "renewed"].map(|it| service.browser("ok", it));
    allows(&dana, &known).await;
    allows(&marcus, &colleagues).await;
    // A thief of the session could do this.
    allows(&dana, &added).await;
    until("it is told", || async { !service.pushes_of_others(&known).is_empty() }).await;
    let [told] = &service.pushes_of_others(&known)[..] else { panic!("once") };
    assert_eq!(
        (&told["conversation"], &told["title"]),
        (&Value::Null, &json!("Notifications are on in one more browser"))
    );
    assert!(told["body"].as_str().unwrap().contains("Was it not you?"), "{told}");

    // The same browser again, as each page reports it, and the browser with a new endpoint: neither counts as another
    // browser.
    assert_eq!(dana.puts_subscription(&added.browser, &added.subscription()).await.status, 200);
    let mut subscription = renewed.subscription();
    subscription["replaces"] = json!(added.browser.endpoint);
    assert_eq!(dana.puts_subscription(&renewed.browser, &subscription).await.status, 201);
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    for browser in [&known, &colleagues, &renewed] {
        service.sends(browser, 1).await;
    }
    assert_eq!(service.pushes_of_others(&known).len(), 1);
    for browser in [&colleagues, &renewed, &added] {
        assert_eq!(service.pushes_of_others(browser), Vec::<Value>::new());
    }
}
