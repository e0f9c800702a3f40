//! Lists and ends the sessions of a member of staff.

use domain::{ListedSession, Staff, Timestamp};
use http::{Method, StatusCode};
use lambda_http::{Request, RequestExt};
use store::DirectoryError;
use web::{Problem, ResponseFormat, WebResponse};

use crate::SignInFunction;

impl SignInFunction {
    /// Lists the sessions of a member of staff, or ends one session, all others (`others`) or all of them.
    pub(crate) async fn own_sessions(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff(request)?;
        let now = self.clock.now();
        if *request.method() == Method::GET {
            return Ok(list(request, &self.store.own_sessions(&staff, now).await?));
        }
        web::same_origin(request)?;
        let id = request.path_parameters_ref().and_then(|parameters| parameters.first("session"));
        let answer = match id {
            Some(id) => self.end_one(request, &staff, id, now).await?,
            None if web::is_named(request, "others") => self.end_others(request, &staff, now).await?,
            None => self.end_all(&staff, now).await?,
        };
        self.audit_sign_out(request, &staff.company, &staff.id).await;
        Ok(answer)
    }

    async fn end_one(
        &self,
        request: &Request,
        staff: &Staff,
        id: &str,
        now: Timestamp,
    ) -> Result<WebResponse, Problem> {
        let (ended, mut left): (Vec<_>, Vec<_>) =
            self.store.own_sessions(staff, now).await?.into_iter().partition(|own| own.session.id().to_string() == id);
        let ended = ended.first().ok_or_else(no_session)?;
        self.store.end_session_elsewhere(&ended.session, now).await?;
        if ended.is_this {
            left.clear();
        }
        Ok(left_over(request, &left))
    }

    async fn end_others(&self, request: &Request, staff: &Staff, now: Timestamp) -> Result<WebResponse, Problem> {
        let (this, others): (Vec<_>, Vec<_>) =
            self.store.own_sessions(staff, now).await?.into_iter().partition(|own| own.is_this);
        for other in others {
            self.store.end_session_elsewhere(&other.session, now).await?;
        }
        Ok(left_over(request, &this))
    }

    /// Ends all sessions of a member of staff by setting the time from which sessions are valid. This also ends
    /// sessions that the index does not list yet.
    async fn end_all(&self, staff: &Staff, now: Timestamp) -> Result<WebResponse, Problem> {
        self.store.require_session(staff, now).await?;
        match self.store.end_sessions(&staff.company, &staff.id, now).await {
            Ok(()) => Ok(WebResponse::nothing()),
            Err(DirectoryError::Store(error)) => Err(error.into()),
            // The user is no longer on the staff.
            Err(_) => Err(Problem::session_ended()),
        }
    }
}

fn list(request: &Request, sessions: &[ListedSession]) -> WebResponse {
    let json = || web::list(sessions.iter().map(views::own_session_json), None);
    ResponseFormat::of_request(request).answer(|| views::own_sessions(sessions), json)
}

/// Returns the remaining sessions to a page. `sessions` is passed in, because the index may still list ended sessions.
///
/// JSON clients, and a user whose current session has ended, get an empty response.
fn left_over(request: &Request, sessions: &[ListedSession]) -> WebResponse {
    match ResponseFormat::of_request(request) {
        ResponseFormat::Html if !sessions.is_empty() => list(request, sessions),
        _ => WebResponse::nothing(),
    }
}

/// Returns the problem for an unknown session. A session of another member of staff has the same problem.
fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-session", "That session has ended already.")
}
