//! Calls to the customer's phone: starting them, showing them, and the customer's input.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use domain::{Appointment, AppointmentId, AppointmentStatus, Company, PhoneNumber, Position};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::connect::{CallStage, CallView, CustomerInput, OutboundCall};
use crate::handset::{PhonePair, parse_phones};
use crate::stack::StackParts;

pub(crate) fn router() -> Router<StackParts> {
    Router::new()
        .route("/local/calls", post(start))
        .route("/local/calls/{contact}", post(apply_input))
        .route("/local/handset/call", get(show_call).post(get_called))
}

#[derive(Deserialize)]
struct StartCall {
    from: String,
    to: String,
    appointment: Option<String>,
}

/// Calls any phone about any appointment, as a scheduling system can.
async fn start(State(shared): State<StackParts>, Form(start): Form<StartCall>) -> Response {
    let (Ok(line), Ok(customer)) = (PhoneNumber::e164(&start.from), PhoneNumber::e164(&start.to)) else {
        return (StatusCode::BAD_REQUEST, "`from` and `to` are numbers in E.164.").into_response();
    };
    let appointment = start.appointment.map(|id| id.parse::<AppointmentId>()).transpose();
    let Ok(appointment) = appointment else {
        return (StatusCode::BAD_REQUEST, "`appointment` is the id of an appointment.").into_response();
    };
    let outbound = OutboundCall { line, customer, appointment, attributes: Map::new() };
    Json(json!({"contact": shared.connect.start(outbound).await})).into_response()
}

#[derive(Deserialize)]
struct CallInput {
    r#do: String,
}

async fn apply_input(
    State(shared): State<StackParts>,
    Path(contact): Path<String>,
    Form(does): Form<CallInput>,
) -> Response {
    let Some(deed) = CustomerInput::read(&does.r#do) else {
        return (StatusCode::BAD_REQUEST, "That is not something one does with a call.").into_response();
    };
    if shared.connect.apply(&contact, &deed).await {
        StatusCode::NO_CONTENT.into_response()
    } else {
        (StatusCode::CONFLICT, "The call is not where that can be done.").into_response()
    }
}

/// Calls the phone about the next appointment that its number has with the line's company.
async fn get_called(State(shared): State<StackParts>, Form(phones): Form<PhonePair>) -> Response {
    let said =
        |words: &'static str| (StatusCode::UNPROCESSABLE_ENTITY, Html(html! { (words) }.into_string())).into_response();
    let (customer, line) = match parse_phones(&shared, &phones).await {
        Ok(known) => known,
        Err(words) => return said(words),
    };
    let company = match shared.store.line(&line).await {
        Ok(Some(line)) => shared.store.company(&line.company).await,
        Ok(None) => return said("No company has that line."),
        Err(error) => Err(error),
    };
    let Ok(Some(company)) = company else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let Ok(next) = next_appointment(&shared, &company, &customer).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let Some(appointment) = next else {
        return said("This number has no appointment coming up there. Give it one in the portal.");
    };
    let (day, time) = company.time_zone.local(appointment.details().start);
    let attributes =
        [("companyName", company.name), ("appointmentTime", format!("on {} at {time}", day.written_out()))];
    let outbound = OutboundCall {
        line,
        customer,
        appointment: Some(appointment.id),
        attributes: attributes.map(|(name, value)| (name.to_owned(), Value::String(value))).into_iter().collect(),
    };
    shared.connect.start(outbound).await;
    StatusCode::NO_CONTENT.into_response()
}

async fn next_appointment(
    shared: &StackParts,
    company: &Company,
    customer: &PhoneNumber,
) -> Result<Option<Appointment>, store::StoreError> {
    const AHEAD_SECS: u64 = 366 * 24 * 60 * 60;
    let now = runtime::wall_clock().now();
    let from = Position::start_of(now);
    let coming = shared.store.appointments(&company.id, from, now.plus_secs(AHEAD_SECS), 10_000, now).await?;
    Ok(coming.items.into_iter().find(|appointment| {
        let details = appointment.details();
        details.status != AppointmentStatus::Cancelled
            && details.mobile.as_ref().is_some_and(|mobile| mobile.number == *customer)
    }))
}

/// Renders the current call to the phone. Empty if there is no call.
async fn show_call(State(shared): State<StackParts>, Query(phones): Query<PhonePair>) -> Response {
    let Ok((customer, _)) = parse_phones(&shared, &phones).await else { return Html(String::new()).into_response() };
    let Some(shown) = shared.connect.call_of(&customer).await else { return Html(String::new()).into_response() };
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let owner = directory.lines.iter().find(|line| line.number == shown.line).map(|line| &line.company);
    let company = directory.companies.iter().find(|company| Some(&company.id) == owner);
    Html(screen(&shown, company).into_string()).into_response()
}

fn screen(CallView { contact, line, stage }: &CallView, company: Option<&Company>) -> Markup {
    let does = |deed: &str, class: &str, words: &str| {
        html! {
            button.(class) type="button" hx-post={ "/local/calls/" (contact) } hx-vals=(json!({"do": deed})) hx-swap="none" { (words) }
        }
    };
    html! {
        section.call aria-label="Call" {
            div.caller {
                h2 { @if let Some(company) = company { (company.name) } @else { "Unknown" } }
                p { @if let Some(company) = company { (line.shown_in(company.region)) } @else { (line) } }
                p.state role="status" {
                    @match stage {
                        CallStage::Ringing => "is calling",
                        CallStage::Talking { .. } => "on the line",
                        CallStage::Over { .. } => "Call ended",
                    }
                }
            }
            @match stage {
                CallStage::Ringing => {
                    div.choices { (does("hang-up", "end", "Decline")) (does("answer", "take", "Answer")) }
                    p.fates { "Or: " (does("ring-out", "fate", "nobody hears it")) (does("voicemail", "fate", "voicemail takes it")) (does("fail", "fate", "the line is dead")) }
                }
                CallStage::Talking { said } => {
                    p.voice aria-live="polite" { "“" (said) "”" }
                    div.keys { @for key in ["1", "2", "3"] { (does(key, "key", key)) } }
                    div.choices { (does("hang-up", "end", "Hang up")) }
                }
                CallStage::Over { said } if !said.is_empty() => p.voice { "“" (said) "”" },
                CallStage::Over { .. } => {}
            }
        }
    }
}
