//! A customer's phone, as a web page, and the routes that control the carrier.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use domain::{PhoneNumber, Pool, Region};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::carrier::{CarrierAnswer, DeliveryOutcome, Direction, LineType};
use crate::stack::StackParts;

pub(crate) fn router() -> Router<StackParts> {
    Router::new()
        .route("/handset", get(page))
        .route(
            "/handset/handset.css",
            get(async || ([("content-type", "text/css")], include_str!("../assets/handset.css"))),
        )
        .route(
            "/handset/handset.js",
            get(async || ([("content-type", "text/javascript")], include_str!("../assets/handset.js"))),
        )
        .route("/local/lines", get(lines))
        .route("/local/handset/messages", get(thread).post(text))
        .route("/local/carrier/messages", get(accepted))
        .route("/local/carrier/next", post(set_answer))
        .route("/local/handset/fate", post(turn))
        .route("/local/handset/next", post(refuse))
        .route("/local/handset/receipt", post(report))
        .route("/local/carrier/fates", post(set_fate))
        .route("/local/carrier/receipts", post(send_receipt))
        .route("/local/carrier/pools", post(fill_pool))
        .route("/local/carrier/kinds", get(count_lookups).post(set_number_kind))
}

/// Parses a number that was typed into the phone: in E.164, or in the format of the line's region.
fn read(typed: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    PhoneNumber::e164(&plain).ok().or_else(|| PhoneNumber::mobile(typed, region?).ok())
}

async fn lines(State(shared): State<StackParts>) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let lines = directory.lines.iter().map(|line| {
        let name = directory.companies.iter().find(|company| company.id == line.company).map(|company| &company.name);
        json!({"number": line.number, "company": line.company, "company_name": name})
    });
    Json(lines.collect::<Vec<_>>()).into_response()
}

#[derive(Deserialize)]
struct PhoneQuery {
    to: String,
}

