//! Customers who have opted out are not texted until they opt in with START.

use domain::SendingLimits;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    HARBOR, HARBOR_SECOND, SendOptions, SmsEvent, StaffClient, TIDEWATER, TestResponse, TestStack, ago, by_queue,
};

const MARIA: &str = "+14255550182";
const MARIA_AS_TYPED: &str = "(425) 555-0182";

/// Returns Dana and her conversation with Maria, who has sent a text.
async fn talking(stack: &TestStack) -> (StaffClient<'_>, String) {
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    (dana, conversation)
}

fn is_refused(answer: &TestResponse, why: &str) {
    assert_eq!((answer.status, answer.code()), (422, "opted-out".to_owned()), "{}", answer.body);
    assert!(answer.sentence().contains(why), "{}", answer.sentence());
    assert!(answer.sentence().ends_with("Only they can undo it, by texting START."), "{}", answer.sentence());
}

/// Returns the opt-out state of a conversation, as stored in the table.
async fn item(stack: &TestStack, conversation: &str) -> Value {
    let key = json!({"pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, "sk": {"S": "OPTOUT"}});
    stack.table("GetItem", json!({"Key": key})).await["Item"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyword_stops_everything_that_staff_would_send_until_start() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let maria = stack.phone(MARIA);
    // The first keyword is on both AWS's and the regulator's list. The others are on the regulator's only, so the
    // carrier would deliver a reply.
    let mut received = 0;
    for (written, keyword) in [("Stop ", "STOP"), ("“Revoke.”", "REVOKE"), ("opt out", "OPT OUT")] {
        maria.texts(HARBOR, written).await;
        let why = format!("they wrote {keyword} on ");
        is_refused(&dana.replies(&conversation, "are you sure?").await, &why);
        is_refused(&dana.writes_first(MARIA_AS_TYPED, "are you sure?").await, &why);
        let form = dana.request(Method::POST, &format!("/api/conversations/{conversation}/messages"));
        let page = dana.send(form.form(&[("text", "are you sure?")])).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(&why), "{}", page.body);
        assert_eq!(dana.messages(&conversation).await.texts()[0], written, "nothing of ours is in the thread");
        assert_eq!(maria.received_messages().await.len(), received);
        maria.texts(HARBOR, "START").await;
        assert_eq!(dana.replies(&conversation, "welcome back").await.status, 201);
        assert_eq!(dana.writes_first(MARIA_AS_TYPED, "as you like").await.status, 201);
        received += 2;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyword_is_nothing_to_answer_and_after_stop_nothing_can_be_answered() {
    let stack = TestStack::open().await;
    let (dana, _) = talking(&stack).await;
    let waits = async || {
        let marked = dana.screen("/api/notifications").await.body.matches("needs an answer").count();
        (dana.notifications().await.items()[0]["unanswered"].as_u64().unwrap(), marked)
    };
    assert_eq!(waits().await, (1, 1));
    for (text, unanswered) in [("STOP", (0, 0)), ("START", (0, 0)), ("Are you open?", (1, 1)), ("start", (1, 1))] {
        stack.phone(MARIA).texts(HARBOR, text).await;
        assert_eq!(waits().await, unanswered, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_opt_outs_are_self_managed_only_the_whole_message_is_a_keyword() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let (dana, conversation) = talking(&stack).await;
    for text in ["cancel my 3 pm", "the end", "please stop texting me", "cancel?", "STOP I never signed up", "Stop by?"]
    {
        stack.phone(MARIA).texts(HARBOR, text).await;
        assert_eq!(dana.replies(&conversation, "ok").await.status, 201, "{text}");
    }
    assert_eq!(item(&stack, &conversation).await, Value::Null);
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(!screen.contains("may take it for an opt-out"), "there is no service that could: {screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_service_keeps_opt_outs_a_keyword_at_the_beginning_is_one() {
    for (text, word) in [
        ("STOP I never signed up for this", "STOP"),
        ("Stop by at 3?", "STOP"),
        ("quit!! now", "QUIT"),
        ("Unsubscribe me", "UNSUBSCRIBE"),
        ("optout thanks", "OPTOUT"),
        ("opt-out, thanks", "OPT-OUT"),
        ("ARRET svp", "ARRET"),
    ] {
        let stack = TestStack::open().await;
        let (dana, conversation) = talking(&stack).await;
        stack.phone(MARIA).texts(HARBOR, text).await;
        is_refused(&dana.replies(&conversation, "hi").await, &format!("they wrote {word} on "));
        assert_eq!(dana.notifications().await.items()[0]["unanswered"], 0, "{text}");
        let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
        assert!(screen.contains("Opted out of texts"), "{text}: {screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_word_that_the_service_may_take_for_an_opt_out_is_pointed_out_and_explains_a_refusal() {
    for (text, word) in [
        ("Cancel my 3 pm, can I come at 4?", "CANCEL"),
        ("END of the week is best", "END"),
        ("Remove the 3 pm", "REMOVE"),
        ("TD sent you the form", "TD"),
    ] {
        let stack = TestStack::open().await;
        let (dana, conversation) = talking(&stack).await;
        stack.phone(MARIA).texts(HARBOR, text).await;
        assert_eq!(item(&stack, &conversation).await, Value::Null, "{text}");
        assert_eq!(dana.notifications().await.items()[0]["unanswered"], 2, "{text}");
        let path = format!("/api/conversations/{conversation}/messages");
        let says =
            format!("It begins with {word}: the SMS service may take it for an opt-out, and refuse your next text.");
        assert!(dana.screen(&path).await.body.contains(&says), "{text}");
        assert_eq!(dana.replies(&conversation, "Yes").await.code(), "opted-out", "{text}");
        let why = format!("since it takes one of theirs that begins with {word} for an opt-out on ");
        is_refused(&dana.replies(&conversation, "Yes").await, &why);
        assert!(dana.screen(&path).await.body.contains(&format!("begins with {word} for an opt-out")), "{text}");
        stack.phone(MARIA).texts(HARBOR, "START").await;
        assert_eq!(dana.replies(&conversation, "Yes").await.status, 201, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_opts_out_and_a_person_looks_since_it_may_mean_the_appointment() {
    let stack = TestStack::open().await;
    let (dana, maria) = (stack.dana().await, stack.phone(MARIA));
    maria.texts(HARBOR, "My tooth broke, can I come today?").await;
    maria.texts(HARBOR, "CANCEL").await;
    let conversation = dana.conversation_with(MARIA).await;
    is_refused(&dana.replies(&conversation, "hi").await, "they wrote CANCEL on ");
    let waits = async || dana.notifications().await.items()[0]["unanswered"].clone();
    assert_eq!(waits().await, 2, "both wait");
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(screen.contains("They may mean their appointment: cancel it, or call them."), "{screen}");
    let path = format!("/api/conversations/{conversation}/done");
    let done = async |entry: &Value| dana.post(&path, &json!({"through": entry["id"]}), SendOptions::default()).await;
    let said = dana.messages(&conversation).await.items();
    let early = done(&said[1]).await;
    assert_eq!((early.status, early.code()), (409, "something-newer".to_owned()));
    assert_eq!(waits().await, 2);
    assert_eq!(
        stack.josie().await.post(&path, &json!({"through": said[0]["id"]}), SendOptions::default()).await.code(),
        "no-conversation"
    );
    assert_eq!(waits().await, 2);
    for _ in 0..2 {
        assert_eq!(done(&said[0]).await.status, 204);
        assert_eq!(waits().await, 0);
    }
    for text in ["START", "Hello?"] {
        maria.texts(HARBOR, text).await;
    }
    assert_eq!(waits().await, 1, "what comes after it waits");
    assert_eq!(dana.replies(&conversation, "Hello Maria").await.status, 201);
    maria.receipt("TEXT_UNREACHABLE", true).await;
    assert_eq!(waits().await, 1, "and what was done before stays done");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_opt_outs_are_self_managed_help_is_answered_once_a_day_also_to_one_who_has_opted_out() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let (dana, conversation) = talking(&stack).await;
    let maria = stack.phone(MARIA);
    maria.texts(HARBOR_SECOND, "Help!").await;
    let help = "Harbor Dental. For help: (206) 555-0167. Reply STOP to unsubscribe.";
    assert_eq!(maria.texts_received().await, [help], "by the line that they wrote to");
    assert_eq!(dana.messages(&conversation).await.items()[0]["by"], "Switchboard");
    assert_eq!(dana.notifications().await.items()[0]["unanswered"], 2, "and a person looks still");
    for text in ["HELP", "info"] {
        maria.texts(HARBOR, text).await;
    }
    assert_eq!(maria.texts_received().await, [help], "once a day");
    let other = stack.phone("+12535550119");
    other.texts(HARBOR, "STOP").await;
    other.texts(HARBOR, "INFO").await;
    let received = other.texts_received().await;
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(received[1].starts_with("Harbor Dental. For help: (206) 555-0142."), "{received:?}");
    other.texts(HARBOR, "help me please").await;
    assert_eq!(other.received_messages().await.len(), 2, "only the whole message");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_service_keeps_opt_outs_it_answers_help_itself() {
    let stack = TestStack::open().await;
    talking(&stack).await;
    stack.phone(MARIA).texts(HARBOR, "HELP").await;
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_last_is_in_force_in_whatever_order_and_however_often_it_comes() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let said =
        |id: &str, text: &str, seconds| by_queue(&[SmsEvent::new(id, MARIA, HARBOR, text).with_time(ago(seconds))]);
    let (stop, start, revoke) = (said("1", "STOP", 60), said("2", "START", 30), said("3", "REVOKE", 20));
    let replies = async || dana.replies(&conversation, "hi").await.code();
    for (event, code) in [(&start, ""), (&stop, ""), (&revoke, "opted-out"), (&start, "opted-out")] {
        assert!(stack.deliver(event).await.is_empty());
        assert_eq!(replies().await, code);
    }
    // A START whose idempotency record has expired is still applied at its original time.
    let old_start = said("4", "START", 40);
    stack.deliver(&old_start).await;
    assert_eq!(replies().await, "opted-out");
    let before = item(&stack, &conversation).await;
    stack.deliver(&revoke).await;
    assert_eq!(item(&stack, &conversation).await, before, "a repeat changes nothing");
    for text in ["STOP", "START", "REVOKE"] {
        assert!(dana.messages(&conversation).await.texts().iter().any(|said| said == text), "{text} is in the thread");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_said_in_the_same_millisecond_the_last_of_its_batch_is_in_force() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let at = ago(5);
    // If the order came from a hash of the ids, about half of these cases would fail.
    for n in 0..8 {
        let number = format!("+142555501{n:02}");
        let said =
            |id: &str, text: &str| SmsEvent::new(&format!("{id}-{n}"), &number, HARBOR, text).with_time(at.clone());
        let words = if n % 2 == 0 { ["STOP", "START", "hello"] } else { ["START", "hello", "STOP"] };
        let event = by_queue(&[said("1", words[0]), said("2", words[1]), said("3", words[2])]);
        for _ in 0..2 {
            assert!(stack.deliver(&event).await.is_empty());
        }
        let conversation = dana.conversation_with(&number).await;
        let mut texts = dana.messages(&conversation).await.texts();
        texts.reverse();
        assert_eq!(texts, words);
        let code = dana.replies(&conversation, "hi").await.code();
        assert_eq!(code, if n % 2 == 0 { "" } else { "opted-out" }, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_outlives_what_was_said() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let days = 24 * 60 * 60;
    stack.deliver(&by_queue(&[SmsEvent::new("1", MARIA, HARBOR, "Unsubscribe").with_time(ago(400 * days))])).await;
    assert!(dana.get("/api/conversations").await.items().is_empty());
    is_refused(&dana.writes_first(MARIA_AS_TYPED, "hello").await, "they wrote UNSUBSCRIBE on ");
    assert!(dana.get("/api/conversations").await.items().is_empty(), "nothing was begun");
    stack.phone(MARIA).texts(HARBOR, "hello again").await;
    let conversation = dana.conversation_with(MARIA).await;
    is_refused(&dana.replies(&conversation, "hello").await, "they wrote UNSUBSCRIBE on ");
    let kept = item(&stack, &conversation).await;
    assert_eq!(kept["expires_at"], Value::Null, "it has no end");
    assert!(!kept.to_string().contains("4255550182"), "nor the number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_is_of_one_company_and_of_all_its_lines() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let maria = stack.phone(MARIA);
    maria.texts(HARBOR, "REVOKE").await;
    maria.texts(HARBOR_SECOND, "hello").await;
    let conversation = dana.conversation_with(MARIA).await;
    is_refused(&dana.replies(&conversation, "hi").await, "they wrote REVOKE on ");
    assert_eq!(josie.writes_first(MARIA, "from another company").await.status, 201);
    maria.texts(TIDEWATER, "START").await;
    is_refused(&dana.replies(&conversation, "hi").await, "they wrote REVOKE on ");
    assert_eq!(maria.texts_received().await, ["from another company"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_sms_service_is_an_opt_out_too() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let maria = stack.phone(MARIA);
    // The service has one opt-out list for each line, and the START was sent to another line.
    maria.texts(HARBOR, "STOP").await;
    maria.texts(HARBOR_SECOND, "START").await;
    maria.texts(HARBOR, "hello").await;
    let refused = dana.replies_with(&conversation, "hi", SendOptions { key: Some("k") }).await;
    assert_eq!((refused.status, refused.code()), (422, "opted-out".to_owned()));
    let again = dana.replies_with(&conversation, "hi", SendOptions { key: Some("k") }).await;
    assert_eq!((again.status, again.json()), (422, refused.json()), "the same key, the same answer");
    assert_eq!(dana.messages(&conversation).await.items()[0]["status"], "failed");
    is_refused(&dana.replies(&conversation, "hi again").await, "the SMS service refused a text for it on ");
    assert_eq!(dana.messages(&conversation).await.texts()[0], "hi", "the second was not even tried");
    maria.texts(HARBOR, "START").await;
    assert_eq!(dana.replies(&conversation, "welcome back").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_sent_before_the_stop_is_answered_as_sent_when_it_is_asked_again() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let once = SendOptions { key: Some("k") };
    let sent = dana.replies_with(&conversation, "see you", once).await;
    stack.phone(MARIA).texts(HARBOR, "STOP").await;
    let again = dana.replies_with(&conversation, "see you", once).await;
    assert_eq!((again.status, again.json()), (201, sent.json()));
    assert_eq!(stack.phone(MARIA).texts_received().await, ["see you"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_says_that_and_why_its_customer_has_opted_out() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let opted_out = async || dana.get(&path).await.json()["opted_out"].clone();
    assert_eq!(opted_out().await, Value::Null);
    assert!(!dana.screen(&path).await.body.contains("pted out"));
    stack.phone(MARIA).texts(HARBOR, "revoke").await;
    let newest = dana.messages(&conversation).await.items()[0].clone();
    let said = json!({"since": newest["at"], "cause": "keyword", "keyword": "REVOKE", "by": null});
    assert_eq!(opted_out().await, said);
    let screen = dana.screen(&path).await.body;
    assert!(screen.contains("<strong>Opted out of texts: </strong>they wrote REVOKE, "), "{screen}");
    assert_eq!(screen.matches("<p class=\"keyword\">Opted out of texts</p>").count(), 1, "{screen}");
    stack.phone(MARIA).texts(HARBOR, "START").await;
    assert_eq!(opted_out().await, Value::Null);
    let screen = dana.screen(&path).await.body;
    assert!(!screen.contains("data-opted-out") && screen.contains("Opted in again"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_takes_no_message_s_place_on_a_page() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    let mut texts: Vec<_> =
        (0..59).map(|n| SmsEvent::new(&n.to_string(), MARIA, HARBOR, "hi").with_time(ago(90 - n))).collect();
    texts.push(SmsEvent::new("stop", MARIA, HARBOR, "STOP").with_time(ago(10)));
    stack.deliver(&by_queue(&texts)).await;
    let conversation = dana.conversation_with(MARIA).await;
    let first = dana.messages(&conversation).await;
    assert_eq!((first.items().len(), &first.items()[0]["text"]), (30, &json!("STOP")));
    let second = dana.get(&first.next().unwrap()).await;
    assert_eq!((second.items().len(), second.next()), (30, None));
    assert_eq!(second.json().get("opted_out"), None, "an older page says nothing of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_are_told_at_once_of_both_ways() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let mut socket = dana.goes_live().await;
    let of_it = format!("data-live=\"opt-out\" data-conversation=\"{conversation}\"");
    stack.phone(MARIA).texts(HARBOR, "quit").await;
    let frame = socket.sees("they wrote QUIT").await;
    assert!(frame.contains(&of_it) && frame.contains("data-opted-out"), "{frame}");
    stack.phone(MARIA).texts(HARBOR, "Start").await;
    let frame = socket.sees(&of_it).await;
    assert!(!frame.contains("data-opted-out"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_opt_a_customer_out_on_their_word_and_only_the_customer_comes_back() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let opt_out = format!("/api/conversations/{conversation}/opt-out");
    let noted = dana.post(&opt_out, &json!({}), SendOptions::default()).await;
    let (status, opted_out) = (noted.status, noted.json()["opted_out"].clone());
    assert_eq!((status, &opted_out["cause"], &opted_out["by"]), (200, &json!("staff"), &json!("Dana Whitfield")));
    is_refused(&dana.replies(&conversation, "hi").await, "they told Dana Whitfield on ");
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    is_refused(&marcus.writes_first(MARIA_AS_TYPED, "hi").await, "they told Dana Whitfield on ");
    let screen = marcus.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(screen.contains("Opted out of texts, as they told Dana Whitfield"), "{screen}");
    for method in [Method::DELETE, Method::PUT] {
        assert_eq!(dana.send(dana.request(method, &opt_out)).await.status, 404, "there is no way back for staff");
    }
    stack.phone(MARIA).texts(HARBOR, "hello?").await;
    is_refused(&dana.replies(&conversation, "hi").await, "they told Dana Whitfield on ");
    stack.phone(MARIA).texts(HARBOR, "UNSTOP").await;
    assert_eq!(dana.replies(&conversation, "hi").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_opts_out_as_json_does_and_is_answered_with_what_stands_in_the_composers_place() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    let marcus = stack.sign_in("harbor-dental.marcus").await;
    let mut socket = marcus.goes_live().await;
    let opt_out = format!("/api/conversations/{conversation}/opt-out");
    let form = dana.request(Method::POST, &opt_out).header("content-type", "application/x-www-form-urlencoded");
    let answer = dana.send(form.body("")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("data-opted-out") && answer.body.contains("id=\"opt-out-line\""), "{}", answer.body);
    let frame = socket.sees("data-opted-out").await;
    assert!(frame.contains("they told Dana Whitfield") && frame.contains("id=\"opt-out-line\""), "{frame}");
    // A customer without messages can be opted out only if they have an appointment.
    stack.has_appointment("harbor-dental", "A-1", Some("+12535550119")).await;
    let theirs = dana.get("/api/appointments/A-1").await.json()["conversation"].as_str().unwrap().to_owned();
    let noted = dana.post(&format!("/api/conversations/{theirs}/opt-out"), &json!({}), SendOptions::default()).await;
    assert_eq!(noted.status, 200, "{}", noted.body);
    is_refused(&dana.replies(&theirs, "hi").await, "they told Dana Whitfield on ");
    let booked = dana.get("/api/appointments/A-1").await.json();
    let texting = &booked["texting"];
    assert_eq!((&texting["possible"], &texting["reason"]), (&json!(false), &json!("opted-out")));
    assert!(texting["message"].as_str().unwrap().contains("they told Dana Whitfield on "), "{texting}");
    assert_eq!(booked["conversation"], json!(theirs), "what was said with them can be read");
    let nobody = format!("/api/conversations/{}/opt-out", "0".repeat(32));
    assert_eq!(dana.post(&nobody, &json!({}), SendOptions::default()).await.code(), "no-conversation");
    let foreign = dana.request(Method::POST, &opt_out).header("sec-fetch-site", "cross-site");
    assert_eq!(dana.send(foreign).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn wording_that_looks_like_an_opt_out_is_put_to_staff_and_changes_nothing_by_itself() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let (dana, conversation) = talking(&stack).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let asks = async || dana.screen(&path).await.body.matches("They seem to want to unsubscribe.").count();
    for text in ["cancel my 3 pm", "stop by at 3?"] {
        stack.phone(MARIA).texts(HARBOR, text).await;
    }
    assert_eq!(dana.replies(&conversation, "please stop texting me").await.status, 201);
    assert_eq!(asks().await, 0);
    for text in ["please stop texting me", "cancel all messages"] {
        stack.phone(MARIA).texts(HARBOR, text).await;
    }
    assert_eq!(asks().await, 2, "by each of the two that they wrote, and not by ours");
    assert_eq!(dana.replies(&conversation, "sure?").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_opt_outs_are_self_managed_each_is_confirmed_once_from_the_line_that_it_came_to() {
    let stack = TestStack::with_self_managed_opt_outs(TestStack::limits()).await;
    let (dana, conversation) = talking(&stack).await;
    let maria = stack.phone(MARIA);
    let stop = by_queue(&[SmsEvent::new("1", MARIA, HARBOR_SECOND, "STOP").with_time(ago(2))]);
    for _ in 0..3 {
        assert!(stack.deliver(&stop).await.is_empty());
    }
    let received = maria.received_messages().await;
    assert_eq!(received.len(), 1, "{received:?}");
    let text = "You are unsubscribed from Harbor Dental and will get no more texts. Reply START to resubscribe.";
    assert_eq!((&received[0]["text"], &received[0]["from"]), (&json!(text), &json!(HARBOR_SECOND)));
    let newest = dana.messages(&conversation).await.items()[0].clone();
    assert_eq!(
        (&newest["text"], &newest["by"], &newest["status"]),
        (&json!(text), &json!("Switchboard"), &json!("sent"))
    );
    is_refused(&dana.replies(&conversation, "hi").await, "they wrote STOP on ");
    // Switchboard does not acknowledge a text that is not a keyword, an opt-out that is not in force, or a late one.
    maria.texts(HARBOR, "START").await;
    maria.texts(HARBOR, "please stop texting me").await;
    stack.deliver(&by_queue(&[SmsEvent::new("2", MARIA, HARBOR, "QUIT").with_time(ago(1))])).await;
    stack.deliver(&by_queue(&[SmsEvent::new("3", "+12535550119", HARBOR, "STOP").with_time(ago(301))])).await;
    assert_eq!(maria.received_messages().await.len(), 1);
    assert!(stack.phone("+12535550119").received_messages().await.is_empty());
    maria.texts(HARBOR, "QUIT").await;
    assert_eq!(maria.received_messages().await.len(), 2, "they had wanted texts again, so the next is confirmed, too");
    for word in ["STOP", "QUIT", "STOP"] {
        maria.texts(HARBOR, word).await;
    }
    assert_eq!(maria.received_messages().await.len(), 2, "who has opted out is not told so again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_is_confirmed_however_much_a_company_has_sent() {
    let limits = SendingLimits { company: "1/1".parse().unwrap(), ..TestStack::limits() };
    let stack = TestStack::with_self_managed_opt_outs(limits).await;
    let (dana, conversation) = talking(&stack).await;
    assert_eq!(dana.replies(&conversation, "See you at 3").await.status, 201);
    assert_eq!(dana.replies(&conversation, "or at 4").await.status, 429);
    stack.phone(MARIA).texts(HARBOR, "STOP").await;
    let received = stack.phone(MARIA).received_messages().await;
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(received.iter().any(|sms| sms["text"]
        == "You are unsubscribed from Harbor Dental and will get no more texts. Reply START to resubscribe."));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sms_service_confirms_unless_it_is_told_not_to() {
    let stack = TestStack::open().await;
    let (dana, conversation) = talking(&stack).await;
    stack.phone(MARIA).texts(HARBOR, "REVOKE").await;
    assert!(stack.phone(MARIA).received_messages().await.is_empty());
    assert_eq!(dana.messages(&conversation).await.items().len(), 2);
}
