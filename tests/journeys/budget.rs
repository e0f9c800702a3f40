//! The exact number of table requests of each operation.

use serde_json::json;
use tests::{Browser, Call, HARBOR, PushService, SmsEvent, TableUsage, TestStack, ago, by_queue};

const MARIA: &str = "+14255550182";

/// Runs an operation and returns its table usage.
async fn cost<T>(stack: &TestStack, work: impl Future<Output = T>) -> TableUsage {
    let before = stack.usage().await;
    work.await;
    stack.usage().await.since(&before)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_inbound_sms_is_one_transaction_and_a_cold_one_a_look_up_more() {
    let stack = TestStack::open().await;
    let deliver = async |id: &str, seconds| {
        let event = by_queue(&[SmsEvent::new(id, MARIA, HARBOR, "hello").with_time(ago(seconds))]);
        cost(&stack, stack.deliver(&event)).await
    };
    assert_eq!(deliver("1", 30).await.counts(), [("GetItem", 1), ("TransactWriteItems", 1)], "cold");
    let warm = deliver("2", 20).await;
    assert_eq!(warm.counts(), [("TransactWriteItems", 1)], "warm");
    // Two write units for each of three items of a transaction, and for their index entries.
    assert!((6.0..=14.0).contains(&warm.units), "{} units", warm.units);
    assert_eq!(deliver("2", 20).await.counts(), [("TransactWriteItems", 1)], "a repeat");
    assert_eq!(deliver("3", 25).await.counts(), [("TransactWriteItems", 2)], "out of order");
    let stop = by_queue(&[SmsEvent::new("4", MARIA, HARBOR, "STOP").with_time(ago(10))]);
    assert_eq!(cost(&stack, stack.deliver(&stop)).await.counts(), [("TransactWriteItems", 1)], "an opt-out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_two_requests_changed_or_not() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let texts: Vec<_> = (0..40)
        .map(|n| SmsEvent::new(&n.to_string(), &format!("+142555501{n:02}"), HARBOR, "hello").with_time(ago(90 - n)))
        .collect();
    stack.deliver(&by_queue(&texts)).await;
    for path in ["/api/notifications?limit=10", "/api/notifications?by=customer&limit=10"] {
        let first = dana.screen(path).await;
        let tag = first.header("etag").unwrap().to_owned();
        let refresh = cost(&stack, dana.screen(path)).await;
        assert_eq!(refresh.counts(), [("BatchGetItem", 1), ("Query", 1)]);
        let unchanged = cost(&stack, async {
            let request = dana.request(reqwest::Method::GET, path).header("if-none-match", tag);
            let answer = dana.send(request).await;
            assert_eq!((answer.status, answer.body.len()), (304, 0));
        })
        .await;
        assert_eq!(unchanged.counts(), [("BatchGetItem", 1), ("Query", 1)]);
        // Small items from the index, eventually consistent, and ten conversation summaries and customers.
        assert!(unchanged.units <= 13.0, "{path}: {} units", unchanged.units);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_conversation_is_one_request_and_one_of_the_inbox_two() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let texts: Vec<_> =
        (0..80).map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, "hello").with_time(ago(90 - n))).collect();
    stack.deliver(&by_queue(&texts)).await;
    let conversation = dana.conversation_with(MARIA).await;
    let mut next = Some(format!("/api/conversations/{conversation}/messages"));
    let mut pages = 0;
    while let Some(path) = next {
        let mut page = None;
        let spent = cost(&stack, async { page = Some(dana.get(&path).await) }).await;
        assert_eq!(spent.counts(), [("Query", 1)], "{path}");
        assert!(spent.units <= 2.0, "{} units", spent.units);
        next = page.unwrap().next();
        pages += 1;
    }
    assert_eq!(pages, 3);
    // The customers' names and appointments are separate items. The index has only the conversation summaries.
    assert_eq!(cost(&stack, dana.get("/api/conversations")).await.counts(), [("BatchGetItem", 1), ("Query", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_send_is_two_transactions_and_the_first_looks_up_whom_and_its_line() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    // The local carrier keeps its messages in the same DynamoDB. It reads whether the customer has opted out, and
    // writes the message.
    let carriers = [("GetItem", 1), ("PutItem", 1)];
    let cold = cost(&stack, dana.replies(&conversation, "one")).await;
    assert_eq!(
        cold.counts(),
        [("BatchGetItem", 1), ("GetItem", 3), carriers[1], ("TransactWriteItems", 2)],
        "cold: and the line, which may leave by a pool, and whether the customer is one"
    );
    let warm = cost(&stack, dana.replies(&conversation, "two")).await;
    assert_eq!(warm.counts(), [carriers[0], carriers[1], ("TransactWriteItems", 2)], "warm");
    // Two units for each of twelve items of the first transaction: six count what is sent, and two are conditions on
    // the session. Two units for each of two items of the second, and their index entries.
    assert!((28.0..=34.0).contains(&warm.units), "{} units", warm.units);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_read_saved_and_deleted_in_one_request_and_begun_in_three() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let draft = json!({"fields": {"text": "On Monday we are"}});
    dana.notifications().await;
    let begun = cost(&stack, dana.saves_draft("new-message", &draft)).await;
    assert_eq!(begun.counts(), [("Query", 1), ("TransactWriteItems", 2)], "it counts those that there are");
    let saved = cost(&stack, dana.saves_draft("new-message", &draft)).await;
    assert_eq!(saved.counts(), [("TransactWriteItems", 1)]);
    // Two units for the draft and for each of two conditions on the session.
    assert!(saved.units <= 6.0, "{} units", saved.units);
    assert_eq!(cost(&stack, dana.draft("new-message")).await.counts(), [("GetItem", 1)]);
    assert_eq!(cost(&stack, dana.deletes_draft("new-message")).await.counts(), [("TransactWriteItems", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_taken_down_in_some_requests_and_a_repeat_of_it_in_fewer() {
    let stack = TestStack::open().await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    let call = Call::new("c-1", HARBOR, MARIA, "A-1");
    let event = cost(&stack, stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")])).await;
    assert_eq!(
        event.counts(),
        [("BatchGetItem", 1), ("GetItem", 2), ("TransactWriteItems", 1)],
        "appointment; line, company; the call"
    );
    let repeat = cost(&stack, stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")])).await;
    assert_eq!(
        repeat.counts(),
        [("BatchGetItem", 1), ("GetItem", 3), ("TransactWriteItems", 1)],
        "and the call as it is"
    );
    let asks = cost(&stack, stack.flow(&call.pressed("3"))).await;
    assert_eq!(
        asks.counts(),
        [("BatchGetItem", 1), ("GetItem", 3), ("TransactWriteItems", 2)],
        "an improvement is one more"
    );
    let other = Call::new("c-2", HARBOR, MARIA, "A-1");
    let confirms = cost(&stack, stack.flow(&other.pressed("1"))).await;
    assert_eq!(
        confirms.counts(),
        [("BatchGetItem", 3), ("GetItem", 2), ("TransactWriteItems", 2), ("UpdateItem", 1)],
        "and the appointment, with its customer"
    );
    let again = cost(&stack, stack.flow(&other.pressed("1"))).await;
    assert_eq!(again.counts(), [("BatchGetItem", 1), ("GetItem", 3), ("TransactWriteItems", 1)], "which is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_live_frame_is_a_page_of_connections_one_of_the_conversation_and_one_of_the_feed_for_all() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(dana.goes_live().await);
    }
    let mut told = async |text: &str| {
        let before = stack.usage_of("live-updates").await;
        stack.phone(MARIA).texts(HARBOR, text).await;
        for socket in &mut sockets {
            socket.sees(text).await;
        }
        stack.usage_of("live-updates").await.since(&before)
    };
    told("cold").await;
    // The third query reads the feed: the Dashboard has one row for each customer, with the number of further entries.
    assert_eq!(told("warm").await.counts(), [("Query", 3)]);
    let connecting = stack.usage_of("live-connection").await;
    // The socket stays open, because closing it causes another request, which deletes the connection.
    let _one_more = dana.goes_live().await;
    assert_eq!(stack.usage_of("live-connection").await.since(&connecting).counts(), [("TransactWriteItems", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_push_to_some_browsers_is_a_page_of_them_and_one_of_each_thing_that_it_says() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let browsers = ["1", "2", "3", "4", "5"].map(|name| service.browser("ok", name));
    for browser in &browsers {
        dana.puts_subscription(&browser.browser, &browser.subscription()).await;
    }
    let told = async |texts: &[&str]| {
        let before = stack.usage_of("dispatch-push").await;
        for text in texts {
            let pushed = service.pushed().len();
            stack.phone(MARIA).texts(HARBOR, text).await;
            service.until(text, |all| all.len() >= pushed + browsers.len()).await;
        }
        stack.usage_of("dispatch-push").await.since(&before)
    };
    told(&["cold", "and noted"]).await;
    // Two texts, so that all effects of the first are counted: the browsers and the count of waiting customers, the
    // company, and the conversation. Deliveries are recorded only once in a while.
    assert_eq!(told(&["warm", "again"]).await.counts(), [("BatchGetItem", 2), ("GetItem", 2), ("Query", 4)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_asks_for_what_it_shows_and_is_written_with_its_customer_at_once() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let day = dana.get("/api/appointments").await.json()["day"].as_str().unwrap().to_owned();
    let booking = |number: &str| serde_json::json!({"name": "Maria Lopez", "number": number, "start": ago(0), "minutes": 30, "service": "Cleaning"});
    let id = "/api/appointments/PMS-1";
    let puts = async |number: &str, service: &str| {
        let mut body = booking(number);
        body["service"] = service.into();
        let request = dana.request(reqwest::Method::PUT, id).header("accept", "application/json").json(&body);
        let answer = dana.send(request).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.body);
    };
    // Requests: the appointment; for a new number, the company and whether the number is one of its lines; the
    // customer, before the write and for the response; the session; two rate limits, of the person and of the company;
    // and, once for every number, that its lookup at the carriers has begun and what it returned.
    assert_eq!(
        cost(&stack, puts(MARIA, "Cleaning")).await.counts(),
        [("BatchGetItem", 4), ("GetItem", 2), ("TransactWriteItems", 2), ("UpdateItem", 3)],
        "new"
    );
    assert_eq!(
        cost(&stack, puts(MARIA, "Check-up")).await.counts(),
        [("BatchGetItem", 4), ("TransactWriteItems", 1), ("UpdateItem", 2)],
        "changed"
    );
    assert_eq!(
        cost(&stack, puts("+12535550119", "Check-up")).await.counts(),
        [("BatchGetItem", 4), ("GetItem", 2), ("TransactWriteItems", 2), ("UpdateItem", 3)],
        "another number: both customers in the same requests"
    );
    assert_eq!(cost(&stack, dana.get(id)).await.counts(), [("BatchGetItem", 2)], "opened");
    assert_eq!(cost(&stack, dana.get(&format!("/api/appointments?day={day}"))).await.counts(), [("Query", 1)], "a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_does_not_read_what_its_appointments_were_before() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let day = dana.get("/api/appointments").await.json()["day"].as_str().unwrap().to_owned();
    for minutes in 1..=9 {
        let body = serde_json::json!({
            "name": "Maria Lopez", "start": ago(0), "minutes": minutes, "notes": "Long. ".repeat(333).trim(),
        });
        let request = dana.request(reqwest::Method::PUT, "/api/appointments/PMS-1").json(&body);
        assert!(dana.send(request).await.status < 300);
    }
    assert_eq!(dana.get("/api/appointments/PMS-1").await.json()["version"], 9);
    let list = cost(&stack, dana.get(&format!("/api/appointments?day={day}"))).await;
    // Half a read unit for every 4 KB. All nine versions together have 20 KB.
    assert!(list.units <= 0.5, "{} units", list.units);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_with_every_page_costs_two_requests_and_a_new_one_four() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    dana.get("/api/session").await;
    let firefox = Browser::firefox("one");
    let new = cost(&stack, dana.is_notified_in(&firefox)).await;
    assert_eq!(new.counts(), [("BatchGetItem", 1), ("Query", 2), ("TransactWriteItems", 1)]);
    let again = cost(&stack, dana.is_notified_in(&firefox)).await;
    // The query counts the customers who wait for an answer.
    assert_eq!(again.counts(), [("BatchGetItem", 1), ("Query", 1)]);
    assert!(again.units <= 4.0, "{} units", again.units);
    let tomorrow = stack.dana().await;
    tomorrow.get("/api/session").await;
    let refreshed = cost(&stack, tomorrow.is_notified_in(&firefox)).await;
    assert_eq!(refreshed.counts(), [("BatchGetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]);
    assert_eq!(cost(&stack, dana.push_settings()).await.counts(), [("GetItem", 1), ("Query", 2)]);
    let browser = dana.browsers().await.remove(0);
    assert_eq!(cost(&stack, dana.tests_browser(&browser)).await.counts(), [("TransactWriteItems", 1)]);
    assert_eq!(
        cost(&stack, dana.removes_browser(&browser)).await.counts(),
        [("BatchGetItem", 1), ("TransactWriteItems", 1)]
    );
}
