//! Whatever comes from outside may be broken, or meant to break: nothing panics at it, nobody is answered with
//! trouble of ours, and whoever comes next is served.
//!
//! `PROPTEST_CASES=100000 cargo test --package tests foreign_input` tries more. What once failed is tried first, from
//! `foreign_input.regressions`.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Browser, Call, Desk, HARBOR, House, PushService, Subscriber, ago, record};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

const MARIA: &str = "+14255550182";

/// What does harm somewhere: to whoever counts, cuts, copies, converts or believes.
const TEXTS: [&str; 20] = [
    "",
    "\0",
    "-1",
    "1e999",
    "99999999999999999999999999",
    "null",
    "{",
    "[[[[[[[[",
    "\"",
    "\\ud800",
    "%",
    "%00%ff%c0%af",
    "../../x",
    "😀🇺🇳\u{202e}\u{feff}",
    "e\u{301}\u{301}\u{301}",
    "+",
    "+0000000000",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59.999999999Z",
    "COMPANY#harbor-dental",
];

/// One thing that goes wrong with a text.
#[derive(Clone, Debug)]
struct Edit {
    from: Index,
    until: Index,
    put: String,
}

/// One thing that goes wrong with JSON, at one of its places.
#[derive(Clone, Debug)]
enum Change {
    Text(Index, Edit),
    Replaced(Index, Value),
    Removed(Index),
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (select(&["9", "A", "[", "字", " ", "%"][..]), 1..20_000_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    // Several of them within each other are as deep as an event may be: Lambda refuses what is deeper.
    let nested = (0..25).fold(json!(1), |inner, _| json!([inner]));
    prop_oneof![
        3 => texts().prop_map(Value::from),
        3 => select(vec![json!(null), json!(true), json!(-1), json!(u64::MAX), json!(1e308), json!([]), json!({}), nested]),
        1 => (0..3000_usize).prop_map(|many| json!(vec![0; many])),
    ]
}

fn edits() -> impl Strategy<Value = Edit> {
    (any::<Index>(), any::<Index>(), texts()).prop_map(|(from, until, put)| Edit { from, until, put })
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), edits()).prop_map(|(place, edit)| Change::Text(place, edit)),
        (any::<Index>(), values()).prop_map(|(place, value)| Change::Replaced(place, value)),
        any::<Index>().prop_map(Change::Removed),
    ]
}

impl Edit {
    fn of(&self, text: &str) -> String {
        let mut places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        places.push(text.len());
        let (one, other) = (places[self.from.index(places.len())], places[self.until.index(places.len())]);
        format!("{}{}{}", &text[..one.min(other)], self.put, &text[one.max(other)..])
    }
}

impl Change {
    fn happens_to(&self, whole: &mut Value) {
        let (Self::Text(place, _) | Self::Replaced(place, _) | Self::Removed(place)) = self;
        let mut places = Vec::new();
        pointers(whole, String::new(), &mut places);
        let pointer = &places[place.index(places.len())];
        let Some(target) = whole.pointer_mut(pointer) else { return };
        match self {
            Self::Text(_, edit) => match target {
                Value::String(text) => *text = edit.of(text),
                other => *other = json!(edit.put),
            },
            Self::Replaced(_, value) => *target = value.clone(),
            Self::Removed(_) => {
                let Some((parent, name)) = pointer.rsplit_once('/') else { return };
                let name = name.replace("~1", "/").replace("~0", "~");
                match whole.pointer_mut(parent) {
                    Some(Value::Object(fields)) => drop(fields.remove(&name)),
                    Some(Value::Array(items)) => drop(name.parse().map(|place: usize| items.remove(place))),
                    _ => {}
                }
            }
        }
    }
}

/// Where everything in a value is, itself included.
fn pointers(value: &Value, here: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                pointers(field, format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            // The first ones are enough of what is all alike.
            for (place, item) in items.iter().enumerate().take(20) {
                pointers(item, format!("{here}/{place}"), all);
            }
        }
        _ => {}
    }
    all.push(here);
}

