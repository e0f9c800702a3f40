use anyhow::anyhow;
use domain::{CompanyId, StaffId};
use serde_json::{Value, json};
use store::{DirectoryError, LoginOwner, Member};

use crate::command_line::NewMember;
use crate::operator::Operator;

pub(crate) async fn add(operator: &Operator, new: NewMember) -> anyhow::Result<()> {
    let login = new.login.login().ok_or_else(|| anyhow!("Name the login with --email or --subject."))?;
    let member = Member {
        staff: new.id,
        company: new.company,
        name: new.name,
        login,
        is_administrator: new.administrator,
        sessions_since: None,
    };
    match operator.store.add_staff(&member).await {
        Ok(()) => {}
        Err(DirectoryError::LoginTaken) => return Err(login_taken(operator, &member).await),
        Err(refused) => return Err(operator.error_of(&refused)),
    }
    operator.output.report(
        &format!("Added {} ({}) to {}, with the login {}.", member.name, member.staff, member.company, member.login),
        &json!({"added": described(&member)}),
    )
}

/// Returns the error for a login that is taken, with its owner. A login is unique in the whole deployment.
async fn login_taken(operator: &Operator, member: &Member) -> anyhow::Error {
    match operator.store.signing_in(&member.login).await {
        Ok(Some(LoginOwner { company, staff, .. })) => {
            anyhow!("Nothing was changed: {staff} of {company} already signs in with {}.", member.login)
        }
        _ => operator.error_of(&DirectoryError::LoginTaken),
    }
}

pub(crate) async fn list(operator: &Operator, company: Option<&CompanyId>) -> anyhow::Result<()> {
    if let Some(id) = company {
        let there = operator.store.company(id).await.map_err(|error| operator.failed(&error))?;
        there.ok_or_else(|| operator.error_of(&DirectoryError::NoCompany))?;
    }
    let mut staff = operator.store.directory().await.map_err(|error| operator.failed(&error))?.staff;
    staff.retain(|member| company.is_none_or(|company| member.company == *company));
    staff.sort_by(|one, other| (&one.company, &one.staff).cmp(&(&other.company, &other.staff)));
    let rows = staff.iter().map(|member| {
        let administers = if member.is_administrator { "yes" } else { "" };
        [
            member.company.to_string(),
            member.staff.to_string(),
            member.name.clone(),
            member.login.to_string(),
            administers.to_owned(),
        ]
    });
    operator.output.listed(
        ["COMPANY", "ID", "NAME", "LOGIN", "ADMINISTRATOR"],
        &rows.collect::<Vec<_>>(),
        &staff.iter().map(described).collect::<Vec<_>>(),
        "There are no staff. `staff add` adds a member of staff.",
    )
}

pub(crate) async fn remove(operator: &Operator, company: &CompanyId, id: &StaffId) -> anyhow::Result<()> {
    let present = operator.store.active_staff(company, id).await.map_err(|error| operator.failed(&error))?;
    let present = present.ok_or_else(|| operator.error_of(&DirectoryError::NoStaff))?;
    let (name, employer) = (present.staff.name, present.staff.company_name);
    operator.consent.require_for(
        &format!("This removes {name} ({id}) of {employer} from {}, and ends their sessions.", operator.place),
        id.as_str(),
    )?;
    operator.store.remove_staff(company, id).await.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!("Removed {name} ({id}) of {employer}. Their sessions end within a minute."),
        &json!({"removed": {"staff": id, "company": company}}),
    )
}

pub(crate) async fn sign_out(operator: &Operator, company: &CompanyId, id: &StaffId) -> anyhow::Result<()> {
    let now = runtime::wall_clock().now();
    operator.store.end_sessions(company, id, now).await.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!("All sessions of {id} of {company} end within a minute. {id} can sign in again."),
        &json!({"signed_out": {"staff": id, "company": company, "at": now.to_string()}}),
    )
}

pub(crate) async fn unpin(operator: &Operator, company: &CompanyId, id: &StaffId) -> anyhow::Result<()> {
    operator.store.unpin(company, id).await.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!("The login of {id} of {company} is unpinned: it binds to the next account that signs in with it."),
        &json!({"unpinned": {"staff": id, "company": company}}),
    )
}

pub(crate) async fn administers(
    operator: &Operator,
    company: &CompanyId,
    id: &StaffId,
    no_longer: bool,
) -> anyhow::Result<()> {
    let set = operator.store.set_administrator(company, id, !no_longer).await;
    set.map_err(|refused| operator.error_of(&refused))?;
    let is = if no_longer { "is no longer an administrator" } else { "is an administrator" };
    operator.output.report(
        &format!("Within a minute, {id} of {company} {is}."),
        &json!({"staff": {"id": id, "company": company, "administrator": !no_longer}}),
    )
}

fn described(member: &Member) -> Value {
    let since = member.sessions_since.map(|since| since.to_string());
    json!({
        "id": member.staff, "company": member.company, "name": member.name, "login": member.login,
        "administrator": member.is_administrator,
        "sessions_since": since,
    })
}
