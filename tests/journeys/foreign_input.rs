//! Invalid or hostile input from outside causes no panic and no status of 500 or above, and the next valid request
//! succeeds.
//!
//! `PROPTEST_CASES=100000 cargo test --package tests foreign_input` tries more. Inputs that failed before are tried
//! first, from `foreign_input.regressions`. The parsers have fuzz tests of their own in `fuzz/`, with far more cases.

use std::fmt::Write;

use local::{ROUTES, Route};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use tests::mutation::{JsonMutation, TextMutation, changes, edits};
use tests::{Browser, Call, HARBOR, PushService, SmsEvent, StaffClient, Subscriber, TestStack, ago, by_queue, record};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

const MARIA: &str = "+14255550182";

/// Tries random cases of a strategy, `times` times as many as `PROPTEST_CASES` says. Shrinks a case that fails.
fn tries<S: Strategy>(times: u32, strategy: &S, mut holds: impl AsyncFnMut(S::Value) -> Result<(), TestCaseError>) {
    let kept =
        FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/foreign_input.regressions"));
    let known = Config::default();
    let config = Config { cases: times * known.cases, failure_persistence: Some(Box::new(kept)), ..known };
    let holds = std::cell::RefCell::new(&mut holds);
    let tried = TestRunner::new(config)
        .run(strategy, |case| block_in_place(|| Handle::current().block_on((holds.borrow_mut())(case))));
    tried.unwrap_or_else(|failed| panic!("{failed}"));
}

fn json_in(records: &[(&str, String)]) -> Value {
    json!({"Records": records.iter().map(|(id, body)| record(id, body)).collect::<Vec<_>>()})
}

fn envelope(message: &Value) -> Value {
    json!({
        "Type": "Notification", "MessageId": "5e0f", "TopicArn": "arn:aws:sns:eu-central-1:000000000000:inbound-sms",
        "Message": message.to_string(), "Timestamp": ago(1), "SignatureVersion": "1",
    })
}

/// A kind of inbound input: the function, the input, and how an event carries it.
type InboundCase = (&'static str, Value, fn(&Value) -> Value);

/// Returns the kinds of inbound input. `sent` is a message for which delivery receipts are included.
fn inbound_cases(sent: &Value) -> Vec<InboundCase> {
    let sms = json!({
        "originationNumber": MARIA, "destinationNumber": HARBOR, "messageKeyword": "KEYWORD_1", "messageBody": "Hello",
        "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84", "previousPublishedMessageId": "id",
    });
    let call = Call::new("contact", HARBOR, MARIA, "7f3a");
    let receipt = json!({
        "eventType": "TEXT_UNREACHABLE", "eventVersion": "1.0", "eventTimestamp": 1_700_000_000_000_u64, "isFinal": true,
        "originationPhoneNumber": HARBOR, "destinationPhoneNumber": MARIA, "isoCountryCode": "US", "messageId": "of-the-carrier",
        "messageStatus": "UNREACHABLE", "messageStatusDescription": "out of reach",
        "context": {"company": "harbor-dental", "conversation": sent["conversation"], "message": sent["id"]},
    });
    let itself: fn(&Value) -> Value = Value::clone;
    let socket = json!({
        "headers": {"Cookie": "switchboard=00ff", "Host": "localhost", "Sec-Fetch-Site": "same-origin"},
        "multiValueHeaders": {"Cookie": ["switchboard=00ff"]},
        "requestContext": {
            "connectionId": "abc=", "eventType": "MESSAGE", "routeKey": "$default", "connectedAt": 1, "domainName": "d",
            "stage": "live", "authorizer": {"company": "harbor-dental", "session": "00ff", "staff": "dana", "principalId": "p"},
        },
        "body": r#"{"action":"ping"}"#, "isBase64Encoded": false, "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:local:000000000000:local/live/$connect",
    });
    vec![
        ("inbound-sms", sms.clone(), |sms| json_in(&[("1", sms.to_string())])),
        ("inbound-sms", sms.clone(), |sms| json_in(&[("1", envelope(sms).to_string())])),
        ("inbound-sms", envelope(&sms), |envelope| {
            json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": envelope,
                "EventSubscriptionArn": "arn:aws:sns:eu-central-1:0:t:s"}]})
        }),
        ("inbound-sms", json_in(&[("1", sms.to_string()), ("2", envelope(&sms).to_string())]), itself),
        ("confirmation-call", call.pressed("1"), itself),
        ("confirmation-call", call.ended_event("HUMAN_ANSWERED"), |event| json_in(&[("1", event.to_string())])),
        ("confirmation-call", json_in(&[("1", call.initiated().to_string())]), itself),
        ("delivery-receipt", receipt.clone(), |receipt| json_in(&[("1", envelope(receipt).to_string())])),
        ("delivery-receipt", json_in(&[("1", receipt.to_string()), ("2", envelope(&receipt).to_string())]), itself),
        ("authorize", socket.clone(), itself),
        ("live-connection", socket, itself),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_function_panics_at_what_it_is_brought() {
    let stack = TestStack::open().await;
    stack.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
    let dana = stack.dana().await;
    assert_eq!(dana.writes_first(MARIA, "Hello").await.status, 201);
    let brought = inbound_cases(&dana.messages(&dana.conversation_with(MARIA).await).await.items()[0]);
    let cases = (0..brought.len(), vec(changes(), 0..4), vec(changes(), 0..2));
    tries(2, &cases, async |(which, inside, around)| {
        let (function, words, bring) = &brought[which];
        let mut words = words.clone();
        for change in inside {
            change.happens_to(&mut words);
        }
        let mut event = bring(&words);
        for change in &around {
            change.happens_to(&mut event);
        }
        let invoked = stack.invoke(function, &event).await;
        prop_assert_ne!(&invoked.payload["errorType"], "Panic", "{}", function);
        // An invalid record fails alone, and not its batch.
        if around.is_empty() && event.pointer("/Records/0/messageId").is_some() {
            prop_assert!(!invoked.failed, "{}: {}", function, invoked.payload);
        }
        Ok(())
    });
    // The next valid message is still stored.
    stack.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert!(dana.notifications().await.texts().contains(&"Still there?".to_owned()));
}