/// Tries what a strategy gives until there are enough cases; what failed is made as small as it can be.
fn tries<S: Strategy>(strategy: &S, mut holds: impl AsyncFnMut(S::Value) -> Result<(), TestCaseError>) {
    let kept =
        FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/foreign_input.regressions"));
    let config = Config { failure_persistence: Some(Box::new(kept)), ..Config::default() };
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

/// What foreign words are brought in: what they are, and the event that brings them.
type Brought = (&'static str, Value, fn(&Value) -> Value);

/// `sent` is a message whose receipts are brought, too.
fn brought(sent: &Value) -> Vec<Brought> {
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
        "headers": {"Cookie": "__Host-switchboard=00ff", "Host": "localhost", "Sec-Fetch-Site": "same-origin"},
        "multiValueHeaders": {"Cookie": ["__Host-switchboard=00ff"]},
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
        ("confirmation-call", call.over("HUMAN_ANSWERED"), |event| json_in(&[("1", event.to_string())])),
        ("confirmation-call", json_in(&[("1", call.initiated().to_string())]), itself),
        ("delivery-receipt", receipt.clone(), |receipt| json_in(&[("1", envelope(receipt).to_string())])),
        ("delivery-receipt", json_in(&[("1", receipt.to_string()), ("2", envelope(&receipt).to_string())]), itself),
        ("authorize", socket.clone(), itself),
        ("live-connection", socket, itself),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_function_panics_at_what_it_is_brought() {
    let house = House::open().await;
    house.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
    let dana = house.dana().await;
    assert_eq!(dana.writes_first(MARIA, "Hello").await.status, 201);
    let brought = brought(&dana.messages(&dana.conversation_with(MARIA).await).await.items()[0]);
    let cases = (0..brought.len(), vec(changes(), 0..4), vec(changes(), 0..2));
    tries(&cases, async |(which, inside, around)| {
        let (function, words, bring) = &brought[which];
        let mut words = words.clone();
        for change in inside {
            change.happens_to(&mut words);
        }
        let mut event = bring(&words);
        for change in &around {
            change.happens_to(&mut event);
        }
        let invoked = house.invoke(function, &event).await;
        prop_assert_ne!(&invoked.payload["errorType"], "Panic", "{}", function);
        // A batch is not given up for what one of its records has: the record is.
        if around.is_empty() && event.pointer("/Records/0/messageId").is_some() {
            prop_assert!(!invoked.failed, "{}: {}", function, invoked.payload);
        }
        Ok(())
    });
    // And whoever comes next is served.
    house.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert!(dana.notifications().await.texts().contains(&"Still there?".to_owned()));
}

/// What the table's stream says of everything that is stored: that it is new, or was the same before.
async fn streamed(house: &House) -> Vec<Value> {
    let stored = house.table("Scan", json!({"ConsistentRead": true})).await;
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
    let house = House::with_push_service(&service).await;
    let dana = house.dana().await;
    let allows = async |subscriber: &Subscriber| {
        let kept = dana.puts_subscription(&subscriber.browser, &subscriber.subscription()).await;
        assert_eq!(kept.status, 201, "{}", kept.body);
        kept.json()["id"].as_str().unwrap().to_owned()
    };
    let browser = allows(&service.browser("ok", "now")).await;
    assert_eq!(dana.tests_browser(&browser).await.status, 202);
    house.has_appointment("harbor-dental", "7f3a", Some(MARIA)).await;
    house.phone(MARIA).texts(HARBOR, "Hello").await;
    house.flow(&Call::new("contact", HARBOR, MARIA, "7f3a").pressed("2")).await;
    let mut open = dana.goes_live().await;
    let records = streamed(&house).await;
    tries(
        &(select(&["live-updates", "dispatch-push"][..]), any::<Index>(), vec(changes(), 0..4)),
        async |(function, which, changes)| {
            let mut record = records[which.index(records.len())].clone();
            for change in changes {
                change.happens_to(&mut record);
            }
            // Behind one in order, by which a batch is known to be the stream's.
            let invoked = house.invoke(function, &json!({"Records": [records[0], record]})).await;
            prop_assert_ne!(&invoked.payload["errorType"], "Panic", "{}", function);
            prop_assert!(!invoked.failed, "{}: {}", function, invoked.payload);
            prop_assert_eq!(&invoked.payload["batchItemFailures"], &json!([]), "{}", function);
            // One may say that Dana's session is over, or that she is staff no more: then her socket is closed.
            if !open.answers().await {
                open = dana.goes_live().await;
                prop_assert!(open.answers().await);
            }
            Ok(())
        },
    );
    let later = service.browser("ok", "later");
    allows(&later).await;
    house.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert_eq!(service.sends(&later, 1).await[0]["body"], "Still there?");
    open.sees("Still there?").await;
}

/// A request with foreign words in every place that has some.
#[derive(Clone)]
struct Asked {
    method: Method,
    /// What stands between is somebody's word: `/api/conversations/`, their word, `/messages`.
    path: (&'static str, &'static str, &'static str),
    query: Vec<(&'static str, String)>,
    json: Option<Value>,
    form: Vec<(&'static str, String)>,
}

impl Asked {
    fn new(method: Method, before: &'static str, word: &'static str, after: &'static str) -> Self {
        Self { method, path: (before, word, after), query: Vec::new(), json: None, form: Vec::new() }
    }

    fn with(self, name: &'static str, value: &str) -> Self {
        let query = self.query.into_iter().chain([(name, value.to_owned())]).collect();
        Self { query, ..self }
    }

    fn json(self, json: Value) -> Self {
        Self { json: Some(json), ..self }
    }

    fn form(self, fields: &[(&'static str, &str)]) -> Self {
        Self { form: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), ..self }
    }
}

fn asked() -> Vec<Asked> {
    let position = "0000019acbd00000-00000000000000000000000000000001";
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let appointment = json!({
        "name": "Maria Lopez", "number": "(425) 555-0182", "day": "2026-12-30", "time": "15:00", "minutes": 30,
        "service": "Cleaning", "notes": "First visit", "status": "booked", "provider": "marcus", "version": 1,
    });
    let conversation = "00112233445566778899aabbccddeeff";
    vec![
        Asked::new(get.clone(), "/api/notifications", "", "").with("before", position).with("limit", "10"),
        Asked::new(get.clone(), "/api/conversations", "", "").with("before", position).with("limit", "10"),
        Asked::new(get.clone(), "/api/conversations/", conversation, "/messages")
            .with("before", position)
            .with("after", position),
        Asked::new(post.clone(), "/api/conversations/", conversation, "/messages").json(json!({"text": "Hello"})),
        Asked::new(post.clone(), "/api/conversations/", conversation, "/messages").json(json!({"again": conversation})),
        Asked::new(post.clone(), "/api/conversations/", conversation, "/opt-out"),
        Asked::new(post.clone(), "/api/messages", "", "").json(json!({"to": "(425) 555-0182", "text": "Hello"})),
        Asked::new(post.clone(), "/api/messages", "", "").form(&[("to", MARIA), ("text", "Hello")]),
        Asked::new(get.clone(), "/api/appointments", "", "").with("day", "2026-12-30"),
        Asked::new(post.clone(), "/api/appointments", "", "").json(appointment.clone()),
        Asked::new(put.clone(), "/api/appointments/", "a-7f3a", "").json(appointment),
        Asked::new(post.clone(), "/api/appointments/", "a-7f3a", "").form(&[
            ("time", "16:00"),
            ("version", "1"),
            ("cancel", "yes"),
        ]),
        Asked::new(get.clone(), "/api/staff", "", "").with("provider", "marcus"),
        Asked::new(put.clone(), "/api/push-subscriptions", "", "").json(Browser::firefox("one").subscription()),
        Asked::new(Method::DELETE, "/api/push-subscriptions/", conversation, ""),
        Asked::new(post.clone(), "/api/push-subscriptions/", conversation, "/test").json(json!({})),
        Asked::new(put, "/api/push-settings", "", "").json(json!({"messages": "mine", "showsText": false})),
        Asked::new(post, "/api/push-settings", "", "").form(&[("messages", "all"), ("showsText", "true")]),
        Asked::new(get.clone(), "/api/sign-in", "", "").with("back", "/messages.html"),
        Asked::new(get, "/api/sign-in/callback", "", "").with("code", "00ff").with("state", "00ff"),
    ]
}

/// So that any text can stand in an address.
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

/// What goes wrong with a request.
#[derive(Clone, Debug)]
struct Wrong {
    word: Option<Edit>,
    query: Option<(Index, Edit)>,
    json: Vec<Change>,
    /// With the body as it is sent.
    body: Option<Edit>,
    cookie: Option<Edit>,
    html: bool,
}

fn wrong() -> impl Strategy<Value = Wrong> {
    // An address longer than this is refused before anybody reads it.
    let short = || edits().prop_map(|edit| Edit { put: edit.put.chars().take(300).collect(), ..edit });
    (
        proptest::option::of(short()),
        proptest::option::of((any::<Index>(), short())),
        vec(changes(), 0..4),
        proptest::option::weighted(0.2, edits()),
        proptest::option::weighted(0.1, short()),
        any::<bool>(),
    )
        .prop_map(|(word, query, json, body, cookie, html)| Wrong { word, query, json, body, cookie, html })
}

fn request(desk: &Desk<'_>, asked: &Asked, wrong: &Wrong) -> reqwest::RequestBuilder {
    let Asked { method, path: (before, word, after), mut query, json, mut form } = asked.clone();
    let word = wrong.word.as_ref().filter(|_| !word.is_empty()).map_or_else(|| word.to_owned(), |edit| edit.of(word));
    if let Some((place, edit)) = &wrong.query {
        for values in [&mut query, &mut form].into_iter().filter(|values| !values.is_empty()) {
            let (_, value) = place.get_mut(values);
            *value = edit.of(value);
        }
    }
    let pairs = |pairs: &[(&str, String)]| -> String {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.join("&")
    };
    let path = format!("{before}{}{after}?{}", encoded(&word), pairs(&query));
    let cookie = wrong.cookie.as_ref().map_or_else(|| desk.cookie.clone(), |edit| edit.of(&desk.cookie));
    let cookie: String = cookie.chars().filter(char::is_ascii_graphic).collect();
    let desk = Desk { house: desk.house, cookie };
    let mut request = desk.request(method, &path).header("sec-fetch-site", "same-origin");
    request = request.header("accept", if wrong.html { "text/html" } else { "application/json" });
    let body = json.map(|mut json| {
        for change in &wrong.json {
            change.happens_to(&mut json);
        }
        ("application/json", json.to_string())
    });
    let body = body.or_else(|| (!form.is_empty()).then(|| ("application/x-www-form-urlencoded", pairs(&form))));
    if let Some((kind, body)) = body {
        let body = wrong.body.as_ref().map_or_else(|| body.clone(), |edit| edit.of(&body));
        request = request.header("content-type", kind).body(body);
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_answered_with_trouble_of_ours() {
    let house = House::open().await;
    let dana = house.dana().await;
    let asked = asked();
    tries(&(0..asked.len(), wrong()), async |(which, wrong)| {
        let answer = dana.send(request(&dana, &asked[which], &wrong)).await;
        prop_assert!(answer.status < 500, "{:?}: {} {}", asked[which].path, answer.status, answer.body);
        prop_assert!(answer.body.len() < 1_000_000, "{:?}: {} bytes", asked[which].path, answer.body.len());
        Ok(())
    });
    house.phone("+12535550119").texts(HARBOR, "Still there?").await;
    assert!(dana.notifications().await.texts().contains(&"Still there?".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_of_a_page_troubles_another_page() {
    let house = House::open().await;
    let (dana, marcus) = (house.dana().await, house.sign_in("harbor-dental.marcus").await);
    let mut open = marcus.goes_live().await;
    tries(&(vec(changes(), 0..3), proptest::option::of(edits())), async |(changes, edit)| {
        let mut frame = json!({"action": "ping", "more": [1, {"deep": "text"}]});
        for change in changes {
            change.happens_to(&mut frame);
        }
        let frame = edit.map_or_else(|| frame.to_string(), |edit| edit.of(&frame.to_string()));
        let mut socket = dana.goes_live().await;
        socket.sends(&frame).await;
        prop_assert!(open.answers().await);
        Ok(())
    });
}

#[test]
fn a_number_is_read_or_refused_whatever_it_is() {
    let regions: Vec<domain::Region> = ["US", "AU", "DE", "AR"].map(|region| region.parse().unwrap()).to_vec();
    let numbers = prop_oneof![
        texts(),
        edits().prop_map(|edit| edit.of("+1 (425) 555-0182 ext. 7")),
        "[+０-９0-9() ./;=a-z-]{0,40}",
    ];
    let known = Config::default();
    let config = Config { cases: 20 * known.cases, failure_persistence: None, ..known };
    let read = TestRunner::new(config).run(&(numbers, select(regions)), |(number, region)| {
        if let Ok(read) = domain::PhoneNumber::mobile(&number, region) {
            let e164 = read.as_str().strip_prefix('+').unwrap_or_default();
            prop_assert!(
                (7..=15).contains(&e164.len()) && e164.bytes().all(|b| b.is_ascii_digit()),
                "{}",
                read.as_str()
            );
        }
        Ok(())
    });
    read.unwrap_or_else(|failed| panic!("{failed}"));
}
