//! Confirmation calls: from the reports of Amazon Connect to what staff see.

use serde_json::{Value, json};
use tests::{Call, CustomerPhone, HARBOR, HARBOR_SECOND, StaffClient, TIDEWATER, TestStack, ago, record};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const LIAM: &str = "+61491570156";

/// Starts a stack in which Maria has the appointment A-1 at Harbor Dental.
async fn with_an_appointment() -> TestStack {
    let stack = TestStack::open().await;
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    stack
}

fn to_maria(contact: &str) -> Call {
    Call::new(contact, HARBOR, MARIA, "A-1")
}

async fn outcomes(desk: &StaffClient<'_>) -> Vec<String> {
    let items = desk.notifications().await.items();
    items.iter().map(|item| item["outcome"].as_str().unwrap_or("sms").to_owned()).collect()
}

/// Returns the only conversation of the inbox.
async fn only_conversation(desk: &StaffClient<'_>) -> Value {
    let items = desk.get("/api/conversations").await.items();
    assert_eq!(items.len(), 1, "{items:?}");
    items[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_is_taken_down_and_changes_the_appointment_as_it_should() {
    for (digit, outcome, words, status, unanswered) in [
        ("1", "confirmed", "Confirmed by phone", "confirmed", 0),
        ("2", "declined", "Declined by phone", "declined", 1),
        ("3", "asks-to-reschedule", "Asked by phone to reschedule", "booked", 1),
    ] {
        let stack = with_an_appointment().await;
        let dana = stack.dana().await;
        assert_eq!(stack.flow(&to_maria("c-1").pressed(digit)).await, json!({"result": outcome}));

        let notification = dana.notifications().await.items()[0].clone();
        assert_eq!(
            [&notification["kind"], &notification["outcome"], &notification["text"], &notification["appointment"]],
            ["call", outcome, words, "A-1"]
        );
        assert_eq!((&notification["number"], &notification["line"]), (&json!(MARIA), &json!(HARBOR)));
        let inbox = only_conversation(&dana).await;
        assert_eq!(inbox["unanswered"], unanswered, "{outcome}");
        assert_eq!(
            [&inbox["last"]["kind"], &inbox["last"]["text"], &inbox["last"]["outcome"]],
            ["call", words, outcome]
        );
        assert!(inbox["last"].get("direction").is_none());
        let conversation = inbox["conversation"].as_str().unwrap();
        let entry = dana.messages(conversation).await.items()[0].clone();
        assert_eq!([&entry["kind"], &entry["outcome"], &entry["appointment"]], ["call", outcome, "A-1"]);
        assert_eq!(entry["id"], notification["id"]);
        let (now, by) = stack.status_of("harbor-dental", "A-1").await;
        assert_eq!((now.as_str(), by == "the customer, by phone"), (status, status != "booked"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_makes_of_a_call_is_told_and_changes_no_appointment() {
    let call = to_maria("c-1");
    for (events, outcome) in [
        (vec![call.unanswered("OTHER")], "no-answer"),
        (vec![call.connected("HUMAN_ANSWERED"), call.ended_event("HUMAN_ANSWERED")], "answered"),
        (vec![call.connected("VOICEMAIL_BEEP"), call.ended_event("VOICEMAIL_BEEP")], "voicemail"),
        (vec![call.unanswered("TELECOM_PROBLEM")], "failed"),
    ] {
        let stack = with_an_appointment().await;
        let dana = stack.dana().await;
        assert_eq!(stack.contact_events(&[call.initiated()]).await, [0; 0]);
        assert!(dana.notifications().await.items().is_empty(), "a call that has begun is no news");
        assert_eq!(stack.contact_events(&events).await, [0; 0]);
        assert_eq!(outcomes(&dana).await, [outcome]);
        assert_eq!(only_conversation(&dana).await["unanswered"], 0);
        assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "booked");
    }
}

/// A report about a call: a pressed key or a contact event.
enum CallReport {
    Pressed(Value),
    Told(Value),
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for next in 0..count {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, next);
                    order
                })
            })
            .collect();
    }
    orders
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_is_one_entry_in_whatever_order_and_however_often_it_is_reported() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for (round, order) in permutations(4).into_iter().enumerate() {
        let (id, customer) = (format!("A-{round}"), format!("+1425555{round:04}"));
        stack.has_appointment("harbor-dental", &id, Some(&customer)).await;
        let call = Call::new(&format!("contact-{round}"), HARBOR, &customer, &id);
        let reports = [
            CallReport::Told(call.initiated()),
            CallReport::Told(call.connected("VOICEMAIL_BEEP")),
            CallReport::Pressed(call.pressed("2")),
            CallReport::Told(call.ended_event("HUMAN_ANSWERED")),
        ];
        let mut place = None;
        for report in order.iter().chain(&order) {
            match &reports[*report] {
                CallReport::Pressed(invocation) => {
                    assert_eq!(stack.flow(invocation).await["result"], "declined");
                }
                CallReport::Told(event) => assert_eq!(stack.contact_events(std::slice::from_ref(event)).await, [0; 0]),
            }
            let entries = dana.notifications().await.items();
            let mut of_call = entries.iter().filter(|item| item["number"] == customer.as_str());
            let entry = of_call.next();
            assert!(of_call.next().is_none(), "{order:?}: one entry");
            if let (Some(place), Some(entry)) = (&place, entry) {
                assert_eq!(*place, entry["id"], "{order:?}: it stays in its place");
            }
            place = entry.map(|entry| entry["id"].clone());
        }
        let conversation = dana.conversation_with(&customer).await;
        let entries = dana.messages(&conversation).await.items();
        assert_eq!(entries.iter().map(|entry| &entry["outcome"]).collect::<Vec<_>>(), ["declined"], "{order:?}");
        let inbox = dana.everything("/api/conversations?limit=100").await;
        let head = inbox.iter().find(|head| head["number"] == customer.as_str()).unwrap();
        assert_eq!((&head["unanswered"], &head["last"]["outcome"]), (&json!(1), &json!("declined")), "{order:?}");
        assert_eq!(stack.status_of("harbor-dental", &id).await.0, "declined", "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_one_call_at_the_same_moment_are_one_entry_with_the_best_known_outcome() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for round in 0..6 {
        let (id, customer) = (format!("A-{round}"), format!("+1425555{round:04}"));
        stack.has_appointment("harbor-dental", &id, Some(&customer)).await;
        let call = Call::new(&format!("contact-{round}"), HARBOR, &customer, &id);
        let told = [
            call.unanswered("TELECOM_PROBLEM"),
            call.ended_event("HUMAN_ANSWERED"),
            call.ended_event("VOICEMAIL_BEEP"),
        ];
        let pressed = ["1", "2", "3", "2"].map(|digit| call.pressed(digit));
        let (answers, failed) = futures_util::future::join(
            futures_util::future::join_all(pressed.iter().map(|invocation| stack.flow(invocation))),
            futures_util::future::join_all(told.iter().map(|event| stack.contact_events(std::slice::from_ref(event)))),
        )
        .await;
        assert!(failed.iter().all(Vec::is_empty) && answers.iter().all(|answer| answer["result"].is_string()));
        let entries = dana.everything("/api/notifications?limit=100").await;
        let of_call: Vec<_> = entries.iter().filter(|entry| entry["number"] == customer.as_str()).collect();
        assert_eq!(of_call.iter().map(|entry| &entry["outcome"]).collect::<Vec<_>>(), ["declined"]);
        assert_eq!(of_call[0]["unanswered"], 1);
        assert_eq!(stack.status_of("harbor-dental", &id).await.0, "declined");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_the_one_counts_that_somebody_has_to_do_something_about_and_it_counts_once() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let call = to_maria("c-1");
    for (digit, best, unanswered) in [("1", "confirmed", 0), ("3", "asks-to-reschedule", 1), ("2", "declined", 1)] {
        assert_eq!(stack.flow(&call.pressed(digit)).await["result"], best);
        assert_eq!(only_conversation(&dana).await["unanswered"], unanswered, "{best}");
    }
    assert_eq!(stack.flow(&call.pressed("1")).await["result"], "declined", "it is known better");
    assert_eq!(outcomes(&dana).await, ["declined"]);
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "declined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_told_of_late_stands_where_it_ended() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "You called?").await;
    let call = to_maria("c-1");
    let ended = json!({"disconnectTimestamp": ago(600), "disconnectReason": "OTHER"});
    assert_eq!(stack.contact_events(&[call.event("DISCONNECTED", ended)]).await, [0; 0]);
    let head = only_conversation(&dana).await;
    assert_eq!((&head["last"]["text"], &head["unanswered"]), (&json!("You called?"), &json!(1)));
    let conversation = head["conversation"].as_str().unwrap();
    assert_eq!(dana.messages(conversation).await.texts(), ["You called?", "Called, no answer"]);
    assert_eq!(dana.notifications().await.texts(), ["You called?", "Called, no answer"]);
    // A more specific outcome changes the entry in its place, and later entries stay the newest.
    stack.flow(&call.pressed("2")).await;
    assert_eq!(dana.messages(conversation).await.texts(), ["You called?", "Declined by phone"]);
    let head = only_conversation(&dana).await;
    assert_eq!((&head["last"]["text"], &head["unanswered"]), (&json!("You called?"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_known_outcome_asks_for_an_answer_even_after_staff_have_written() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let call = to_maria("c-1");
    stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")]).await;
    let conversation = dana.conversation_with(MARIA).await;
    dana.replies(&conversation, "We tried to call you").await;
    assert_eq!(only_conversation(&dana).await["unanswered"], 0);
    stack.flow(&call.pressed("2")).await;
    let head = only_conversation(&dana).await;
    assert_eq!((&head["unanswered"], &head["last"]["text"]), (&json!(1), &json!("We tried to call you")));
    let screen = dana.screen("/api/notifications").await.body;
    assert!(screen.contains("Declined by phone") && screen.contains("Call, needs an answer"), "{screen}");
    dana.replies(&conversation, "Shall we find another day?").await;
    assert_eq!(only_conversation(&dana).await["unanswered"], 0, "and is answered by writing");
    stack.flow(&call.pressed("2")).await;
    assert_eq!(only_conversation(&dana).await["unanswered"], 0, "a repeat asks for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_does_not_undo_what_staff_made_of_the_appointment_since() {
    let stack = with_an_appointment().await;
    let call = to_maria("c-1");
    stack.flow(&call.pressed("2")).await;
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "declined");
    // Staff talk with her, and book the appointment again.
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    assert_eq!(stack.flow(&call.pressed("2")).await["result"], "declined");
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "booked");
    stack.flow(&to_maria("c-2").pressed("1")).await;
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "confirmed", "another call is another answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_was_not_told_what_the_customer_pressed_is_told_by_the_end_of_the_call() {
    let stack = with_an_appointment().await;
    let call = to_maria("c-1");
    stack.flow(&call.pressed("2")).await;
    // Simulates that the function ended after it had stored the call and before it updated the appointment.
    let item = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "APPOINTMENT#A-1"}});
    let booked = json!({
        "Key": item, "UpdateExpression": "SET appointment.#now.details.#status = :booked",
        "ExpressionAttributeNames": {"#now": "now", "#status": "status"},
        "ExpressionAttributeValues": {":booked": {"S": "booked"}},
    });
    stack.table("UpdateItem", booked.clone()).await;
    assert_eq!(stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")]).await, [0; 0]);
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "booked", "what was told once is not told again");
    let told = json!({"FilterExpression": "attribute_exists(appointment_told)", "ProjectionExpression": "pk, sk"});
    for entry in stack.table("Scan", told).await["Items"].as_array().unwrap() {
        stack.table("UpdateItem", json!({"Key": entry, "UpdateExpression": "REMOVE appointment_told"})).await;
    }
    assert_eq!(stack.contact_events(&[call.ended_event("HUMAN_ANSWERED")]).await, [0; 0]);
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "declined");
    assert_eq!(outcomes(&stack.dana().await).await, ["declined"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_stands_among_the_texts_and_replies_go_out_where_the_customer_wrote() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let maria = CustomerPhone { stack: &stack, number: MARIA.to_owned() };
    maria.texts(HARBOR_SECOND, "Is it at 3?").await;
    stack.flow(&to_maria("c-1").pressed("1")).await;
    let head = only_conversation(&dana).await;
    assert_eq!((&head["unanswered"], &head["line"]), (&json!(1), &json!(HARBOR_SECOND)), "her question still waits");
    let conversation = head["conversation"].as_str().unwrap();
    dana.replies(conversation, "At 3, yes").await;
    assert_eq!(maria.received_messages().await[0]["from"], HARBOR_SECOND);
    let said = dana.messages(conversation).await;
    assert_eq!(said.texts(), ["At 3, yes", "Confirmed by phone", "Is it at 3?"]);
    let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    let [asked, confirmed, replied] =
        ["Is it at 3?", "Confirmed by phone", "At 3, yes"].map(|text| screen.find(text).unwrap());
    assert!(asked < confirmed && confirmed < replied);
    assert!(screen.contains("class=\"message call\"") || screen.contains("class=\"call message\""), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_was_only_called_can_be_written_to_from_the_companys_first_line() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    stack.contact_events(&[Call::new("c-1", HARBOR_SECOND, MARIA, "A-1").unanswered("OTHER")]).await;
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.replies(&conversation, "We tried to reach you").await.status, 201);
    assert_eq!(stack.phone(MARIA).received_messages().await[0]["from"], HARBOR);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_says_whose_call_it_is_and_nobody_reaches_another_companys_appointment() {
    let stack = with_an_appointment().await;
    stack.has_appointment("tidewater-physio", "T-1", Some(LIAM)).await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    // The first call has Harbor Dental's line with Tidewater's appointment, and parameters that name a company.
    let crossed = Call::new("c-1", HARBOR, LIAM, "T-1");
    let mut invocation = crossed.pressed("2");
    invocation["Details"]["Parameters"]["company"] = json!("tidewater-physio");
    assert_eq!(stack.flow(&invocation).await["result"], "unknown-appointment");
    let crossed = Call::new("c-2", TIDEWATER, MARIA, "A-1");
    assert_eq!(stack.contact_events(&[crossed.unanswered("OTHER")]).await, [0]);
    assert_eq!(stack.status_of("tidewater-physio", "T-1").await.0, "booked");
    assert!(josie.notifications().await.items().is_empty(), "Tidewater hears nothing");
    let at_harbor = dana.notifications().await.items();
    assert_eq!((at_harbor.len(), &at_harbor[0]["appointment"]), (1, &Value::Null), "what was pressed is not lost");
    // Two calls of different companies can have the same contact id. They are stored separately.
    stack.flow(&Call::new("c-3", HARBOR, MARIA, "A-1").pressed("1")).await;
    stack.flow(&Call::new("c-3", TIDEWATER, LIAM, "T-1").pressed("2")).await;
    assert_eq!(outcomes(&josie).await, ["declined"]);
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_appointment_or_line_has_a_clear_answer_and_what_was_pressed_is_kept() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let unknown = Call::new("c-1", HARBOR, MARIA, "A-1");
    assert_eq!(
        stack.contact_events(&[unknown.ended_event("VOICEMAIL_BEEP")]).await,
        [0],
        "nobody knows whom it was to"
    );
    assert_eq!(stack.flow(&unknown.pressed("2")).await, json!({"result": "unknown-appointment"}));
    assert_eq!(outcomes(&dana).await, ["declined"]);
    assert_eq!(only_conversation(&dana).await["unanswered"], 1);
    assert_eq!(stack.contact_events(&[unknown.ended_event("HUMAN_ANSWERED")]).await, [0; 0], "the flow knew");
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    assert_eq!(stack.flow(&unknown.pressed("2")).await["result"], "declined", "told again, once it is there");
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "declined");
    let without_number = Call::new("c-2", HARBOR, MARIA, "A-2");
    stack.flow(&without_number.pressed("2")).await;
    stack.has_appointment("harbor-dental", "A-2", None).await;
    assert_eq!(
        stack.contact_events(&[without_number.ended_event("HUMAN_ANSWERED")]).await,
        [0; 0],
        "or by the end of it"
    );
    assert_eq!(stack.status_of("harbor-dental", "A-2").await.0, "declined");
    for appointment in ["", "a/b", "../x"] {
        let call = Call::new(&format!("c-{appointment}"), HARBOR, SAM, appointment);
        assert_eq!(stack.flow(&call.pressed("1")).await["result"], "unknown-appointment", "{appointment:?}");
    }
    let elsewhere = Call::new("c-9", "+12065550199", MARIA, "A-1");
    assert_eq!(stack.flow(&elsewhere.pressed("1")).await, json!({"result": "unknown-line"}));
    assert_eq!(stack.contact_events(&[elsewhere.unanswered("OTHER")]).await, [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_failed_is_recorded_with_its_own_time_when_it_is_redriven() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let event = to_maria("c-1").unanswered("OTHER");
    assert_eq!(stack.contact_events(std::slice::from_ref(&event)).await, [0]);
    stack.has_appointment("harbor-dental", "A-1", None).await;
    assert_eq!(stack.contact_events(std::slice::from_ref(&event)).await, [0], "it has no number");
    stack.has_appointment("harbor-dental", "A-1", Some(MARIA)).await;
    assert_eq!(stack.contact_events(std::slice::from_ref(&event)).await, [0; 0]);
    assert_eq!(dana.notifications().await.items()[0]["at"], event["detail"]["disconnectTimestamp"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_events_fail_alone_and_others_contacts_are_passed_over() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let call = to_maria("c-1");
    let with = |field: &str, value: Value| {
        let mut event = call.unanswered("OTHER");
        event["detail"][field] = value;
        event
    };
    let of_others = [
        with("channel", json!("CHAT")),
        with("initiationMethod", json!("INBOUND")),
        with("tags", json!({"aws:connect:systemEndpoint": HARBOR})),
        with("tags", Value::Null),
        with("eventType", json!("SOMETHING_NEW")),
    ];
    assert_eq!(stack.contact_events(&of_others).await, [0; 0]);
    assert!(dana.notifications().await.items().is_empty());
    let mut of_another_source = call.unanswered("OTHER");
    of_another_source["source"] = json!("aws.ec2");
    let batch = [
        json!("not an event"),
        json!({}),
        with("contactId", Value::Null),
        with("tags", json!({"appointmentId": "A-1"})),
        with("tags", json!({"appointmentId": "A-1", "aws:connect:systemEndpoint": "anonymous"})),
        with("tags", json!({"appointmentId": "a/b", "aws:connect:systemEndpoint": HARBOR})),
        of_another_source,
        call.unanswered("OTHER"),
    ];
    assert_eq!(stack.contact_events(&batch).await, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(outcomes(&dana).await, ["no-answer"], "its neighbours do not hold it up");
    let unreadable = stack.invoke("confirmation-call", &json!({"Records": [record("x", "{")]})).await;
    assert_eq!(unreadable.payload["batchItemFailures"], json!([{"itemIdentifier": "x"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_that_is_no_answer_says_what_is_wrong_with_it() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let call = to_maria("c-1");
    let with = |pointer: &str, value: Value| {
        let mut invocation = call.pressed("1");
        *invocation.pointer_mut(&format!("/Details/{pointer}")).unwrap() = value;
        invocation
    };
    for (invocation, reason) in [
        (call.pressed("7"), "digit"),
        (call.pressed(""), "digit"),
        (with("Parameters", Value::Null), "digit"),
        (with("ContactData/ContactId", Value::Null), "ContactId"),
        (with("ContactData/Channel", json!("CHAT")), "voice"),
        (with("ContactData/InitiationMethod", json!("INBOUND")), "only a call to them"),
        (with("ContactData/SystemEndpoint", Value::Null), "SystemEndpoint"),
        (with("ContactData/CustomerEndpoint/Address", json!("anonymous")), "CustomerEndpoint"),
    ] {
        let answer = stack.flow(&invocation).await;
        assert_eq!(answer["result"], "not-an-answer");
        assert!(answer["reason"].as_str().unwrap().contains(reason), "{answer}");
    }
    assert!(dana.notifications().await.items().is_empty());
    for nonsense in [json!({}), json!([]), json!(null), json!({"Details": {}}), json!({"Records": 7})] {
        assert!(stack.invoke("confirmation-call", &nonsense).await.failed, "{nonsense}");
    }
    // Older documentation spells these values differently.
    let mut other = with("ContactData/Channel", json!("Voice"));
    other["Name"] = json!("ContactFlowExecution");
    assert_eq!(stack.flow(&other).await["result"], "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_appointment_stays_cancelled_and_the_customer_is_told() {
    let stack = with_an_appointment().await;
    let key = json!({"pk": {"S": "COMPANY#harbor-dental"}, "sk": {"S": "APPOINTMENT#A-1"}});
    stack
        .table(
            "UpdateItem",
            json!({
                "Key": key, "UpdateExpression": "SET appointment.#now.details.#status = :cancelled",
                "ExpressionAttributeNames": {"#now": "now", "#status": "status"},
                "ExpressionAttributeValues": {":cancelled": {"S": "cancelled"}},
            }),
        )
        .await;
    assert_eq!(stack.flow(&to_maria("c-1").pressed("1")).await["result"], "cancelled");
    assert_eq!(stack.status_of("harbor-dental", "A-1").await.0, "cancelled");
    assert_eq!(outcomes(&stack.dana().await).await, ["confirmed"], "what she pressed is told all the same");
}

/// Returns what a call says until it waits for the customer, as the local phone shows it.
async fn phone_shows(stack: &TestStack, customer: &str) -> String {
    let path = format!("/local/handset/call?from={}&to={}", customer.replace('+', "%2B"), HARBOR.replace('+', "%2B"));
    stack.get(&path).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_rings_its_owner_presses_a_key_and_the_real_flow_and_function_do_the_rest() {
    let stack = with_an_appointment().await;
    let dana = stack.dana().await;
    let fields = [("from", MARIA), ("to", HARBOR)];
    assert_eq!(stack.post_form("/local/handset/call", &[("from", SAM), ("to", HARBOR)]).await.status, 422);
    let mut expected = Vec::new();
    for (deeds, said, outcome) in [
        (vec!["answer", "1"], "Your appointment is confirmed", "confirmed"),
        (vec!["answer", "9", "2"], "you cannot come", "declined"),
        (vec!["answer", "3"], "another time", "asks-to-reschedule"),
        (vec!["answer", "7", "8"], "We did not get an answer", "answered"),
        (vec!["answer", "hang-up"], "press 1", "answered"),
        (vec!["hang-up"], "", "no-answer"),
        (vec!["ring-out"], "", "no-answer"),
        (vec!["voicemail"], "", "voicemail"),
        (vec!["fail"], "", "failed"),
    ] {
        assert_eq!(stack.post_form("/local/handset/call", &fields).await.status, 204);
        let ringing = phone_shows(&stack, MARIA).await;
        assert!(ringing.contains("Harbor Dental") && ringing.contains("is calling"), "{ringing}");
        let contact = ringing.split("/local/calls/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let does = async |deed: &str| stack.post_form(&format!("/local/calls/{contact}"), &[("do", deed)]).await.status;
        assert_eq!(does("1").await, 409, "nobody has answered yet");
        assert_eq!(does("nonsense").await, 400);
        for deed in deeds {
            assert_eq!(does(deed).await, 204, "{deed}");
        }
        assert_eq!(does("hang-up").await, 409, "it is over");
        let over = phone_shows(&stack, MARIA).await;
        assert!(over.contains("Call ended") && over.contains(said), "{over}");
        expected.insert(0, outcome);
        assert_eq!(outcomes(&dana).await, expected);
    }
    let (status, _) = stack.status_of("harbor-dental", "A-1").await;
    assert_eq!(status, "declined", "the last key that says anything about whether she comes");
    assert_eq!(only_conversation(&dana).await["unanswered"], 2);
}