/// Returns stream records of all stored items, each as an insertion and as an unchanged update.
async fn streamed(stack: &TestStack) -> Vec<Value> {
    let stored = stack.table("Scan", json!({"ConsistentRead": true})).await;
    let record = |item: &Value| {
        json!({
            "eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "local", "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/switchboard/stream/1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1, "Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item,
                "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    };
    let new: Vec<_> = stored["Items"].as_array().unwrap().iter().map(record).collect();
    let changed = new.iter().cloned().map(|mut record| {
        record["eventName"] = json!("MODIFY");
        record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"].clone();
        record
    });
    new.iter().cloned().chain(changed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_record_of_the_stream_is_panicked_at_or_holds_up_those_behind_it() {
    let service = PushService::open().await;
    let stack = TestStack::with_push_service(&service).await;
    let dana = stack.dana().await;
    let allows = async |subscriber: &Subscriber| {
        let kept = dana.puts_subscription(&subscriber.browser, &subscriber.subscription()).await;
        assert_eq!(kept.status, 201, "{}", kept.body);
        kept.json()["id"].as_str().unwrap().to_owned()
    };
    let browser = allows(&service.browser("ok", "now")).await;
    assert_eq!(dana.tests_browser(&browser).await.status, 202);
    stack.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
    stack.phone(MARIA).texts(HARBOR, "Hello").await;
    stack.flow(&Call::new("contact", HARBOR, MARIA, "7f3a").pressed("2")).await;
    let mut open = dana.goes_live().await;
    let records = streamed(&stack).await;
    tries(
        1,
        &(select(&["live-updates", "dispatch-push"][..]), any::<Index>(), vec(changes(), 0..4)),
        async |(function, which, changes)| {
            let mut record = records[which.index(records.len())].clone();
            for change in changes {
                change.happens_to(&mut record);
            }
            // The first record is valid, so that the function recognizes a batch of the stream.
            let invoked = stack.invoke(function, &json!({"Records": [records[0], record]})).await;
            prop_assert_ne!(&invoked.payload["errorType"], "Panic", "{}", function);
            prop_assert!(!invoked.failed, "{}: {}", function, invoked.payload);
            prop_assert_eq!(&invoked.payload["batchItemFailures"], &json!([]), "{}", function);
            // A record can say that Dana's session has ended or that she was removed from staff. Her socket is then
            // closed.
            if !open.answers().await {
                open = dana.goes_live().await;
                prop_assert!(open.answers().await);
            }
            Ok(())
        },
    );
    let later = service.browser("ok", "later");
    allows(&later).await;
    stack.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert_eq!(service.sends(&later, 1).await[0]["body"], "Still there?");
    open.sees("Still there?").await;
}

/// A request, with all of its variable input.
#[derive(Clone)]
struct ApiRequest {
    route: Route,
    /// The value of the path's parameter.
    word: String,
    query: Vec<(String, String)>,
    json: Option<Value>,
    form: Vec<(&'static str, String)>,
}

impl ApiRequest {
    fn new(route: Route, word: &str) -> Self {
        Self { route, word: word.to_owned(), query: Vec::new(), json: None, form: Vec::new() }
    }

    fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    fn json(self, json: Value) -> Self {
        Self { json: Some(json), ..self }
    }

    fn form(self, fields: &[(&'static str, &str)]) -> Self {
        Self { form: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), ..self }
    }

    /// Returns whether the request ends or deletes something that later requests need.
    fn ends_something(&self) -> bool {
        let ends =
            ["/api/sign-out", "/api/conversations/{conversation}/opt-out", "/api/conversations/{conversation}/block"];
        ends.contains(&self.route.path) || (self.route.method == "DELETE" && self.route.path != "/api/drafts/{draft}")
    }
}

/// The ids that requests refer to.
struct ApiFixture<'a> {
    dana: StaffClient<'a>,
    conversation: String,
    /// The cursor of a message with more before and after it.
    position: String,
    /// A message that may be sent again.
    failed: String,
    appointment: String,
    browser: String,
    session: String,
}

impl<'a> ApiFixture<'a> {
    /// Creates the data. `time` makes its message ids unique.
    async fn in_house(stack: &'a TestStack, time: usize) -> Self {
        let dana = stack.dana().await;
        let texts =
            (0..40).map(|n| SmsEvent::new(&format!("{time}-{n}"), MARIA, HARBOR, "Hello").with_time(ago(90 - n)));
        stack.deliver(&by_queue(&texts.collect::<Vec<_>>())).await;
        // An earlier request can have blocked Maria or opted her out.
        for blocked in dana.get("/api/conversations?filter=blocked").await.items() {
            let path = format!("/api/conversations/{}/block", blocked["conversation"].as_str().unwrap());
            dana.send(dana.request(Method::DELETE, &path)).await;
        }
        stack.phone(MARIA).texts(HARBOR, "START").await;
        let conversation = dana.conversation_with(MARIA).await;
        stack.phone(MARIA).next_is("spend-limit").await;
        dana.replies(&conversation, "Hello").await;
        let messages = dana.messages(&conversation).await.items();
        let [failed, position] = [0, 20].map(|place: usize| messages[place]["id"].as_str().unwrap().to_owned());
        stack.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
        let kept = dana.turns_on(&Browser::firefox("one")).await;
        let browser = kept.json()["id"].as_str().unwrap().to_owned();
        let session = dana.get("/api/sessions").await.items()[0]["id"].as_str().unwrap().to_owned();
        Self { dana, conversation, position, failed, appointment: "7f3a".to_owned(), browser, session }
    }

    /// Returns the valid requests of a route.
    fn ways(&self, route: Route) -> Vec<ApiRequest> {
        let Self { conversation, position, failed, appointment, browser, session, .. } = self;
        let written = json!({
            "name": "Maria Lopez", "number": "(425) 555-0182", "day": "2026-12-30", "time": "15:00", "minutes": 30,
            "service": "Cleaning", "notes": "First visit", "status": "booked", "provider": "marcus",
        });
        let asked = |word: &str| ApiRequest::new(route, word);
        match (route.method, route.path) {
            ("GET", "/api/notifications" | "/api/conversations") => {
                vec![asked("").with_parameter("before", position).with_parameter("limit", "10")]
            }
            ("GET", "/api/conversations/{conversation}/messages") => vec![
                asked(conversation).with_parameter("before", position).with_parameter("limit", "10"),
                asked(conversation).with_parameter("after", position),
            ],
            ("POST", "/api/conversations/{conversation}/messages") => vec![
                asked(conversation).json(json!({"text": "Hello"})),
                asked(conversation).json(json!({"again": failed})),
                asked(conversation).form(&[("text", "Hello")]),
            ],
            ("GET", "/api/conversations/{conversation}/history")
            | ("GET" | "POST" | "DELETE", "/api/conversations/{conversation}/customer-data")
            | ("PUT" | "DELETE", "/api/conversations/{conversation}/block")
            | ("POST", "/api/conversations/{conversation}/opt-out") => vec![asked(conversation)],
            ("POST", "/api/conversations/{conversation}/done") => {
                vec![
                    asked(conversation).json(json!({"through": failed})),
                    asked(conversation).form(&[("through", failed)]),
                ]
            }
            ("POST", "/api/messages") => vec![
                asked("").json(json!({"to": "(425) 555-0182", "text": "Hello"})),
                asked("").form(&[("to", MARIA), ("text", "Hello")]),
            ],
            ("GET" | "DELETE", "/api/drafts/{draft}") => vec![asked(&format!("conversation-{conversation}"))],
            ("PUT", "/api/drafts/{draft}") => {
                let draft = json!({"fields": {"text": "Hello"}, "tried": "Hello", "key": "k", "version": "1"});
                vec![asked(&format!("appointment-{appointment}")).json(draft)]
            }
            ("GET", "/api/appointments") => vec![asked("").with_parameter("day", "2026-12-30")],
            ("POST", "/api/appointments") => vec![asked("").json(written)],
            ("GET", "/api/appointments/{appointment}") => vec![asked(appointment)],
            ("PUT", "/api/appointments/{appointment}") => vec![asked(appointment).json(written)],
            ("POST", "/api/appointments/{appointment}") => {
                vec![asked(appointment).form(&[("time", "16:00"), ("version", "1"), ("notes", "At last")])]
            }
            ("GET", "/api/push-subscriptions" | "/api/session" | "/api/sessions" | "/api/sign-out/issuer")
            | ("POST", "/api/sign-out") => vec![asked("")],
            ("DELETE", "/api/sessions") => vec![asked("").with_parameter("others", "true"), asked("")],
            ("DELETE", "/api/sessions/{session}") => vec![asked(session)],
            ("PUT", "/api/push-subscriptions") => vec![asked("").json(Browser::firefox("one").subscription())],
            ("DELETE", "/api/push-subscriptions/{subscription}") => vec![asked(browser)],
            ("POST", "/api/push-subscriptions/{subscription}/test") => vec![asked(browser).json(json!({}))],
            ("PUT", "/api/push-settings") => vec![asked("").json(json!({"messages": "mine", "showsText": false}))],
            ("POST", "/api/push-settings") => vec![asked("").form(&[("messages", "all"), ("showsText", "true")])],
            ("GET", "/api/staff") => vec![asked("").with_parameter("provider", "marcus")],
            ("GET", "/api/sign-in") => vec![asked("").with_parameter("back", "/messages.html")],
            ("GET", "/api/sign-in/callback") => {
                vec![asked("").with_parameter("code", "00ff").with_parameter("state", "00ff")]
            }
            _ => panic!("{} {} is new: say here how it is asked", route.method, route.path),
        }
    }
}

/// Percent-encodes a text for use in an address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02x}").unwrap();
        }
        encoded
    })
}

/// The changes to a request.
#[derive(Clone, Debug, Default)]
struct RequestMutation {
    word: Option<TextMutation>,
    query: Option<(Index, TextMutation)>,
    json: Vec<JsonMutation>,
    /// Applied to the serialized body.
    body: Option<TextMutation>,
    cookie: Option<TextMutation>,
    html: bool,
}

fn wrong() -> impl Strategy<Value = RequestMutation> {
    // API Gateway rejects longer addresses before a function runs.
    let short = || edits().prop_map(|edit| edit.at_most(300));
    (
        proptest::option::of(short()),
        proptest::option::of((any::<Index>(), short())),
        vec(changes(), 0..4),
        proptest::option::weighted(0.2, edits()),
        // A request with a changed cookie is rejected before anything else is read, so few cases change it.
        proptest::option::weighted(0.2, short()),
        any::<bool>(),
    )
        .prop_map(|(word, query, json, body, cookie, html)| RequestMutation {
            word,
            query,
            json,
            body,
            cookie,
            html,
        })
}

fn request(desk: &StaffClient<'_>, asked: &ApiRequest, wrong: &RequestMutation) -> reqwest::RequestBuilder {
    let ApiRequest { route, word, mut query, json, mut form } = asked.clone();
    let word = wrong.word.as_ref().filter(|_| !word.is_empty()).map_or_else(|| word.clone(), |edit| edit.apply(&word));
    if let Some((place, edit)) = &wrong.query {
        let values = query.iter_mut().map(|(_, value)| value).chain(form.iter_mut().map(|(_, value)| value));
        let mut values: Vec<_> = values.collect();
        if !values.is_empty() {
            let value = place.get_mut(&mut values);
            **value = edit.apply(value);
        }
    }
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> String {
        let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.join("&")
    };
    let path = match route.path.split_once('{') {
        Some((before, after)) => format!("{before}{}{}", encoded(&word), after.split_once('}').unwrap().1),
        None => route.path.to_owned(),
    };
    let path = format!("{path}?{}", pairs(&mut query.iter().map(|(name, value)| (&**name, &**value))));
    let cookie = wrong.cookie.as_ref().map_or_else(|| desk.cookie.clone(), |edit| edit.apply(&desk.cookie));
    let cookie: String = cookie.chars().filter(|c| !c.is_control()).collect();
    let desk = StaffClient { stack: desk.stack, cookie };
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    let mut request = desk.request(method, &path).header("sec-fetch-site", "same-origin");
    request = request.header("accept", if wrong.html { "text/html" } else { "application/json" });
    let body = json.map(|mut json| {
        for change in &wrong.json {
            change.happens_to(&mut json);
        }
        ("application/json", json.to_string())
    });
    let fields = pairs(&mut form.iter().map(|(name, value)| (*name, &**value)));
    let body = body.or_else(|| (!form.is_empty()).then_some(("application/x-www-form-urlencoded", fields)));
    if let Some((kind, body)) = body {
        let body = wrong.body.as_ref().map_or_else(|| body.clone(), |edit| edit.apply(&body));
        request = request.header("content-type", kind).body(body);
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_answered_with_trouble_of_ours() {
    let stack = TestStack::open().await;
    let mut there = ApiFixture::in_house(&stack, 0).await;
    let mut times = 1;
    for route in ROUTES {
        for asked in there.ways(route) {
            let answer = there.dana.send(request(&there.dana, &asked, &RequestMutation::default())).await;
            // The route for GET exists only to return this error.
            assert!(
                answer.status < 400 || answer.code() == "not-by-get",
                "{route:?} is in order: {} {}",
                answer.status,
                answer.body
            );
            if asked.ends_something() {
                there = ApiFixture::in_house(&stack, times).await;
                times += 1;
            }
        }
    }
    tries(2, &(select(&ROUTES[..]), any::<Index>(), wrong()), async |(route, which, wrong)| {
        let asked = which.get(&there.ways(route)).clone();
        let answer = there.dana.send(request(&there.dana, &asked, &wrong)).await;
        prop_assert!(answer.status < 500, "{:?}: {} {}", route, answer.status, answer.body);
        prop_assert!(answer.body.len() < 1_000_000, "{:?}: {} bytes", route, answer.body.len());
        if asked.ends_something() && answer.status < 400 {
            there = ApiFixture::in_house(&stack, times).await;
            times += 1;
        }
        Ok(())
    });
    stack.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert!(stack.dana().await.notifications().await.texts().contains(&"Still there?".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_of_a_page_troubles_another_page() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let mut open = marcus.goes_live().await;
    tries(1, &(vec(changes(), 0..3), proptest::option::of(edits())), async |(changes, edit)| {
        let mut frame = json!({"action": "ping", "more": [1, {"deep": "text"}]});
        for change in changes {
            change.happens_to(&mut frame);
        }
        let frame = edit.map_or_else(|| frame.to_string(), |edit| edit.apply(&frame.to_string()));
        let mut socket = dana.goes_live().await;
        socket.sends(&frame).await;
        prop_assert!(open.answers().await);
        Ok(())
    });
}
