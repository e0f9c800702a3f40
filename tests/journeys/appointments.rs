//! Appointments: the list of a day, changes by staff and scheduling systems, and the conversation of each appointment.

use domain::{Day, SendingLimits, TimeZone};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    Call, HARBOR, HARBOR_SECOND, ManualClock, SendOptions, StaffClient, TIDEWATER, TestResponse, TestStack, ago,
};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const LANDLINE: &str = "+14255550190";
const INTERNET: &str = "+14255550191";
const NOBODY: &str = "+14255550192";

/// Returns the date of tomorrow in Harbor Dental's time zone.
fn tomorrow() -> String {
    day_in("America/Los_Angeles").next().to_string()
}

fn day_in(zone: &str) -> Day {
    let zone: TimeZone = zone.parse().unwrap();
    zone.local(runtime::wall_clock().now()).0
}

/// Returns a booking for a number: a cleaning tomorrow at three.
fn booking(name: &str, number: &str) -> Value {
    json!({"name": name, "number": number, "day": tomorrow(), "time": "15:00", "minutes": 45, "service": "Cleaning"})
}

fn booking_with(mut booking: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields") };
    for (name, value) in fields {
        booking[name] = value;
    }
    booking
}

async fn books(desk: &StaffClient<'_>, booking: &Value) -> Value {
    let booked = desk.post("/api/appointments", booking, SendOptions::default()).await;
    assert_eq!(booked.status, 201, "{}", booked.body);
    booked.json()
}

fn path(appointment: &Value) -> String {
    format!("/api/appointments/{}", appointment["id"].as_str().unwrap())
}

/// Changes an appointment, based on the version in `seen`.
async fn changes(desk: &StaffClient<'_>, seen: &Value, fields: Value) -> TestResponse {
    desk.post(&path(seen), &booking_with(fields, json!({"version": seen["version"]})), SendOptions::default()).await
}

async fn puts(desk: &StaffClient<'_>, id: &str, body: &Value) -> TestResponse {
    let request = desk.request(Method::PUT, &format!("/api/appointments/{id}"));
    desk.send(request.header("accept", "application/json").json(body)).await
}

async fn is_said_to_be(stack: &TestStack, number: &str, kind: &str) {
    let decided = stack.post_form("/local/carrier/kinds", &[("number", number), ("kind", kind)]).await;
    assert_eq!(decided.status, 204, "{}", decided.body);
}

/// Returns the table key of an appointment's customer at Harbor Dental.
fn person(appointment: &Value) -> Value {
    let conversation = appointment["conversation"].as_str().unwrap();
    json!({"pk": {"S": format!("CONVERSATION#harbor-dental#{conversation}")}, "sk": {"S": "PERSON"}})
}

