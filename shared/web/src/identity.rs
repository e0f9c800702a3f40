//! Who asks. The authorizer looks the session up once and hands its verdict on in the request's
//! context; a function takes it from there and from nowhere else.

use std::collections::HashMap;

use domain::Staff;
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// What is not for somebody is not there for them. Not 403: in front of the portal that stands for a page of the site
/// that is not there, and its words would be that page.
const NOT_FOR_THEM: StatusCode = StatusCode::NOT_FOUND;

/// What the authorizer found of a session.
///
/// API Gateway answers a request that its authorizer turns away with words of its own that cannot
/// be changed, so the verdict is handed on and the function says what is wrong. It cannot be
/// overlooked: a `Staff`, and with it a company, is only to be had from `Live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "session", rename_all = "kebab-case")]
pub enum SessionVerdict {
    Live(Staff),
    Ended,
    Unknown,
}

/// The member of staff that a request comes from: a person.
pub fn staff(request: &Request) -> Result<Staff, Problem> {
    let staff = staff_or_program(request)?;
    if staff.is_program {
        return Err(Problem::new(
            NOT_FOR_THEM,
            "not-for-programs",
            "This is for people who have signed in. A program keeps appointments, and does nothing else.",
        ));
    }
    Ok(staff)
}

/// The member of staff that a request comes from: one who may see who did what, and hand over or erase what is held.
pub fn administrator(request: &Request) -> Result<Staff, Problem> {
    let staff = staff(request)?;
    if staff.is_administrator {
        return Ok(staff);
    }
    Err(Problem::new(
        NOT_FOR_THEM,
        "not-an-administrator",
        format!(
            "Only an administrator of {} sees this. Whoever operates Switchboard makes somebody one.",
            staff.company_name
        ),
    ))
}

/// The member of staff that a request comes from, who may be a program of the company's.
pub fn staff_or_program(request: &Request) -> Result<Staff, Problem> {
    let unauthorized = |code, message: &str| Problem::new(StatusCode::UNAUTHORIZED, code, message);
    match verdict(request) {
        Some(SessionVerdict::Live(staff)) => of_their_page(request, staff),
        Some(SessionVerdict::Ended) => Err(Problem::session_ended()),
        Some(SessionVerdict::Unknown) => {
            Err(unauthorized("session-unknown", "This session is not known here. Sign in again."))
        }
        None => Err(unauthorized("signed-out", "Sign in first.")),
    }
}

/// Names whom an answer is for, and whom a page that asks was made for: `harbor-dental/dana`.
pub(crate) const STAFF_HEADER: HeaderName = HeaderName::from_static("x-staff");

/// A page goes on asking after somebody else has signed in in its browser: nothing is done for it as theirs. What names
/// nobody is judged by its session alone.
fn of_their_page(request: &Request, staff: Staff) -> Result<Staff, Problem> {
    match request.headers().get(STAFF_HEADER) {
        Some(whose) if whose.as_bytes() != staff.id.qualified_id(&staff.company).as_bytes() => Err(Problem::new(
            StatusCode::CONFLICT,
            "another-person",
            "Somebody else is signed in in this browser now, so this was not done. Load the page again.",
        )),
        _ => Ok(staff),
    }
}

/// Whom the answer to a request is for, if its session is one.
pub(crate) fn staff_header(request: &Request) -> Option<HeaderValue> {
    let Some(SessionVerdict::Live(staff)) = verdict(request) else { return None };
    HeaderValue::from_str(&staff.id.qualified_id(&staff.company)).ok()
}

fn verdict(request: &Request) -> Option<SessionVerdict> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    let fields: &HashMap<_, _> = &context.authorizer.as_ref()?.fields;
    let fields = fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_json::from_value(serde_json::Value::Object(fields)).ok()
}
