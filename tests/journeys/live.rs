//! Pages that update live.

use std::time::Duration;

use local::SocketLimits;
use serde_json::{Value, json};
use tests::{
    Call, FaultyGateway, HARBOR, HandshakeRejection, SESSION_COOKIE, SmsEvent, StaffClient, TIDEWATER, TestStack, ago,
    by_queue,
};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_on_every_screen_of_its_company_and_on_no_other() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let (mut hers, mut theirs) = (dana.goes_live().await, josie.goes_live().await);
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    let frame = hers.sees("Running late").await;
    let conversation = dana.conversation_with(MARIA).await;
    for part in [
        format!(r#"<template data-live="messages" data-conversation="{conversation}"><li class="message theirs""#),
        r#"<template data-live="notifications"><li class="row waits""#.to_owned(),
        r#"<template data-live="conversations"><li class="conversation waits""#.to_owned(),
        format!(r#"<template data-live="head" data-conversation="{conversation}"><header"#),
    ] {
        assert!(frame.contains(&part), "{part} in {frame}");
    }
    assert_eq!(theirs.everything().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_has_the_very_rows_that_the_pages_have() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "<b>Running</b> late").await;
    let frame = socket.sees("late").await;
    let conversation = dana.conversation_with(MARIA).await;
    for (list, page) in [
        ("messages", format!("/api/conversations/{conversation}/messages")),
        ("notifications", "/api/notifications".to_owned()),
        ("conversations", "/api/conversations".to_owned()),
    ] {
        let page = dana.screen(&page).await.body;
        let row = piece(&frame, list).split_once("<li ").unwrap().1;
        assert!(page.contains(row), "{row} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboards_row_of_a_customer_is_the_same_live_and_after_a_refresh() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    let mut agrees = async |text: &str, more: &str| {
        let frame = socket.sees(text).await;
        let row = piece(&frame, "recent").split_once("<li ").unwrap().1;
        assert!(row.contains(more) && row.contains(text), "{text} {more} in {row}");
        let page = dana.screen("/api/notifications?by=customer&limit=10").await.body;
        assert!(page.contains(row), "{row} in {page}");
        assert_eq!(page.matches("<li ").count(), page.matches("id=\"recent-").count());
    };
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    agrees("Running late", "").await;
    stack.phone(SAM).texts(HARBOR, "Is it open today?").await;
    agrees("Is it open today?", "").await;
    for (text, more) in [("Are you there?", "and 1 more"), ("Hello?", "and 2 more")] {
        stack.phone(MARIA).texts(HARBOR, text).await;
        agrees(text, more).await;
    }
    // A late text adds to the count and is not the newest.
    stack.deliver(&by_queue(&[SmsEvent::new("late", MARIA, HARBOR, "Late").with_time(ago(60))])).await;
    agrees("Hello?", "and 3 more").await;
}

/// Returns the fragments of a frame for a list, one for each change.
fn pieces<'a>(frame: &'a str, list: &str) -> Vec<&'a str> {
    let begins = format!(r#"<template data-live="{list}""#);
    frame.match_indices(&begins).map(|(at, _)| &frame[at..at + frame[at..].find("</template>").unwrap()]).collect()
}

fn piece<'a>(frame: &'a str, list: &str) -> &'a str {
    pieces(frame, list).first().copied().unwrap_or_else(|| panic!("{list} in {frame}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_leaves_every_page_of_the_company_and_no_page_of_another() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let (mut hers, mut theirs) = (dana.goes_live().await, josie.goes_live().await);
    let conversation = dana.hears_from(MARIA).await;
    hers.sees(&conversation).await;
    stack.phone(MARIA).texts(TIDEWATER, "hello").await;
    theirs.sees("hello").await;
    let path = format!("/api/conversations/{conversation}/customer-data");
    let erased = dana.send(dana.request(reqwest::Method::DELETE, &path)).await;
    assert_eq!(erased.status, 200, "{}", erased.body);
    hers.sees(&format!(r#"<template data-live="erased" data-conversation="{conversation}">"#)).await;
    assert_eq!(theirs.everything().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_sees_a_reply_and_what_becomes_of_it() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    let conversation = dana.conversation_with(MARIA).await;
    let mut socket = marcus.goes_live().await;
    dana.replies(&conversation, "No problem.").await;
    let frame = socket.sees("No problem.").await;
    assert!(frame.contains("Dana Whitfield"), "{frame}");
    assert!(frame.contains("Sent to the carrier") || socket.sees("No problem.").await.contains("Sent to the carrier"));

    stack.phone(MARIA).next_is("spend-limit").await;
    dana.replies(&conversation, "See you soon.").await;
    let refused = socket.sees("budget for texts is used up").await;
    let told = |piece: &&str| piece.contains("See you soon.") && piece.contains("budget for texts is used up");
    assert!(pieces(&refused, "messages").iter().any(told), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_takes_the_mark_from_the_row_of_whoever_waited() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
    let conversation = dana.conversation_with(MARIA).await;
    stack.phone(MARIA).texts(HARBOR, "Are you there?").await;
    let again = socket.sees("Are you there?").await;
    let (new, old) =
        again.split_once("<template data-live=\"notifications\"").unwrap().1.split_once("Are you there?").unwrap();
    assert!(new.contains("waits") && old.contains(r#"<li class="row" "#) && old.contains("Running late"), "{again}");
    dana.replies(&conversation, "Yes.").await;
    let answered = socket.sees("data-live=\"notifications\"").await;
    assert!(piece(&answered, "notifications").contains("Are you there?"), "{answered}");
    assert!(!answered.contains("row waits") && !answered.contains("Running late"), "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_session_gets_a_socket() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let somebody = |cookie: &str| StaffClient { stack: &stack, cookie: cookie.to_owned() };
    assert_eq!(somebody("").open_with_headers(&[]).await.err(), Some(HandshakeRejection(401)), "no cookie");
    assert_eq!(somebody("a=b").open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)), "no session");
    let forged = format!("{SESSION_COOKIE}={}", "0".repeat(64));
    assert_eq!(somebody(&forged).open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)), "forged");
    dana.post("/api/sign-out", &json!({}), tests::SendOptions::default()).await;
    assert_eq!(dana.open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)), "signed out");
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    session_ends(&stack, &marcus, 0).await;
    assert_eq!(marcus.open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)), "expired");
    assert_eq!(connections(&stack).await.len(), 0);
}