async fn times_looked_up(stack: &TestStack, number: &str) -> u64 {
    let answer = stack.get(&format!("/local/carrier/kinds?to={}", number.replace('+', "%2B"))).await;
    answer.json()["times"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_is_booked_opened_changed_and_cancelled() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked =
        books(&dana, &booking_with(booking("Maria Lopez", "(425) 555-0182"), json!({"notes": "First visit"}))).await;
    assert_eq!(
        (&booked["name"], &booked["number"], &booked["number_shown"], &booked["status"], &booked["version"]),
        (&json!("Maria Lopez"), &json!(MARIA), &json!("(425) 555-0182"), &json!("booked"), &json!(1))
    );
    assert_eq!((&booked["day"], &booked["time"]), (&json!(tomorrow()), &json!("15:00")));
    assert_eq!(booked["texting"], json!({"possible": true, "checked": true, "reason": null, "message": null}));
    assert_eq!(dana.get(&path(&booked)).await.json(), booked);

    let changed = changes(&dana, &booked, json!({"time": "16:30", "status": "confirmed", "notes": ""})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!(
        (&changed["time"], &changed["status"], &changed["notes"], &changed["version"], &changed["changed_by"]),
        (&json!("16:30"), &json!("confirmed"), &json!(""), &json!(2), &json!("Dana Whitfield"))
    );
    assert_eq!(changed["name"], "Maria Lopez", "what is left out stays");

    let cancelled = changes(&dana, &changed, json!({"cancel": "yes"})).await.json();
    assert_eq!((&cancelled["status"], &cancelled["time"]), (&json!("cancelled"), &json!("16:30")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_is_with_somebody_of_the_companys_own_staff_or_with_nobody_in_particular() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let staff = dana.get("/api/staff").await.json();
    let names: Vec<_> = staff["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Dana Whitfield", "Marcus Bell", "Priya Natarajan"]);

    let booked = books(&dana, &booking_with(booking("Maria Lopez", MARIA), json!({"provider": "marcus"}))).await;
    assert_eq!(booked["provider"], json!({"id": "marcus", "name": "Marcus Bell"}));
    let moved = changes(&dana, &booked, json!({"time": "16:30"})).await.json();
    assert_eq!(moved["provider"], booked["provider"], "what is left out stays");
    let day = dana.screen(&format!("/api/appointments?day={}", tomorrow())).await.body;
    assert!(day.contains("with Marcus Bell"), "{day}");
    let form = dana.screen(&path(&booked)).await.body;
    assert!(form.contains(r#"<option value="marcus" selected>Marcus Bell</option>"#), "{form}");

    let stale = changes(&dana, &booked, json!({"provider": "priya", "time": "17:00"})).await;
    assert_eq!(stale.status, 409);
    let handed = changes(&dana, &moved, json!({"provider": "priya"})).await.json();
    assert_eq!(handed["provider"]["name"], "Priya Natarajan");
    let anybody = changes(&dana, &handed, json!({"provider": ""})).await.json();
    assert_eq!(anybody["provider"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_lists_what_starts_in_it_where_the_company_is_in_order() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    for (name, time) in [("Late", "23:45"), ("Early", "00:00"), ("Noon", "12:00")] {
        books(&dana, &booking_with(booking(name, ""), json!({"time": time}))).await;
    }
    let day: Day = tomorrow().parse().unwrap();
    books(&dana, &booking_with(booking("The day after", ""), json!({"day": day.next().to_string(), "time": "00:00"})))
        .await;
    let list = dana.get(&format!("/api/appointments?day={day}")).await.json();
    assert_eq!((&list["day"], &list["time_zone"]), (&json!(day.to_string()), &json!("America/Los_Angeles")));
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
    assert_eq!(names, ["Early", "Noon", "Late"]);
    assert_eq!(dana.get("/api/appointments").await.json()["day"], day.previous().to_string(), "today, unless told");
    assert_eq!(josie.get(&format!("/api/appointments?day={day}")).await.items(), [json!(null); 0]);
    let screen = dana.screen(&format!("/api/appointments?day={}", day.next().next())).await;
    assert!(screen.body.contains("No appointments on this day."), "{}", screen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_of_another_company_or_of_nobody_is_not_found() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    for missing in [path(&booked), "/api/appointments/none".into(), "/api/appointments/%23".into()] {
        let answers = [
            josie.get(&missing).await,
            josie.post(&missing, &json!({"name": "Mine", "version": 1}), SendOptions::default()).await,
            josie.post(&missing, &json!({"cancel": "yes", "version": 1}), SendOptions::default()).await,
        ];
        for answer in answers {
            assert_eq!((answer.status, answer.code()), (404, "no-appointment".to_owned()), "{missing}");
        }
    }
    let conversation = booked["conversation"].as_str().unwrap();
    assert_eq!(josie.messages(conversation).await.status, 404);
    assert_eq!(josie.replies(conversation, "hello").await.status, 404);
    // Another company can use the same id for one of its appointments.
    let own = booking_with(
        booking("Liam Fraser", "0491 570 156"),
        json!({"day": day_in("Australia/Sydney").next().to_string()}),
    );
    let put = puts(&josie, booked["id"].as_str().unwrap(), &own).await;
    assert_eq!(put.status, 201, "{}", put.body);
    assert_eq!(dana.get(&path(&booked)).await.json(), booked);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_who_save_is_told_what_changed_and_saves_on_top() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let seen = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let first = changes(&marcus, &seen, json!({"minutes": 60, "notes": "Ring the back door"})).await;
    assert_eq!(first.status, 200);

    let told = changes(&dana, &seen, json!({"name": "Maria Garcia", "minutes": 30})).await;
    assert_eq!((told.status, told.code()), (409, "changed-meanwhile".to_owned()));
    let told = told.json();
    let change = |n: usize| {
        let change = &told["changes"][n];
        (change["field"].clone(), change["from"].clone(), change["to"].clone(), change["by"].clone())
    };
    assert_eq!(change(0), (json!("minutes"), json!(45), json!(60), json!("Marcus Bell")));
    assert_eq!(change(1), (json!("notes"), json!(""), json!("Ring the back door"), json!("Marcus Bell")));
    assert_eq!(told["changes"].as_array().unwrap().len(), 2);
    assert_eq!(told["appointment"], first.json(), "nothing of hers is saved yet");

    // The form shows her changes, and his in the fields that she did not change. Its version lets the next save
    // succeed.
    let form = [("version", "1"), ("name", "Maria Garcia"), ("minutes", "30")];
    let screen = dana.send(dana.request(Method::POST, &path(&seen)).form(&form)).await;
    assert_eq!(screen.status, 409);
    for words in [
        "Your changes are not saved yet",
        "Marcus Bell, ",
        "<b>Length</b> from 45 minutes to 60 minutes. You wrote 30 minutes.",
        "name=\"version\" value=\"2\"",
        "name=\"name\" value=\"Maria Garcia\"",
        "name=\"minutes\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"1440\" value=\"30\"",
        ">Ring the back door</textarea>",
    ] {
        assert!(screen.body.contains(words), "{words}: {}", screen.body);
    }
    let again = changes(&dana, &told["appointment"], json!({"name": "Maria Garcia", "minutes": 30})).await.json();
    assert_eq!(
        (&again["name"], &again["minutes"], &again["notes"], &again["version"]),
        (&json!("Maria Garcia"), &json!(30), &json!("Ring the back door"), &json!(3))
    );
    // A repeat of the same save, as after a lost response, changes nothing.
    let repeated = changes(&dana, &told["appointment"], json!({"name": "Maria Garcia", "minutes": 30})).await;
    assert_eq!((repeated.status, repeated.json()), (200, again));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_save_at_once_one_is_first_and_the_others_are_told() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let seen = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let saves = (0..8).map(|n| changes(&dana, &seen, json!({"name": format!("Maria {n}")})));
    let mut statuses: Vec<_> = join_all(saves).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(dana.get(&path(&seen)).await.json()["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn appointments_of_one_number_that_are_booked_at_once_are_all_known_by_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let bookings: Vec<_> = (0..6)
        .map(|n| booking_with(booking(&format!("Customer {n}"), MARIA), json!({"time": format!("0{n}:00")})))
        .collect();
    let conversations: Vec<_> = join_all(bookings.iter().map(|booking| books(&dana, booking)))
        .await
        .iter()
        .map(|booked| booked["conversation"].clone())
        .collect();
    assert!(conversations.iter().all(|one| *one == conversations[0]), "one conversation for all");
    stack.phone(MARIA).texts(HARBOR, "hello").await;
    let notification = dana.notifications().await.items().remove(0);
    assert_eq!(notification["name"], "Customer 0 / Customer 1 / Customer 2 and 3 more");
    assert_eq!(notification["conversation"], conversations[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_the_next_appointment_flow_to_feed_inbox_thread_and_follow_a_change() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "Running late").await;
    let conversation = dana.conversation_with(MARIA).await;
    assert_eq!(dana.notifications().await.items()[0]["name"], json!(null));

    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let later = booking_with(booking("Sofia Lopez", MARIA), json!({"time": "16:00", "service": "Check-up"}));
    books(&dana, &later).await;
    let next = json!({"id": booked["id"], "start": booked["start"], "service": "Cleaning", "status": "booked"});
    for item in [dana.notifications().await.items().remove(0), dana.everything("/api/conversations").await.remove(0)] {
        assert_eq!((&item["name"], &item["next_appointment"]), (&json!("Maria Lopez / Sofia Lopez"), &next));
    }

    let changed = changes(&dana, &booked, json!({"name": "Maria <b>Garcia</b>", "status": "confirmed"})).await;
    assert_eq!(changed.status, 200);
    for address in [
        "/api/notifications".to_owned(),
        "/api/conversations".to_owned(),
        format!("/api/conversations/{conversation}/messages"),
    ] {
        let screen = dana.screen(&address).await.body;
        assert!(screen.contains("Maria &lt;b&gt;Garcia&lt;/b&gt; / Sofia Lopez"), "{address}: {screen}");
        assert!(screen.contains(booked["start"].as_str().unwrap()) && screen.contains("Cleaning"), "{screen}");
        assert!(screen.contains("confirmed"), "{screen}");
    }
    let thread = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(thread.contains(&format!("/appointment.html?a={}", booked["id"].as_str().unwrap())), "{thread}");

    // A cancelled appointment is not the next appointment, and its customer keeps the name.
    let cancelled = changes(&dana, &changed.json(), json!({"cancel": "yes"})).await;
    assert_eq!(cancelled.status, 200);
    let item = dana.notifications().await.items().remove(0);
    assert_eq!(item["next_appointment"]["service"], "Check-up");
    assert_eq!(item["name"], "Maria <b>Garcia</b> / Sofia Lopez");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_write_first_from_an_appointment_and_the_answer_joins_it() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let conversation = booked["conversation"].as_str().unwrap();
    let empty = dana.messages(conversation).await;
    assert_eq!((empty.status, empty.items()), (200, Vec::new()), "it is there before anything is said");
    let head = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
    assert!(head.contains("Maria Lopez") && head.contains("No texts in the last 30 days"), "{head}");

    let first = dana.replies(conversation, "See you tomorrow").await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["See you tomorrow"]);
    stack.phone(MARIA).texts(HARBOR, "Can I come at 4?").await;
    assert_eq!(dana.replies(conversation, "Of course").await.status, 201);
    assert_eq!(dana.messages(conversation).await.texts(), ["Of course", "Can I come at 4?", "See you tomorrow"]);
    assert_eq!(dana.conversation_with(MARIA).await, conversation);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_is_another_conversation_and_neither_is_harmed() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    stack.phone(MARIA).texts(HARBOR, "from Maria").await;
    stack.phone(SAM).texts(HARBOR, "from Sam").await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let moved = changes(&dana, &booked, json!({"number": SAM})).await.json();
    assert_eq!(moved["conversation"], json!(dana.conversation_with(SAM).await));
    let named = |items: Vec<Value>, number: &str| {
        items.into_iter().find(|item| item["number"] == number).expect("there")["name"].clone()
    };
    let inbox = dana.everything("/api/conversations").await;
    assert_eq!((named(inbox.clone(), MARIA), named(inbox, SAM)), (json!(null), json!("Maria Lopez")));
    assert_eq!(dana.messages(booked["conversation"].as_str().unwrap()).await.texts(), ["from Maria"]);
    assert_eq!(dana.messages(moved["conversation"].as_str().unwrap()).await.texts(), ["from Sam"]);

    let none = changes(&dana, &moved, json!({"number": ""})).await.json();
    assert_eq!((&none["conversation"], &none["texting"]["reason"]), (&json!(null), &json!("no-number")));
    assert_eq!(named(dana.everything("/api/conversations").await, SAM), json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_texted_says_why_and_what_to_do() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for (number, reason, words) in [
        ("", "no-number", "Add one"),
        (LANDLINE, "landline", "(425) 555-0190 is a landline"),
        (NOBODY, "not-in-use", "No carrier has the number"),
    ] {
        let booked = books(&dana, &booking("Maria Lopez", number)).await;
        let texting = &booked["texting"];
        assert_eq!((&texting["possible"], &texting["reason"]), (&json!(false), &json!(reason)));
        assert!(texting["message"].as_str().unwrap().contains(words), "{texting}");
        assert_eq!(booked["conversation"], json!(null), "{reason}");
        let screen = dana.screen(&path(&booked)).await.body;
        assert!(screen.contains(words) && !screen.contains("data-conversation"), "{screen}");
    }
    // A number that no numbering plan has is rejected and not stored.
    for (typed, words) in [
        ("hello", "That is not a phone number"),
        ("800 555 0199", "cannot receive an SMS"),
        ("425-555-0182x12", "“12” after the number"),
        ("4255550182;2065550101", "“2065550101” after the number"),
    ] {
        let refused = dana.post("/api/appointments", &booking("Maria Lopez", typed), SendOptions::default()).await;
        assert_eq!((refused.status, refused.code()), (422, "not-a-mobile-number".to_owned()));
        assert!(refused.sentence().contains(words), "{}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_the_company_is_a_customer_of_it() {
    let stack = TestStack::open().await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    for own in [HARBOR, HARBOR_SECOND] {
        for refused in [
            dana.post("/api/appointments", &booking("Maria Lopez", own), SendOptions::default()).await,
            changes(&dana, &booked, json!({"number": own})).await,
            puts(&dana, "own", &booking("Maria Lopez", own)).await,
            dana.writes_first(own, "hello").await,
        ] {
            assert_eq!((refused.status, refused.code()), (422, "own-line".to_owned()), "{}", refused.body);
            assert!(refused.sentence().contains("is your own number"), "{}", refused.body);
        }
    }
    // The number was a customer's before it became a line. Its messages stay, and nobody can text the number any more.
    stack.phone("+12065550198").texts(HARBOR, "hello").await;
    let conversation = dana.conversation_with("+12065550198").await;
    stack.adds_line("+12065550198").await;
    assert_eq!(dana.replies(&conversation, "hello").await.code(), "own-line");
    assert_eq!(dana.messages(&conversation).await.texts(), ["hello"]);
    let of_another =
        josie.post("/api/appointments", &booking("Harbor Dental", HARBOR_SECOND), SendOptions::default()).await;
    assert_eq!(of_another.status, 201, "another company's line is a number like others");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_the_internet_is_texted_like_a_mobile_before_and_after_it_has_texted() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", INTERNET)).await;
    assert_eq!(booked["texting"], json!({"possible": true, "checked": true, "reason": null, "message": null}));
    let conversation = booked["conversation"].as_str().unwrap();
    assert_eq!(dana.replies(conversation, "hello").await.status, 201);
    stack.phone(INTERNET).texts(HARBOR, "hello").await;
    assert_eq!(dana.replies(conversation, "How are you?").await.status, 201);
    assert_eq!(stack.phone(INTERNET).texts_received().await, ["hello", "How are you?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landline_that_texts_is_answered() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", LANDLINE)).await;
    assert_eq!(booked["texting"]["reason"], "landline");
    stack.phone(LANDLINE).texts(HARBOR, "hello").await;
    let opened = dana.get(&path(&booked)).await.json();
    assert_eq!(opened["texting"]["possible"], true);
    assert_eq!(dana.replies(opened["conversation"].as_str().unwrap(), "How are you?").await.status, 201);
    assert_eq!(stack.phone(LANDLINE).texts_received().await, ["How are you?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_says_whether_its_customers_country_is_texted_as_sending_does() {
    let limits = SendingLimits { countries: vec!["JM".parse().unwrap()], ..SendingLimits::default() };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    for (number, country) in [
        (MARIA, None),
        ("+18765550123", None),
        ("+17875550123", Some("PR")),
        ("+16715550123", Some("GU")),
        ("+15145550123", Some("CA")),
        ("+61491570156", Some("AU")),
    ] {
        let booked = books(&dana, &booking("Maria Lopez", number)).await;
        let texting = &booked["texting"];
        let sent = dana.writes_first(number, "hello").await;
        if let Some(country) = country {
            assert_eq!((&texting["possible"], &texting["reason"]), (&json!(false), &json!("country-not-allowed")));
            assert!(texting["message"].as_str().unwrap().contains(&format!("({country})")), "{texting}");
            assert_eq!(booked["conversation"], json!(null));
            assert_eq!(sent.code(), "country-not-allowed", "{number}");
        } else {
            assert_eq!((&texting["possible"], sent.status), (&json!(true), 201), "{number}: {}", sent.body);
        }
        // Inbound messages are shown, and all screens agree on whether the customer can be texted.
        stack.phone(number).texts(HARBOR, "Hello?").await;
        let conversation = dana.conversation_with(number).await;
        let no_texting = dana.messages(&conversation).await.json()["no_texting"].clone();
        let screen = dana.screen(&format!("/api/conversations/{conversation}/messages")).await.body;
        assert_eq!(screen.contains("data-opted-out"), country.is_some(), "{number}: {screen}");
        assert_eq!(no_texting["reason"], json!(country.map(|_| "country-not-allowed")), "{number}");
        assert_eq!(
            dana.replies(&conversation, "Hello").await.status,
            if country.is_some() { 422 } else { 201 },
            "{number}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_to_a_number_that_no_text_can_reach() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    for (number, words) in [(LANDLINE, "(425) 555-0190 is a landline"), (NOBODY, "No carrier has the number")] {
        let booked = books(&dana, &booking("Maria Lopez", number)).await;
        let day = dana.get(&format!("/api/appointments?day={}", tomorrow())).await.items();
        let listed = day.iter().find(|it| it["id"] == booked["id"]).unwrap();
        let conversation = listed["conversation"].as_str().unwrap();
        for refused in [dana.replies(conversation, "hello").await, dana.writes_first(number, "hello").await] {
            assert_eq!((refused.status, refused.code()), (422, "not-textable".to_owned()), "{}", refused.body);
            assert!(refused.sentence().contains(words), "{}", refused.body);
        }
        assert!(stack.phone(number).texts_received().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn carriers_are_asked_what_a_number_is_once() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    for _ in 0..3 {
        dana.get(&path(&booked)).await;
    }
    changes(&dana, &booked, json!({"name": "Maria Garcia"})).await;
    books(&dana, &booking("Sofia Lopez", MARIA)).await;
    stack.phone(MARIA).texts(HARBOR, "hello").await;
    assert_eq!(times_looked_up(&stack, MARIA).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn carriers_are_asked_once_also_by_eight_who_save_or_look_at_the_same_moment() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let bookings: Vec<_> =
        (0..8).map(|n| booking_with(booking("Maria Lopez", MARIA), json!({"time": format!("0{n}:00")}))).collect();
    let booked = join_all(bookings.iter().map(|booking| books(&dana, booking))).await;
    assert_eq!(times_looked_up(&stack, MARIA).await, 1);
    let nothing = json!({"Key": person(&booked[0]), "UpdateExpression": "REMOVE number_kind, asked_at"});
    stack.table("UpdateItem", nothing).await;
    let opened = join_all(booked.iter().map(|it| async { dana.get(&path(it)).await.json() })).await;
    assert_eq!(times_looked_up(&stack, MARIA).await, 2);
    assert!(
        opened.iter().all(|it| it["texting"]["possible"] == true),
        "whoever has no answer yet may write: {opened:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_could_not_be_looked_up_is_saved_and_looked_up_a_minute_later() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    is_said_to_be(&stack, MARIA, "unavailable").await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    assert_eq!(booked["texting"], json!({"possible": true, "checked": false, "reason": null, "message": null}));
    for _ in 0..5 {
        let screen = dana.screen(&path(&booked)).await.body;
        assert!(screen.contains("is not checked yet"), "{screen}");
    }
    assert_eq!(times_looked_up(&stack, MARIA).await, 1, "within the minute");
    let a_minute_ago = runtime::wall_clock().now().minus_secs(60).as_millis().to_string();
    let earlier = json!({
        "Key": person(&booked), "UpdateExpression": "SET asked_at = :at",
        "ConditionExpression": "attribute_exists(asked_at)", "ExpressionAttributeValues": {":at": {"N": a_minute_ago}},
    });
    stack.table("UpdateItem", earlier).await;
    is_said_to_be(&stack, MARIA, "landline").await;
    let opened = dana.get(&path(&booked)).await.json();
    assert_eq!(opened["texting"]["reason"], "landline");
    assert_eq!(times_looked_up(&stack, MARIA).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_carrier_refuses_is_known_not_to_work_until_the_customer_writes() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let conversation = booked["conversation"].as_str().unwrap();
    is_said_to_be(&stack, MARIA, "invalid").await;
    let refused = dana.replies(conversation, "hello").await;
    assert_eq!((refused.status, refused.code()), (422, "invalid-number".to_owned()));
    let opened = dana.get(&path(&booked)).await.json();
    assert_eq!(opened["texting"]["reason"], "refused");
    assert!(opened["texting"]["message"].as_str().unwrap().contains("does not deliver"), "{opened}");
    let screen = dana.screen(&path(&booked)).await.body;
    assert!(screen.contains(&format!("/conversation.html?c={conversation}")), "what was said stays within reach");
    let call = Call::new("c-1", HARBOR, MARIA, booked["id"].as_str().unwrap());
    assert_eq!(stack.flow(&call.pressed("1")).await["result"], "confirmed");
    let called = dana.get(&path(&booked)).await.json();
    assert_eq!(called["texting"]["reason"], "refused", "a number that can be called need not take texts");
    stack.phone(MARIA).texts(HARBOR, "It works").await;
    assert_eq!(dana.get(&path(&booked)).await.json()["texting"]["possible"], true);
    stack.flow(&Call { contact: "c-2".to_owned(), ..call }.pressed("2")).await;
    assert_eq!(dana.get(&path(&booked)).await.json()["texting"]["possible"], true, "and stays so when they are called");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_carrier_refused_may_be_tried_again_and_works_once_the_carrier_takes_a_text() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let conversation = booked["conversation"].as_str().unwrap();
    is_said_to_be(&stack, MARIA, "invalid").await;
    assert_eq!(dana.replies(conversation, "hello").await.code(), "invalid-number");
    is_said_to_be(&stack, MARIA, "mobile").await;
    stack.phone(MARIA).next_is("spend-limit").await;
    assert_eq!(dana.replies(conversation, "hello").await.code(), "spend-limit");
    let opened = dana.get(&path(&booked)).await.json();
    assert_eq!(opened["texting"]["reason"], "refused", "a text that did not go out proves nothing");
    assert_eq!(dana.replies(conversation, "hello?").await.status, 201);
    assert_eq!(dana.get(&path(&booked)).await.json()["texting"]["possible"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_said_to_be_nobodys_in_the_end_is_known_not_to_work_until_the_customer_writes() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let maria = stack.phone(MARIA);
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    let conversation = booked["conversation"].as_str().unwrap();
    let texting = async || dana.get(&path(&booked)).await.json()["texting"].clone();
    assert_eq!(dana.replies(conversation, "hello").await.status, 201);
    maria.receipt("TEXT_INVALID", false).await;
    assert_eq!(texting().await["possible"], true, "it is still being tried");
    maria.receipt("TEXT_INVALID", true).await;
    assert_eq!(texting().await["reason"], "refused");
    maria.texts(HARBOR, "It works").await;
    assert_eq!(texting().await["possible"], true);
    assert_eq!(dana.replies(conversation, "hello").await.status, 201);
    maria.receipt("TEXT_INVALID", true).await;
    assert_eq!(texting().await["reason"], "refused");
    assert_eq!(dana.replies(conversation, "hello?").await.status, 201);
    maria.receipt("TEXT_DELIVERED", true).await;
    assert_eq!(texting().await["possible"], true, "a text has arrived");
    for passes in ["TEXT_UNREACHABLE", "TEXT_TTL_EXPIRED", "TEXT_CARRIER_UNREACHABLE", "TEXT_SPAM", "TEXT_BLOCKED"] {
        assert_eq!(dana.replies(conversation, "hello").await.status, 201);
        maria.receipt(passes, true).await;
        let opened = dana.get(&path(&booked)).await.json();
        assert_eq!(opened["texting"]["possible"], true, "{passes} is not the number's fault");
        assert_eq!(opened["conversation"], json!(conversation), "{passes} takes no conversation away");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_dates_and_times_are_refused_in_words() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let year: i32 = tomorrow()[..4].parse().unwrap();
    // The second Sunday of March and the first of November next year, when the clocks change.
    let sundays = |month: &str, days: std::ops::RangeInclusive<u8>| {
        let days = days.map(|day| format!("{}-{month}-{day:02}", year + 1));
        days.into_iter().find(|day| day.parse::<Day>().unwrap().written_out().starts_with("Sunday")).unwrap()
    };
    let (spring, autumn) = (sundays("03", 8..=14), sundays("11", 1..=7));
    for (fields, code, words) in [
        (json!({"day": format!("{}-02-30", year + 1)}), "bad-day", "There is no"),
        (json!({"day": "soon"}), "bad-day", "not a day"),
        (json!({"time": "25:00"}), "bad-time", "00:00 to 23:59"),
        (json!({"day": spring, "time": "02:30"}), "no-such-time", "put forward"),
        (json!({"day": "1999-01-01"}), "bad-start", "over 30 days ago"),
        (json!({"day": format!("{}-01-01", year + 12)}), "bad-start", "ten years"),
        (json!({"start": "2026-13-01T10:00:00Z"}), "bad-day", "not a day"),
        (json!({"start": format!("{}T15:00:00+25:00", tomorrow())}), "bad-day", "not a day"),
        (json!({"start": format!("{}T15:00:00-24:00", tomorrow())}), "bad-day", "not a day"),
        (json!({"start": format!("{}T15:00:00.", tomorrow())}), "bad-time", "00:00 to 23:59"),
        (json!({"minutes": 0}), "bad-length", "1 to 1,440"),
        (json!({"minutes": "many"}), "bad-length", "1 to 1,440"),
        (json!({"name": " "}), "bad-name", "whose appointment"),
        (json!({"name": "x".repeat(101)}), "bad-name", "100 characters"),
        (json!({"service": "x".repeat(101)}), "bad-service", "100 characters"),
        (json!({"notes": "x".repeat(2001)}), "notes-too-long", "2,000"),
        (json!({"status": "maybe"}), "bad-status", "booked, confirmed"),
        (json!({"provider": "nobody"}), "bad-provider", "Nobody on your staff"),
        (json!({"provider": "josie"}), "bad-provider", "Nobody on your staff"),
        (json!({"provider": "Not an id"}), "bad-provider", "Nobody on your staff"),
    ] {
        let body = booking_with(booking("Maria Lopez", MARIA), fields.clone());
        let refused = dana.post("/api/appointments", &body, SendOptions::default()).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, code), "{fields}: {}", refused.body);
        assert!(refused.sentence().contains(words), "{fields}: {}", refused.sentence());
    }
    let day = dana.get("/api/appointments?day=2026-02-30").await;
    assert_eq!((day.status, day.code()), (422, "bad-day".to_owned()));

    // A time that occurs twice is the first of the two. Saving it again does not move the appointment.
    let twice =
        books(&dana, &booking_with(booking("Maria Lopez", MARIA), json!({"day": autumn, "time": "01:30"}))).await;
    assert!(twice["start"].as_str().unwrap().ends_with("T08:30:00.000Z"), "{twice}");
    let second = format!("{autumn}T09:30:00Z");
    let put = puts(&dana, "second-hour", &booking_with(booking("Sam", SAM), json!({"start": second}))).await.json();
    assert_eq!(put["time"], "01:30");
    let saved = changes(&dana, &put, json!({"day": put["day"], "time": put["time"], "name": "Sam Okafor"})).await;
    assert_eq!(saved.json()["start"], put["start"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduling_system_keeps_an_appointment_in_step_by_its_own_id() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let id = "PMS_2026.00017-b";
    let own = json!({
        "name": "Maria Lopez", "number": MARIA, "start": format!("{}T15:00", tomorrow()), "minutes": 45,
        "service": "Cleaning",
    });
    let new = puts(&dana, id, &own).await;
    assert_eq!((new.status, &new.json()["id"], &new.json()["time"]), (201, &json!(id), &json!("15:00")));
    let again = puts(&dana, id, &own).await;
    assert_eq!((again.status, again.json()), (200, new.json()), "the same again changes nothing");
    let instant = puts(&dana, id, &booking_with(own.clone(), json!({"start": new.json()["start"]}))).await;
    assert_eq!(instant.json()["version"], 1, "the same moment, written otherwise");
    for written in ["T15:00:00", "T15:00:00.000", "T15:00:00.5"] {
        let otherwise = puts(&dana, id, &booking_with(own.clone(), json!({"start": tomorrow() + written}))).await;
        assert_eq!((otherwise.status, &otherwise.json()["version"]), (200, &json!(1)), "{written}");
    }

    // A system's save keeps the changes by staff and the customer's answer that the system does not know.
    changes(&dana, &new.json(), json!({"notes": "Afternoons are best", "status": "confirmed"})).await;
    let moved = puts(&dana, id, &booking_with(own.clone(), json!({"minutes": 30}))).await.json();
    assert_eq!(
        (&moved["minutes"], &moved["notes"], &moved["status"], &moved["version"]),
        (&json!(30), &json!("Afternoons are best"), &json!("confirmed"), &json!(3))
    );
    let stale = puts(&dana, id, &booking_with(own.clone(), json!({"version": 1, "minutes": 20}))).await;
    assert_eq!((stale.status, stale.code()), (409, "changed-meanwhile".to_owned()));
    let cancelled =
        puts(&dana, id, &booking_with(own.clone(), json!({"status": "cancelled", "number": null}))).await.json();
    assert_eq!((&cancelled["status"], &cancelled["number"]), (&json!("cancelled"), &json!(null)));

    let many: Vec<_> = join_all((0..8).map(|_| puts(&dana, "at-once", &own))).await;
    assert!(many.iter().all(|answer| [200, 201].contains(&answer.status)), "{many:?}");
    assert_eq!(dana.get("/api/appointments/at-once").await.json()["version"], 1);
    for bad in ["%2e%2e%2fx", "-x", "a%23b", &"x".repeat(65)] {
        let refused = puts(&dana, bad, &own).await;
        assert_eq!((refused.status, refused.code()), (400, "bad-id".to_owned()), "{bad}");
    }
    let unreadable = dana.request(Method::PUT, "/api/appointments/x").header("content-type", "application/json");
    let unreadable = dana.send(unreadable.header("accept", "application/json").body("{")).await;
    assert_eq!((unreadable.status, unreadable.code()), (400, "unreadable-body".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_sent_twice_is_one_appointment() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let send = SendOptions { key: Some("3f1c") };
    let bookings =
        join_all((0..6).map(|_| async { dana.post("/api/appointments", &booking("Maria Lopez", MARIA), send).await }))
            .await;
    // One request looks the number up. The functions answer the other requests before the result is known.
    let booked = |answer: &TestResponse| booking_with(answer.json(), json!({"texting": {"checked": null}}));
    assert!(bookings.iter().all(|it| it.status == 201 && booked(it) == booked(&bookings[0])), "{bookings:?}");
    assert_eq!(dana.get(&format!("/api/appointments?day={}", tomorrow())).await.items().len(), 1);
    let other = dana.send(dana.request(Method::POST, "/api/appointments").form(&[("name", "Maria")])).await;
    assert_eq!(other.status, 422, "a form that lacks something");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_used_for_one_booking_makes_no_other_of_it() {
    let stack = TestStack::open().await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    let send = SendOptions { key: Some("3f1c") };
    let first = booking("Maria Lopez", MARIA);
    let booked = dana.post("/api/appointments", &first, send).await.json();
    let day = format!("/api/appointments?day={}", tomorrow());
    for other in [
        booking_with(booking("Sam Okafor", SAM), json!({"time": "16:00"})),
        booking_with(first.clone(), json!({"time": "16:00"})),
        booking_with(first.clone(), json!({"notes": "First visit"})),
    ] {
        let refused = dana.post("/api/appointments", &other, send).await;
        assert_eq!((refused.status, refused.code()), (409, "idempotency-key-used".to_owned()), "{}", refused.body);
        assert!(refused.sentence().contains("another booking"), "{}", refused.sentence());
        assert_eq!(dana.get(&path(&booked)).await.json(), booked);
    }
    // Even if its version is no longer kept, a repeat of the booking changes nothing.
    let mut moved = booked.clone();
    for minutes in 15..27 {
        moved = changes(&marcus, &moved, json!({"time": "15:30", "minutes": minutes})).await.json();
    }
    let again = dana.post("/api/appointments", &first, send).await;
    assert_eq!((again.status, again.json()), (201, moved.clone()));
    assert_eq!(dana.post("/api/appointments", &booking("Sam Okafor", SAM), send).await.status, 409);
    assert_eq!(dana.get(&day).await.items().len(), 1);
    assert_eq!(dana.get(&path(&booked)).await.json(), moved);
    let hers = marcus.post("/api/appointments", &booking("Sam Okafor", SAM), send).await;
    assert_eq!(hers.status, 201, "a key is its sender's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_different_bookings_at_once_with_one_key_one_is_made() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let send = SendOptions { key: Some("3f1c") };
    let names = ["Ann", "Ben", "Cem", "Dee"];
    let answers = join_all(names.map(|name| {
        let (dana, booking) = (&dana, booking(name, ""));
        async move { dana.post("/api/appointments", &booking, send).await }
    }))
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    let made = answers.iter().find(|answer| answer.status == 201).unwrap().json();
    let day = dana.get(&format!("/api/appointments?day={}", tomorrow())).await;
    assert_eq!(day.items().iter().map(|it| it["name"].clone()).collect::<Vec<_>>(), [made["name"].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_write_appointments() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let booked = books(&dana, &booking("Maria Lopez", MARIA)).await;
    for (method, path) in
        [(Method::POST, "/api/appointments".to_owned()), (Method::POST, path(&booked)), (Method::PUT, path(&booked))]
    {
        let request = dana.request(method.clone(), &path).header("accept", "application/json");
        let request = request.header("sec-fetch-site", "cross-site").json(&booking("Mallory", MARIA));
        let refused = dana.send(request).await;
        assert_eq!((refused.status, refused.code()), (400, "foreign-origin".to_owned()), "{method} {path}");
    }
    let preflight = stack.preflight(&path(&booked), "https://elsewhere.example").await;
    assert!(preflight.header("access-control-allow-origin").is_none());
    assert_eq!(dana.get(&path(&booked)).await.json(), booked);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_company_has_its_own_days() {
    let stack = TestStack::open().await;
    let josie = stack.josie().await;
    assert_eq!(josie.get("/api/session").await.json()["time_zone"], "Australia/Sydney");
    let day = day_in("Australia/Sydney").next().to_string();
    let booked =
        books(&josie, &booking_with(booking("Liam Fraser", "0491 570 156"), json!({"day": day, "time": "00:30"})))
            .await;
    assert_eq!(booked["day"], json!(day));
    assert!(booked["start"].as_str().unwrap() < day.as_str(), "it is still the day before in UTC");
    stack.phone("+61491570156").texts(TIDEWATER, "hello").await;
    assert_eq!(josie.notifications().await.items()[0]["name"], "Liam Fraser");
    assert!(booked["changed_at"].as_str().unwrap() > ago(60).as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_read_whole_is_saved_with_what_can_be() {
    let stack = TestStack::open().await;
    let dana = stack.dana().await;
    let written = booking("NAME", MARIA).to_string().replace("NAME", r"Maria \ud83d");
    let asks = async |method: Method, path: &str, body: Vec<u8>| {
        let request = dana.request(method, path).header("accept", "application/json");
        dana.send(request.header("content-type", "application/json").body(body)).await
    };
    let booked = asks(Method::POST, "/api/appointments", written.clone().into_bytes()).await;
    assert_eq!((booked.status, &booked.json()["name"]), (201, &json!("Maria \u{fffd}")), "{}", booked.body);
    let put = asks(Method::PUT, "/api/appointments/x-1", written.clone().into_bytes()).await;
    assert_eq!((put.status, &put.json()["name"]), (201, &json!("Maria \u{fffd}")), "{}", put.body);
    // Bytes that are not valid UTF-8.
    let latin = written.replace(r"\ud83d", "Lopez");
    let latin: Vec<u8> = latin.bytes().map(|byte| if byte == b'z' { 0xe9 } else { byte }).collect();
    let booked = asks(Method::POST, "/api/appointments", latin).await;
    assert_eq!((booked.status, &booked.json()["name"]), (201, &json!("Maria Lope\u{fffd}")), "{}", booked.body);
}
