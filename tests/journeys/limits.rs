//! Sending limits and allowed countries hold for each way of sending.

use domain::SendingLimits;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{ManualClock, SendOptions, StaffClient, TIDEWATER, TestResponse, TestStack};

const MARIA: &str = "+14255550182";
const SAM: &str = "+12535550119";
const GRACE: &str = "+12065550126";
const KINGSTON: &str = "+18765550123";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn staff(allowed: &str) -> SendingLimits {
    SendingLimits { staff: allowed.parse().unwrap(), ..TestStack::limits() }
}

fn company(allowed: &str) -> SendingLimits {
    SendingLimits { company: allowed.parse().unwrap(), ..TestStack::limits() }
}

fn number(allowed: &str) -> SendingLimits {
    SendingLimits { number: allowed.parse().unwrap(), ..TestStack::limits() }
}

/// Returns the message of a rate limit error, and the seconds of its `Retry-After`.
fn refusal_of(answer: &TestResponse, code: &str) -> (String, u64) {
    assert_eq!((answer.status, answer.code()), (429, code.to_owned()), "{}", answer.body);
    (answer.sentence(), answer.header("retry-after").expect("how long").parse().expect("seconds"))
}

fn assert_sent(answer: &TestResponse) {
    assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("sent")), "{}", answer.body);
}

