//! The identity of a request's user.
//!
//! The authorizer looks up the session once, and passes its verdict in the request context. Functions take the identity
//! from there only.

use std::collections::HashMap;

use domain::Staff;
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// The status for a resource that the user may not access, the same as for one that does not exist.
///
/// The status is not 403, because CloudFront replaces a 403 by the site's page for missing pages.
const NOT_FOR_THEM: StatusCode = StatusCode::NOT_FOUND;

/// The authorizer's verdict on a session.
///
/// API Gateway's own response to a denied request cannot be changed. So the authorizer passes the verdict on, and the
/// function explains the problem. A function cannot ignore the verdict: only `Live` contains a `Staff`, and with it a
/// company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "session", rename_all = "kebab-case")]
pub enum SessionVerdict {
    Live(Staff),
    Ended,
    Unknown,
}

/// Returns the member of staff who sent a request. Fails for an API client.
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

/// Returns the administrator who sent a request. Fails for other staff and for API clients.
///
/// An administrator may read the history of customers, and export or erase a customer's data.
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

/// Returns the member of staff or the API client that sent a request.
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

/// The header with the qualified id of the user: `harbor-dental/dana`. A response says which user it is for, and a
/// request which user its page was made for.
pub(crate) const STAFF_HEADER: HeaderName = HeaderName::from_static("x-staff");

/// Rejects a request from a page that was made for another user.
///
/// A page can stay open after another user signs in in the same browser. Requests of that page must not run in the new
/// session. A request without the header is judged by its session alone.
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

/// Returns the value of the `X-Staff` response header, if the request has a live session.
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
