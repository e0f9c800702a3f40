use anyhow::anyhow;
use domain::{CompanyId, Login, SessionLifetime, StaffId, Timestamp};
use serde_json::json;
use store::{DirectoryError, Member, Session};

use crate::operator::Operator;

/// The lifetime of a token, in seconds: a year and a day, since operators renew it by hand.
const TOKEN_LIFETIME_SECS: u64 = 366 * 24 * 60 * 60;

pub(crate) async fn add(operator: &Operator, company: CompanyId, id: StaffId, name: String) -> anyhow::Result<()> {
    let login = Login::program(&company, &id);
    let member = Member { staff: id, company, name, login, is_administrator: false, sessions_since: None };
    operator.store.add_staff(&member).await.map_err(|refused| operator.error_of(&refused))?;
    let sentence = format!("Added the API client {} ({}) to {}.", member.name, member.staff, member.company);
    issue(operator, &member.company, &member.staff, runtime::wall_clock().now(), &sentence).await
}

pub(crate) async fn token(operator: &Operator, company: &CompanyId, id: &StaffId) -> anyhow::Result<()> {
    let present = operator.store.active_staff(company, id).await.map_err(|error| operator.failed(&error))?;
    let present = present.ok_or_else(|| operator.error_of(&DirectoryError::NoStaff))?;
    if !present.staff.is_program {
        return Err(anyhow!(
            "Nothing was changed: {id} of {company} is a person, who signs in. Only an API client has a token."
        ));
    }
    let now = runtime::wall_clock().now();
    operator.store.end_sessions(company, id, now).await.map_err(|refused| operator.error_of(&refused))?;
    let sentence =
        format!("Earlier tokens of {} ({id}) of {company} become invalid within a minute.", present.staff.name);
    issue(operator, company, id, now, &sentence).await
}

/// Creates a token and prints it. The table stores only the token's hash, so the token cannot be printed again.
async fn issue(
    operator: &Operator,
    company: &CompanyId,
    id: &StaffId,
    began: Timestamp,
    sentence: &str,
) -> anyhow::Result<()> {
    let token = runtime::randomness().token();
    // The session has no idle timeout, because an API client may send no request for months.
    let lifetime = SessionLifetime::new(began, TOKEN_LIFETIME_SECS, None);
    let session = Session::new(company.clone(), id.clone(), "An API client".to_owned(), began, lifetime);
    let ends = session.ends;
    let cookie = format!("{}={token}", web::session_cookie_name(operator.place.scheme()));
    let kept = operator.store.start_session(&web::token_hash(&token), &session).await;
    kept.map_err(|error| operator.failed(&error))?;
    operator.output.report(
        &format!(
            "{sentence}\n\nIt authenticates with this cookie, which is printed only once and is valid until \
             {ends}:\n\n  {cookie}"
        ),
        &json!({"program": {"id": id, "company": company, "cookie": cookie,
            "ends": ends.to_string()}}),
    )
}