/// Sends a first message to a new number.
async fn writes_to_a_stranger(desk: &StaffClient<'_>, n: usize) -> TestResponse {
    desk.writes_first(&format!("+142555502{n:02}"), "Your crown is ready").await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_sent_all_that_they_may_in_a_minute_waits_for_the_next_and_others_do_not() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(staff("3/100"), &clock).await;
    let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
    for n in 0..3 {
        assert_sent(&writes_to_a_stranger(&dana, n).await);
    }
    let (sentence, seconds) = refusal_of(&writes_to_a_stranger(&dana, 3).await, "staff-limit");
    assert_eq!(
        sentence,
        "Not sent: you have sent 3 texts this minute, the most that is allowed. Wait a minute and press Send again: your text is kept."
    );
    assert_eq!(seconds, 30);
    assert!(stack.phone("+14255550203").received_messages().await.is_empty());
    assert_eq!(dana.get("/api/conversations").await.items().len(), 3, "nothing was recorded");
    assert_sent(&writes_to_a_stranger(&marcus, 3).await);
    clock.passes(29);
    refusal_of(&writes_to_a_stranger(&dana, 4).await, "staff-limit");
    clock.passes(1);
    assert_sent(&writes_to_a_stranger(&dana, 4).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_ends_at_midnight_where_the_company_is() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(staff("100/3"), &clock).await;
    let dana = stack.dana().await;
    for n in 0..3 {
        assert_sent(&writes_to_a_stranger(&dana, n).await);
        clock.passes(MINUTE);
    }
    let (sentence, seconds) = refusal_of(&writes_to_a_stranger(&dana, 3).await, "staff-limit");
    assert!(sentence.starts_with("Not sent: you have sent 3 texts today, the most that is allowed."), "{sentence}");
    assert!(sentence.contains("You can send again after midnight."), "{sentence}");
    assert_eq!(seconds, 12 * HOUR - 3 * MINUTE - 30);
    clock.passes(seconds - 1);
    // Dana signs in again, because a session ends within a day.
    let dana = stack.dana().await;
    refusal_of(&writes_to_a_stranger(&dana, 3).await, "staff-limit");
    clock.passes(1);
    assert_sent(&writes_to_a_stranger(&dana, 3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_staff_send_no_more_together_than_it_may_and_other_companies_do_not_notice() {
    for (allowed, when, until, counted) in
        [("3/100", "this minute", 30, "CompanyMinute"), ("100/3", "today", 12 * HOUR - 30, "CompanyDay")]
    {
        let clock = ManualClock::at_noon();
        let stack = TestStack::with_limits(company(allowed), &clock).await;
        let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
        assert_sent(&writes_to_a_stranger(&dana, 0).await);
        assert_sent(&writes_to_a_stranger(&marcus, 1).await);
        assert_sent(&writes_to_a_stranger(&dana, 2).await);
        for desk in [&dana, &marcus] {
            let (sentence, seconds) = refusal_of(&writes_to_a_stranger(desk, 3).await, "company-limit");
            let words = format!("Harbor Dental has sent 3 texts {when}, the most that is allowed.");
            assert!(sentence.contains(&words), "{sentence}");
            assert_eq!(seconds, until);
        }
        assert_eq!(stack.metrics_of("send-reply").await[format!("SendLimited {counted}")], 2);
        assert_sent(&writes_to_a_stranger(&stack.josie().await, 3).await);
        clock.passes(until);
        assert_sent(&writes_to_a_stranger(&stack.dana().await, 3).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_sent_no_more_than_it_may_be_by_whomever_and_others_are() {
    for (allowed, when, until) in [("2/100", "this minute", 30), ("100/2", "today", 12 * HOUR - 30)] {
        let clock = ManualClock::at_noon();
        let stack = TestStack::with_limits(number(allowed), &clock).await;
        let (dana, marcus) = (stack.dana().await, stack.sign_in("harbor-dental.marcus").await);
        assert_sent(&dana.writes_first(MARIA, "one").await);
        let conversation = dana.conversation_with(MARIA).await;
        assert_sent(&marcus.replies(&conversation, "two").await);
        for refusal in [dana.replies(&conversation, "three").await, marcus.writes_first(MARIA, "three").await] {
            let (sentence, seconds) = refusal_of(&refusal, "number-limit");
            let words = format!("this customer has been sent 2 texts {when}, the most that is allowed.");
            assert!(sentence.contains(&words), "{sentence}");
            assert_eq!(seconds, until);
        }
        assert_sent(&dana.writes_first(SAM, "one").await);
        stack.phone(MARIA).texts(TIDEWATER, "hello").await;
        let josie = stack.josie().await;
        assert_sent(&josie.replies(&josie.conversation_with(MARIA).await, "of another company").await);
        clock.passes(until);
        assert_sent(&stack.dana().await.replies(&conversation, "three").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_do_not_slip_past_a_limit_that_lets_five_through() {
    for limits in [staff("5/100"), company("100/5"), number("5/100")] {
        let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
        let dana = stack.dana().await;
        let conversation = dana.hears_from(MARIA).await;
        let answers = join_all((0..8).map(|_| dana.replies(&conversation, "at once"))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 201, 201, 201, 429, 429, 429]);
        assert_eq!(stack.phone(MARIA).received_messages().await.len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_posted_again_with_its_key_is_counted_once_and_answered_when_no_more_is_sent() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(staff("2/100"), &clock).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let once = SendOptions { key: Some("3f1c") };
    for _ in 0..5 {
        assert_sent(&dana.replies_with(&conversation, "once", once).await);
    }
    clock.passes(1);
    assert_sent(&dana.replies(&conversation, "twice").await);
    refusal_of(&dana.replies(&conversation, "thrice").await, "staff-limit");
    assert_sent(&dana.replies_with(&conversation, "once", once).await);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["once", "twice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_sent_again_counts_like_any_other() {
    let clock = ManualClock::at_noon();
    let stack = TestStack::with_limits(staff("2/100"), &clock).await;
    let dana = stack.dana().await;
    let conversation = dana.hears_from(MARIA).await;
    let fails = async |text| {
        stack.phone(MARIA).next_is("spend-limit").await;
        clock.passes(1);
        assert_eq!(dana.replies(&conversation, text).await.code(), "spend-limit");
        dana.messages(&conversation).await.items()[0].clone()
    };
    let first = fails("See you at 3").await;
    assert_sent(&dana.sends_again(&first).await);
    refusal_of(&dana.replies(&conversation, "a third").await, "staff-limit");
    clock.passes(MINUTE);
    fails("See you at 4").await;
    let second = fails("See you at 5").await;
    refusal_of(&dana.sends_again(&second).await, "staff-limit");
    let newest = dana.messages(&conversation).await.items()[0].clone();
    assert_eq!(newest, second, "it can still be sent again");
    clock.passes(MINUTE);
    assert_sent(&dana.sends_again(&second).await);
    assert_eq!(stack.phone(MARIA).texts_received().await, ["See you at 3", "See you at 5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_by_one_limit_counts_for_none() {
    let limits = SendingLimits { number: "1/100".parse().unwrap(), ..staff("3/100") };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    assert_sent(&dana.writes_first(MARIA, "one").await);
    for _ in 0..4 {
        refusal_of(&dana.writes_first(MARIA, "two").await, "number-limit");
    }
    assert_sent(&dana.writes_first(SAM, "two").await);
    assert_sent(&dana.writes_first(GRACE, "three").await);
    refusal_of(&writes_to_a_stranger(&dana, 0).await, "staff-limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_limits_the_one_that_lasts_is_told() {
    let stack = TestStack::with_limits(staff("2/2"), &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    for n in 0..2 {
        assert_sent(&writes_to_a_stranger(&dana, n).await);
    }
    let (sentence, _) = refusal_of(&writes_to_a_stranger(&dana, 2).await, "staff-limit");
    assert!(sentence.contains("2 texts today"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_answered_as_a_program_is() {
    let stack = TestStack::with_limits(staff("1/100"), &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    assert_sent(&dana.writes_first(MARIA, "one").await);
    let conversation = dana.conversation_with(MARIA).await;
    let path = format!("/api/conversations/{conversation}/messages");
    let answer = dana.send(dana.request(Method::POST, &path).form(&[("text", "two")])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("30")));
    assert!(answer.body.contains("you have sent 1 text this minute"), "{}", answer.body);
    assert!(answer.body.contains("class=\"problem\""), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_which_limit_was_met_and_counts_end_with_their_window() {
    let limits = SendingLimits { number: "1/100".parse().unwrap(), ..staff("2/100") };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    dana.writes_first(MARIA, "one").await;
    dana.writes_first(MARIA, "two").await;
    dana.writes_first(SAM, "two").await;
    dana.writes_first(GRACE, "three").await;
    dana.writes_first(KINGSTON, "four").await;
    let counted = stack.metrics_of("send-reply").await;
    let times = |name: &str| counted[name].as_u64().unwrap_or_default();
    assert_eq!(
        ["SendLimited", "SendLimited NumberMinute", "SendLimited StaffMinute", "SendLimited Country"].map(times),
        [3, 1, 1, 1]
    );
    assert_eq!(times("SendAccepted"), 2);
    let counts = stack
        .table(
            "Query",
            json!({"KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "SENT#harbor-dental"}}}),
        )
        .await;
    let counts = counts["Items"].as_array().unwrap();
    assert_eq!(counts.len(), 8, "a minute and a day of somebody, of a company and of two numbers");
    for count in counts {
        let ends = |value: &Value| value["N"].as_str().unwrap().parse::<u64>().unwrap();
        let begins = count["sk"]["S"].as_str().unwrap().rsplit('#').next().unwrap();
        let begins = domain::Timestamp::from_rfc3339(begins).unwrap().as_secs();
        assert!((begins..begins + 27 * HOUR).contains(&ends(&count["expires_at"])), "{count}");
        assert!(!count.to_string().contains(&MARIA[1..]), "no number in {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_texted_in_a_country_that_is_not_allowed_not_even_who_has_texted() {
    let limits = SendingLimits { countries: Vec::new(), ..SendingLimits::default() };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let (dana, josie) = (stack.dana().await, stack.josie().await);
    let conversation = dana.hears_from(KINGSTON).await;
    for (answer, country) in [
        (dana.replies(&conversation, "hi").await, "JM"),
        (dana.writes_first("876 555 0123", "hi").await, "JM"),
        (dana.writes_first("+1 809 555 0123", "hi").await, "DO"),
        (dana.writes_first("+1 514 555 0123", "hi").await, "CA"),
        (dana.writes_first("+61 491 570 156", "hi").await, "AU"),
        (josie.writes_first(MARIA, "hi").await, "US"),
    ] {
        assert_eq!((answer.status, answer.code()), (422, "country-not-allowed".to_owned()), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), None);
        let sentence = answer.sentence();
        assert!(sentence.contains(&format!("the country of this number ({country})")), "{sentence}");
        assert!(sentence.contains("Your administrator can have it allowed."), "{sentence}");
    }
    assert_eq!(dana.messages(&conversation).await.texts(), ["hello"], "nothing was recorded");
    assert!(stack.phone(KINGSTON).received_messages().await.is_empty());
    assert_sent(&dana.writes_first(MARIA, "hi").await);
    assert_sent(&josie.writes_first("0491 570 156", "hi").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_was_added_is_texted_and_its_neighbours_are_not() {
    let limits = SendingLimits { countries: vec!["JM".parse().unwrap()], ..SendingLimits::default() };
    let stack = TestStack::with_limits(limits, &ManualClock::at_noon()).await;
    let dana = stack.dana().await;
    assert_sent(&dana.writes_first(KINGSTON, "hi").await);
    assert_eq!(dana.writes_first("+1 809 555 0123", "hi").await.code(), "country-not-allowed");
}