async fn accepted(State(shared): State<StackParts>, Query(query): Query<PhoneQuery>) -> Response {
    // An unencoded + in a query is decoded as a space.
    let number = format!("+{}", query.to.trim().trim_start_matches('+'));
    let Ok(number) = PhoneNumber::e164(&number) else {
        return (StatusCode::BAD_REQUEST, "`to` is a number in E.164, with its + written as %2B.").into_response();
    };
    match shared.carrier.messages_of(&number, Some(Direction::ToCustomer)).await {
        Ok(carried) => Json(carried.into_iter().map(|(_, sms)| sms).collect::<Vec<_>>()).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

#[derive(Deserialize)]
struct AnswerRequest {
    to: String,
    answer: CarrierAnswer,
}

async fn set_answer(State(shared): State<StackParts>, Form(steer): Form<AnswerRequest>) -> Response {
    let Ok(number) = PhoneNumber::e164(&steer.to) else {
        return (StatusCode::BAD_REQUEST, "`to` is a number in E.164.").into_response();
    };
    shared.carrier.steering.answer_next(number, steer.answer);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct NumberKindRequest {
    number: String,
    kind: LineType,
}

/// Sets the type of a number for look-ups.
async fn set_number_kind(State(shared): State<StackParts>, Form(request): Form<NumberKindRequest>) -> Response {
    let Ok(number) = PhoneNumber::e164(&request.number) else {
        return (StatusCode::BAD_REQUEST, "`number` is in E.164.").into_response();
    };
    shared.carrier.steering.set_line_type(number, request.kind);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct PoolNumberRequest {
    pool: Pool,
    number: PhoneNumber,
}

async fn fill_pool(State(shared): State<StackParts>, Form(fill): Form<PoolNumberRequest>) -> Response {
    shared.carrier.steering.fill_pool(fill.pool, fill.number);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct DeliveryOutcomeRequest {
    to: String,
    fate: DeliveryOutcome,
}

/// Sets the outcome of future messages to a number.
async fn set_fate(State(shared): State<StackParts>, Form(request): Form<DeliveryOutcomeRequest>) -> Response {
    let Some(number) = read(&request.to, None) else {
        return (StatusCode::BAD_REQUEST, "`to` is a number in E.164.").into_response();
    };
    shared.carrier.steering.set_fate(number, request.fate);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct DeliveryOutcomeForm {
    #[serde(flatten)]
    phones: PhonePair,
    fate: DeliveryOutcome,
}

/// Sets the outcome of future messages to the phone, for example by switching it off or on.
async fn turn(State(shared): State<StackParts>, Form(turned): Form<DeliveryOutcomeForm>) -> Response {
    match parse_phones(&shared, &turned.phones).await {
        Ok((number, _)) => {
            shared.carrier.steering.set_fate(number, turned.fate);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(said) => (StatusCode::UNPROCESSABLE_ENTITY, Html(html! { (said) }.into_string())).into_response(),
    }
}

/// The responses that the page offers for the next text to the phone. Each has the name of a `CarrierAnswer`, and a
/// label.
const NEXT: [(&str, &str); 12] = [
    ("spend-limit", "is refused: the budget for texts is used up"),
    ("throttle", "is refused: too many at once"),
    ("opted-out", "is refused: this customer wants no texts"),
    ("invalid-number", "is refused: nobody has this number"),
    ("not-verified", "is refused: the account may only text numbers that it has verified"),
    ("blocked-country", "is refused: texts to this country are blocked"),
    ("blocked-number", "is refused: texts to this number are blocked"),
    ("price", "is refused: it would cost too much"),
    ("body", "is refused: its text cannot be sent"),
    ("line", "is refused: nothing can be sent from this line"),
    ("fail", "meets an error, so it is not sent"),
    ("silent", "meets an error, but it is sent all the same"),
];

#[derive(Deserialize)]
struct AnswerForm {
    #[serde(flatten)]
    phones: PhonePair,
    answer: CarrierAnswer,
}

async fn refuse(State(shared): State<StackParts>, Form(refuse): Form<AnswerForm>) -> Response {
    match parse_phones(&shared, &refuse.phones).await {
        Ok((number, _)) => {
            shared.carrier.steering.answer_next(number, refuse.answer);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(said) => (StatusCode::UNPROCESSABLE_ENTITY, said).into_response(),
    }
}

/// The delivery receipts that the page offers for the last text to the phone. Each has an event type, whether it is
/// final, and a label.
const RECEIPTS: [(&str, bool, &str); 8] = [
    ("TEXT_PENDING", false, "is still on its way"),
    ("TEXT_DELIVERED", true, "was delivered"),
    ("TEXT_UNREACHABLE", true, "was not delivered: the phone is switched off"),
    ("TEXT_INVALID", true, "was not delivered: nobody has this number"),
    ("TEXT_BLOCKED", true, "was not delivered: the phone blocks the line"),
    ("TEXT_SPAM", true, "was not delivered: it is taken for spam"),
    ("TEXT_TTL_EXPIRED", true, "was not delivered: it took too long"),
    ("TEXT_UNKNOWN", true, "went nobody knows where"),
];

#[derive(Deserialize)]
struct ReceiptForm {
    #[serde(flatten)]
    phones: PhonePair,
    event: String,
}

async fn report(State(shared): State<StackParts>, Form(report): Form<ReceiptForm>) -> Response {
    let Some((event, is_final, _)) = RECEIPTS.iter().find(|(event, ..)| *event == report.event) else {
        return (StatusCode::BAD_REQUEST, "The carrier does not say that.").into_response();
    };
    match parse_phones(&shared, &report.phones).await {
        Ok((number, _)) => publish_receipt(&shared, &number, event, *is_final).await,
        Err(said) => (StatusCode::UNPROCESSABLE_ENTITY, said).into_response(),
    }
}

#[derive(Deserialize)]
struct ReceiptRequest {
    to: String,
    event: String,
    #[serde(default, rename = "final")]
    is_final: bool,
}

/// Publishes a delivery receipt for the newest message to a number. Callers can repeat receipts and send them in any
/// order.
async fn send_receipt(State(shared): State<StackParts>, Form(request): Form<ReceiptRequest>) -> Response {
    let Some(number) = read(&request.to, None) else {
        return (StatusCode::BAD_REQUEST, "`to` is a number in E.164.").into_response();
    };
    publish_receipt(&shared, &number, &request.event, request.is_final).await
}

async fn publish_receipt(shared: &StackParts, number: &PhoneNumber, event: &str, is_final: bool) -> Response {
    match shared.carrier.send_receipt(number, event, is_final).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => (StatusCode::NOT_FOUND, "Nothing was sent to this number.").into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Returns how often a number was looked up.
async fn count_lookups(State(shared): State<StackParts>, Query(query): Query<PhoneQuery>) -> Response {
    let number = format!("+{}", query.to.trim().trim_start_matches('+'));
    let Ok(number) = PhoneNumber::e164(&number) else {
        return (StatusCode::BAD_REQUEST, "`to` is a number in E.164, with its + written as %2B.").into_response();
    };
    Json(json!({"times": shared.carrier.times_looked_up(&number)})).into_response()
}

#[derive(Deserialize)]
pub(crate) struct PhonePair {
    from: String,
    to: String,
}

async fn thread(State(shared): State<StackParts>, Query(phones): Query<PhonePair>) -> Response {
    let (number, line) = match parse_phones(&shared, &phones).await {
        Ok(known) => known,
        Err(said) => return Html(html! { li.said { (said) } }.into_string()).into_response(),
    };
    let Ok(carried) = shared.carrier.messages_of(&number, None).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let with_line = carried.iter().filter(|(_, sms)| sms.from == line.as_str() || sms.to == line.as_str());
    let bubbles = html! {
        @for (way, sms) in with_line {
            li.(if *way == Direction::ToCustomer { "received" } else { "written" }) id={ "sms-" (sms.id) } {
                p dir="auto" { (sms.text) }
                time datetime=(sms.at) data-shape="ago" { (sms.at) }
            }
        }
    };
    Html(bubbles.into_string()).into_response()
}

#[derive(Deserialize)]
struct TextForm {
    #[serde(flatten)]
    phones: PhonePair,
    text: String,
}

async fn text(State(shared): State<StackParts>, Form(written): Form<TextForm>) -> Response {
    let (number, line) = match parse_phones(&shared, &written.phones).await {
        Ok(known) => known,
        Err(said) => return (StatusCode::UNPROCESSABLE_ENTITY, Html(html! { (said) }.into_string())).into_response(),
    };
    match shared.carrier.brings(&number, &line, &written.text.replace("\r\n", "\n")).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Parses the phone's number and the line. Fails with a message for the person who typed them.
pub(crate) async fn parse_phones(
    shared: &StackParts,
    phones: &PhonePair,
) -> Result<(PhoneNumber, PhoneNumber), &'static str> {
    let line = read(&phones.to, None).ok_or("Pick the line to write to.")?;
    let directory = shared.store.directory().await.map_err(|_| "The table cannot be reached just now.")?;
    let company = directory.lines.iter().find(|known| known.number == line).map(|line| &line.company);
    let region = directory.companies.iter().find(|known| Some(&known.id) == company).map(|company| company.region);
    let number = read(&phones.from, region).ok_or("Type this phone's number, with + and the country code.")?;
    Ok((number, line))
}

async fn page(State(shared): State<StackParts>) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let now = runtime::wall_clock().now();
    let mut customers = Vec::new();
    for company in &directory.companies {
        if let Ok(page) = shared.store.conversations(&company.id, None, 50, now).await {
            customers.extend(page.items.into_iter().map(|conversation| (conversation, company)));
        }
    }
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "A customer's phone · Switchboard" }
                link rel="icon" href=(static_site::address("icon.svg"));
                link rel="stylesheet" href="/handset/handset.css";
                link rel="expect" href="#end" blocking="render";
                script src=(static_site::address("htmx.js")) defer {}
                script src="/handset/handset.js" defer {}
            }
            body {
                main.handset {
                    header {
                        h1 { "A customer's phone" }
                        form #phones {
                            label { span { "This phone" } input name="from" list="customers" inputmode="tel" autocomplete="off" placeholder="+1 425 555 0182" required; }
                            label { span { "writes to" }
                                select name="to" {
                                    @for line in &directory.lines {
                                        @let company = directory.companies.iter().find(|company| company.id == line.company);
                                        option value=(line.number) {
                                            @if let Some(company) = company { (company.name) " · " (line.number.shown_in(company.region)) } @else { (line.number) }
                                        }
                                    }
                                }
                            }
                            label { span { "and is" }
                                select name="fate" hx-post="/local/handset/fate" hx-swap="none" {
                                    option value="delivered" { "switched on" }
                                    option value="unreachable" { "switched off" }
                                    option value="invalid" { "nobody's number" }
                                    option value="blocked" { "blocking the line" }
                                    option value="untold" { "told nothing of by its carrier" }
                                }
                            }
                            details #carrier {
                                summary { "What its carrier does" }
                                label { span { "The next text" }
                                    select name="answer" hx-post="/local/handset/next" hx-swap="none" {
                                        option value="" { "is sent" }
                                        @for (answer, words) in NEXT { option value=(answer) { (words) } }
                                    }
                                }
                                label { span { "The last text" }
                                    select name="event" hx-post="/local/handset/receipt" hx-swap="none" {
                                        option value="" { "went as it did" }
                                        @for (event, _, words) in RECEIPTS { option value=(event) { (words) } }
                                    }
                                }
                            }
                        }
                        button #ring type="button" hx-post="/local/handset/call" hx-include="#phones" hx-swap="none" { "Get a confirmation call" }
                        datalist #customers {
                            @for (conversation, company) in &customers {
                                option value=(conversation.sender) { (conversation.name.as_deref().unwrap_or("")) " · " (company.name) }
                            }
                        }
                    }
                    ol #thread aria-live="polite" aria-label="Messages" hx-get="/local/handset/messages" hx-include="#phones" hx-swap="innerMorph"
                        tabindex="0" hx-trigger="load, every 2s, look from:body" {}
                    div #call hx-get="/local/handset/call" hx-include="#phones" hx-swap="innerMorph"
                        hx-trigger="load, every 1s, look from:body" {}
                    p #problem role="alert" {}
                    form #write hx-post="/local/handset/messages" hx-include="#phones" hx-swap="none" {
                        textarea name="text" rows="1" placeholder="Text message" aria-label="Text message" {}
                        button type="submit" { "Send" }
                    }
                }
                span #end hidden {}
            }
        }
    };
    Html(page.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_next_text_can_meet_is_an_answer_of_the_carrier() {
        for (answer, words) in NEXT {
            assert!(serde_json::from_value::<CarrierAnswer>(json!(answer)).is_ok(), "{words}");
        }
    }
}