/// Sets when a session ends, in milliseconds.
async fn session_ends(stack: &TestStack, desk: &StaffClient<'_>, at_millis: u64) {
    let key = json!({"pk": {"S": format!("SESSION#{}", token_hash(&desk.cookie))}, "sk": {"S": "SESSION"}});
    let seconds = (at_millis / 1000).to_string();
    let update = json!({
        "Key": key,
        "UpdateExpression": "SET expires_at = :at",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":at": {"N": seconds}},
    });
    stack.table("UpdateItem", update).await;
}

fn token_hash(cookie: &str) -> String {
    web::token_hash(cookie.split_once('=').unwrap().1).to_string()
}

/// Returns the connections in the table.
async fn connections(stack: &TestStack) -> Vec<Value> {
    let ask =
        json!({"FilterExpression": "begins_with(pk, :live)", "ExpressionAttributeValues": {":live": {"S": "LIVE#"}}});
    stack.table("Scan", ask).await["Items"].as_array().unwrap().clone()
}

/// Waits until the table contains `count` connections.
async fn connections_are(stack: &TestStack, count: usize) {
    for _ in 0..400 {
        if connections(stack).await.len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} connections, not {count}", connections(stack).await.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_gets_no_socket_with_a_visitors_session() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for foreign in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        vec![("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-site")],
        vec![("origin", "null")],
    ] {
        assert_eq!(dana.open_with_headers(&foreign).await.err(), Some(HandshakeRejection(400)), "{foreign:?}");
    }
    let host = stack.url("");
    assert!(dana.open_with_headers(&[("origin", &host)]).await.is_ok(), "a browser that says only its origin");
    assert!(dana.open_with_headers(&[]).await.is_ok(), "a program");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_ten_sockets_at_most_and_those_that_are_open_stay() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(dana.goes_live().await);
    }
    assert_eq!(dana.open_with_headers(&[]).await.err(), Some(HandshakeRejection(429)), "the eleventh");
    assert!(stack.dana().await.open_with_headers(&[]).await.is_ok(), "another session of hers");
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    for socket in &mut sockets {
        socket.sees("Running late").await;
    }
    // Closing a page makes room for another.
    drop(sockets.pop());
    connections_are(&stack, 9).await;
    let mut next = dana.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "Almost there").await;
    next.sees("Almost there").await;
    assert_eq!(dana.open_with_headers(&[]).await.err(), Some(HandshakeRejection(429)));
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_ended_without_a_word_keep_no_page_out() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let _first = dana.goes_live().await;
    let key = json!({"pk": {"S": format!("SOCKETS#{}", token_hash(&dana.cookie))}, "sk": {"S": "SOCKETS"}});
    let ended: Vec<_> = (0..9).map(|n| format!("1000#gone-{n}")).collect();
    let update = json!({
        "Key": key,
        "UpdateExpression": "ADD slots :ended",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":ended": {"SS": ended}},
    });
    stack.table("UpdateItem", update).await;
    let _second = dana.goes_live().await;
    let slots =
        stack.table("GetItem", json!({"Key": key, "ConsistentRead": true})).await["Item"]["slots"]["SS"].clone();
    assert_eq!(slots.as_array().unwrap().len(), 2, "{slots}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_closes_the_sockets_of_that_session_and_of_no_other() {
    let stack = TestStack::open().await;
    let (here, there) = (stack.dana().await, stack.dana().await);
    let mut left = [here.goes_live().await, here.goes_live().await];
    let mut stays = there.goes_live().await;
    here.post("/api/sign-out", &json!({}), tests::SendOptions::default()).await;
    for socket in &mut left {
        socket.is_closed().await;
    }
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    stays.sees("Running late").await;
    connections_are(&stack, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_out_everywhere_or_removed_loses_their_sockets() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let (mut hers, mut his) = (dana.goes_live().await, marcus.goes_live().await);
    let staff = |id: &str| json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": format!("STAFF#{id}")}});
    let now = runtime::wall_clock().now().as_millis().to_string();
    let sign_out = json!({
        "Key": staff("dana"),
        "UpdateExpression": "SET sessions_since = :now",
        "ExpressionAttributeValues": {":now": {"N": now}},
    });
    stack.table("UpdateItem", sign_out).await;
    hers.is_closed().await;
    assert_eq!(dana.open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)));
    // With a new session she can connect again.
    let mut again = stack.dana().await.goes_live().await;
    assert_eq!(again.everything().await, "");
    stack.table("DeleteItem", json!({"Key": staff("marcus")})).await;
    his.is_closed().await;
    assert_eq!(marcus.open_with_headers(&[]).await.err(), Some(HandshakeRejection(403)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_outlives_its_session_by_no_frame() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    // The end is in whole seconds, as the table's TTL is.
    let ends = runtime::wall_clock().now().plus_secs(8);
    session_ends(&stack, &dana, ends.as_millis()).await;
    let (mut hers, mut pinging) = (dana.goes_live().await, dana.goes_live().await);
    let mut his = marcus.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "before").await;
    hers.sees("before").await;
    while runtime::wall_clock().now() <= ends {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // After the session's end, the server closes the socket when it receives a ping or has a frame to send.
    pinging.sends(r#"{"action":"ping"}"#).await;
    pinging.is_closed().await;
    stack.phone(MARIA).texts(HARBOR, "after").await;
    his.sees("after").await;
    while let Some(frame) = hers.next().await {
        assert!(!frame.contains("after"), "{frame}");
    }
    connections_are(&stack, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_gone_is_forgotten() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    dana.goes_live().await.vanishes();
    connections_are(&stack, 1).await;
    // The table has a connection that the gateway does not know, because its end was not reported.
    let later = runtime::wall_clock().now().plus_secs(60 * 60).as_millis();
    is_connected(&stack, "gone0123456789=", later).await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
    connections_are(&stack, 1).await;
}

/// Adds an old connection to the table, as a copy of the first one there. Its session ends at `ends`, in milliseconds.
async fn is_connected(stack: &TestStack, id: &str, ends: u64) {
    let mut other = connections(stack).await.remove(0);
    other["sk"] = json!({"S": id});
    other["connection"] = json!({"S": id});
    other["since"] = json!({"N": "0"});
    other["ends"] = json!({"N": ends.to_string()});
    stack.table("PutItem", json!({"Item": other})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_end_by_the_hundred_keep_nobody_waiting() {
    let gateway = FaultyGateway::open().await;
    let stack = TestStack::open_behind(&gateway).await;
    let mut socket = stack.dana().await.goes_live().await;
    for number in 0..200 {
        is_connected(&stack, &format!("hangs-{number}"), 1).await;
    }
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
    connections_are(&stack, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_the_gateway_refuses_keeps_nothing_from_the_others() {
    let gateway = FaultyGateway::open().await;
    let stack = TestStack::open_behind(&gateway).await;
    let mut socket = stack.dana().await.goes_live().await;
    let later = runtime::wall_clock().now().plus_secs(60 * 60).as_millis();
    for refused in ["refuses-429-a", "refuses-500-b"] {
        is_connected(&stack, refused, later).await;
    }
    for text in ["Running late", "Are you there?", "Hello?"] {
        stack.phone(MARIA).texts(HARBOR, text).await;
        socket.sees(text).await;
    }
    assert_eq!(socket.everything().await, "", "nothing comes twice");
    assert_eq!(connections(&stack).await.len(), 3, "a refusal is no end");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_reads_nothing_holds_up_no_other_and_is_let_go() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    let stalled = dana.goes_live_and_reads_nothing().await;
    connections_are(&stack, 2).await;
    let long = "é".repeat(9_000);
    let mut texts = 0;
    while connections(&stack).await.len() == 2 {
        texts += 1;
        assert!(texts < 2_000, "it takes everything");
        stack.phone(MARIA).texts(HARBOR, &format!("{long} {texts}.")).await;
        socket.sees(&format!(" {texts}.")).await;
    }
    stack.phone(MARIA).texts(HARBOR, "and on it goes").await;
    socket.sees("and on it goes").await;
    stalled.vanishes();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_is_dropped_and_keeps_nothing_from_its_neighbours() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
    let conversation = dana.conversation_with(MARIA).await;
    let id = dana.messages(&conversation).await.items()[0]["id"].as_str().unwrap().to_owned();
    let key =
        json!({"pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, "sk": {"S": format!("EVENT#{id}")}});
    let good = stack.table("GetItem", json!({"Key": key})).await["Item"].clone();
    let record = |number: u32, keys: &Value, image: &Value| json!({"eventName": "INSERT", "dynamodb": {"SequenceNumber": number.to_string(), "Keys": keys, "NewImage": image}});
    let poison = [
        json!({}),
        json!("nonsense"),
        record(3, &json!({}), &good),
        record(4, &json!({"pk": {"S": "CONVERSATION#?"}, "sk": {"S": "EVENT#x"}}), &good),
        record(5, &key, &json!({"text": {"S": "no event"}})),
        record(6, &key, &json!({"conversation": {"N": "1"}})),
        record(7, &json!({"pk": {"S": "elsewhere"}, "sk": {"S": ""}}), &good),
    ];
    let records: Vec<_> = poison.into_iter().chain([record(8, &key, &good)]).collect();
    let invoked = stack.invoke("live-updates", &json!({"Records": records})).await;
    assert!(!invoked.failed, "{}", invoked.payload);
    assert_eq!(invoked.payload, json!({"batchItemFailures": []}));
    socket.sees("Running late").await;
    for no_batch in [json!({}), json!({"Records": "x"}), json!(1)] {
        assert!(stack.invoke("live-updates", &no_batch).await.failed, "{no_batch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_not_ours_are_dropped_and_the_socket_goes_on() {
    let stack = TestStack::open().await;
    let mut socket = stack.dana().await.goes_live().await;
    for frame in ["", "nonsense", "{}", "[]", "null", r#"{"action":"$connect"}"#, r#"{"action":["ping"]}"#, "\u{0}"] {
        socket.sends(frame).await;
    }
    socket.sends(&"x".repeat(30_000)).await;
    assert_eq!(socket.everything().await, "");
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_into_no_frame_is_a_hint_to_ask() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    let letter = format!("{} the end", "<&\">".repeat(12_000));
    stack.deliver(&by_queue(&[SmsEvent::new("1", MARIA, HARBOR, &letter)])).await;
    let frame = socket.sees("data-refresh").await;
    assert!(frame.len() <= 32 * 1024, "{}", frame.len());
    assert!(!frame.contains("the end"));
    assert!(
        piece(&frame, "messages").contains("data-refresh") && piece(&frame, "notifications").contains("data-refresh")
    );
    assert!(piece(&frame, "conversations").contains("<li "), "a preview fits: {frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_comes_whole_in_frames_that_fit() {
    let stack = TestStack::open().await;
    let mut socket = stack.dana().await.goes_live().await;
    let texts: Vec<_> = (0..60)
        .map(|n| {
            SmsEvent::new(&n.to_string(), MARIA, HARBOR, &format!("{n}. {}", "x".repeat(1500))).with_time(ago(90 - n))
        })
        .collect();
    for batch in texts.chunks(10) {
        stack.deliver(&by_queue(batch)).await;
    }
    let mut seen = String::new();
    while !(0..60).all(|n| seen.contains(&format!("\">{n}. xxx"))) {
        let frame = socket.next().await.expect("the socket is open");
        assert!(frame.len() <= 32 * 1024, "{}", frame.len());
        seen.push_str(&frame);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_keeps_no_socket_that_is_idle_or_old() {
    let limits = SocketLimits { idle: Duration::from_secs(3), longest: Duration::from_secs(8) };
    let stack = TestStack::with_sockets_kept(limits).await;
    let dana = stack.dana().await;
    let (mut idle, mut kept) = (dana.goes_live().await, dana.goes_live().await);
    let pinging = async {
        while kept.answers().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = idle.is_closed() => {}
        () = pinging => panic!("the one that pings does not outlive the one that does not"),
    }
    while kept.answers().await {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    connections_are(&stack, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_opens_just_now_is_not_forgotten_for_not_being_there_yet() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let mut socket = dana.goes_live().await;
    // A connection is in the table before the gateway has answered its handshake.
    let mut opening = connections(&stack).await.remove(0);
    opening["sk"] = json!({"S": "opening0123456="});
    opening["connection"] = opening["sk"].clone();
    stack.table("PutItem", json!({"Item": opening})).await;
    stack.phone(SAM).texts(HARBOR, "Is it open?").await;
    socket.sees("Is it open?").await;
    assert_eq!(socket.everything().await, "");
    assert_eq!(connections(&stack).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_the_start_is_not_announced_again() {
    let folder = tempfile::tempdir().unwrap();
    let stack = TestStack::open_in(folder.path()).await;
    stack.phone(MARIA).texts(HARBOR, "before").await;
    stack.close().await;
    let stack = TestStack::open_in(folder.path()).await;
    let mut socket = stack.dana().await.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "after").await;
    let frame = socket.sees("after").await;
    assert!(!piece(&frame, "messages").contains("before"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_that_an_appointment_gives_is_on_every_screen_at_once() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let mut socket = marcus.goes_live().await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    socket.sees("Running late").await;
    let day = runtime::wall_clock().now().plus_secs(2 * 24 * 60 * 60).to_string();
    let booking = json!({
        "name": "Maria Lopez", "number": MARIA, "day": day[..10], "time": "15:00", "minutes": 45, "service": "Cleaning",
    });
    assert_eq!(dana.post("/api/appointments", &booking, tests::SendOptions::default()).await.status, 201);
    let frame = socket.sees("Maria Lopez").await;
    for list in ["notifications", "conversations", "head"] {
        assert!(piece(&frame, list).contains("Maria Lopez"), "{list}: {frame}");
    }
    assert!(!frame.contains(r#"data-live="messages""#), "nothing was said: {frame}");
    // The next text shows the customer's name, and does not repeat unchanged fragments.
    stack.phone(MARIA).texts(HARBOR, "Ten minutes").await;
    let frame = socket.sees("Ten minutes").await;
    assert!(piece(&frame, "notifications").contains("Maria Lopez"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_is_kept_or_changed_is_a_hint_to_the_pages_of_its_company_alone() {
    let stack = TestStack::open().await;
    let (mut ours, mut theirs) = (stack.dana().await.goes_live().await, stack.josie().await.goes_live().await);
    for (id, number) in [("A-1", Some(MARIA)), ("A-2", None), ("A-1", None)] {
        stack.has_appointment("harbor-dental", id, number).await;
        ours.sees(&format!(r#"data-live="appointments" data-appointment="{id}" data-refresh"#)).await;
    }
    stack.phone(MARIA).texts(TIDEWATER, "the last of it").await;
    let first = theirs.next().await.unwrap();
    assert!(first.contains("the last of it"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_confirmation_call_ended_is_on_every_screen() {
    let stack = TestStack::open().await;
    let mut socket = stack.dana().await.goes_live().await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    stack.flow(&Call::new("c-1", HARBOR, MARIA, "A-1").pressed("2")).await;
    // The call and the appointment's status are written one after the other, which can make two frames.
    let mut seen = String::new();
    let on = |seen: &str, list: &str| pieces(seen, list).iter().any(|piece| piece.contains("by phone"));
    while !["messages", "notifications", "conversations"].iter().all(|list| on(&seen, list)) {
        let frame = socket.next().await;
        seen += &frame.unwrap_or_else(|| panic!("closed before it was on every list: {seen}"));
    }
}
