//! Who can sign in, and signing in by picking one of them: the local stack's stand-in for an
//! identity provider. Nothing of it is deployed.

use axum::extract::State;
use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use domain::Staff;
use maud::html;
use serde::Deserialize;
use serde_json::json;

use crate::stack::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/local/staff", get(staff))
        .route("/local/sign-in", post(sign_in))
        .route("/local/lines", get(lines))
}

/// Unique among all companies' staff.
fn id(staff: &Staff) -> String {
    format!("{}.{}", staff.company, staff.id)
}

async fn staff(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let wants_html =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if !wants_html {
        let staff = directory.staff.iter().map(|staff| {
            json!({"id": id(staff), "name": staff.name, "company": staff.company, "company_name": staff.company_name})
        });
        return Json(staff.collect::<Vec<_>>()).into_response();
    }
    let people = html! {
        @for company in &directory.companies {
            section.company {
                h2 { (company.name) }
                @for staff in directory.staff.iter().filter(|staff| staff.company == company.id) {
                    button type="submit" name="staff" value=(id(staff)) { (staff.name) }
                }
            }
        }
    };
    Html(people.into_string()).into_response()
}

#[derive(Deserialize)]
struct Pick {
    staff: String,
}

async fn sign_in(State(shared): State<Shared>, Form(pick): Form<Pick>) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let Some(staff) = directory.staff.into_iter().find(|staff| id(staff) == pick.staff) else {
        return (StatusCode::NOT_FOUND, "There is nobody with that id. GET /local/staff lists everybody.")
            .into_response();
    };
    match shared.functions.sign_in.start_session(staff).await {
        Ok(cookie) => (StatusCode::SEE_OTHER, [(LOCATION, "/".to_owned()), (SET_COOKIE, cookie)]).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn lines(State(shared): State<Shared>) -> Response {
    let Ok(directory) = shared.store.directory().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let lines = directory.lines.iter().map(|line| {
        let name = directory.companies.iter().find(|company| company.id == line.company).map(|company| &company.name);
        json!({"number": line.number, "company": line.company, "company_name": name})
    });
    Json(lines.collect::<Vec<_>>()).into_response()
}
