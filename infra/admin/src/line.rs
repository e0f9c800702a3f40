use domain::{Company, CompanyId, Line, LineCapability, PhoneNumber, Pool};
use serde_json::json;
use store::{Directory, DirectoryError};

use crate::number;
use crate::operator::Operator;
use crate::target::TargetKind;

pub(crate) async fn add(
    operator: &Operator,
    number: &str,
    company: &CompanyId,
    carries: LineCapability,
    pool: Option<Pool>,
) -> anyhow::Result<()> {
    let owner = operator.store.company(company).await.map_err(|error| operator.failed(&error))?;
    let owner = owner.ok_or_else(|| operator.error_of(&DirectoryError::NoCompany))?;
    let number = number::read(number, owner.region)?;
    let added = operator.store.add_line(company, &number, carries, pool.clone()).await;
    added.map_err(|refused| operator.error_of(&refused))?;
    let next = match (&operator.place.kind, carries) {
        (TargetKind::Local(_), _) => "",
        (TargetKind::Deployed(_), LineCapability::CallsOnly) => {
            " Calls from it belong to the company. Claim the number in Amazon Connect, if you have not yet."
        }
        (TargetKind::Deployed(_), LineCapability::Texts) => {
            " `doctor` checks whether inbound messages to it reach this stack."
        }
    };
    let shown = number::display_number(&number, owner.region);
    operator.output.report(
        &format!("Added the line {shown} to {}.{next}", owner.name),
        &json!({"added": {"number": number, "company": company, "carries": carries, "pool": pool}}),
    )
}

pub(crate) async fn list(operator: &Operator) -> anyhow::Result<()> {
    let mut directory = directory(operator).await?;
    directory
        .lines
        .sort_by(|one, other| (&one.company, one.number.as_str()).cmp(&(&other.company, other.number.as_str())));
    let owner = |line: &Line| directory.companies.iter().find(|company| company.id == line.company);
    let first = |line: &Line| owner(line).is_some_and(|company| company.line == line.number);
    let rows = directory.lines.iter().map(|line| {
        let shown = owner(line).map(|company| line.number.shown_in(company.region)).unwrap_or_default();
        let first = match line.carries {
            _ if first(line) => "yes",
            LineCapability::Texts => "",
            LineCapability::CallsOnly => "no: for calls only",
        };
        [line.company.to_string(), line.number.to_string(), shown, first.to_owned()]
    });
    let values = directory.lines.iter().map(|line| {
        json!({
            "company": line.company, "number": line.number, "writes_first": first(line), "carries": line.carries,
            "pool": line.pool,
        })
    });
    operator.output.listed(
        ["COMPANY", "NUMBER", "SHOWN AS", "FIRST LINE"],
        &rows.collect::<Vec<_>>(),
        &values.collect::<Vec<_>>(),
        "There are no lines. `company add` adds a company with its first line.",
    )
}

pub(crate) async fn write_first_from(operator: &Operator, number: &str) -> anyhow::Result<()> {
    let (number, owner) = owned(operator, number).await?;
    operator.store.write_first_from(&owner.id, &number).await.map_err(|refused| operator.error_of(&refused))?;
    let shown = number::display_number(&number, owner.region);
    operator.output.report(
        &format!("The first line of {} is now {shown}. New conversations start from it.", owner.name),
        &json!({"writes_first": {"number": number, "company": owner.id}}),
    )
}

pub(crate) async fn set_pool(operator: &Operator, number: &str, pool: Option<Pool>) -> anyhow::Result<()> {
    let (number, owner) = owned(operator, number).await?;
    operator.store.set_pool(&number, pool.clone()).await.map_err(|refused| operator.error_of(&refused))?;
    let shown = number::display_number(&number, owner.region);
    let by = pool.as_ref().map_or_else(|| "the number itself".to_owned(), |pool| format!("the pool {pool}"));
    let next = match operator.place.kind {
        TargetKind::Deployed(_) if pool.is_some() => " `doctor` checks whether the number is in the pool.",
        _ => "",
    };
    operator.output.report(
        &format!("Within a minute, messages of the line {shown} of {} are sent from {by}.{next}", owner.name),
        &json!({"line": {"number": number, "company": owner.id, "pool": pool}}),
    )
}

pub(crate) async fn remove(operator: &Operator, number: &str) -> anyhow::Result<()> {
    let (number, owner) = owned(operator, number).await?;
    if owner.line == number {
        return Err(operator.error_of(&DirectoryError::FirstLine));
    }
    let shown = number::display_number(&number, owner.region);
    let happens = format!(
        "This removes the line {shown} of {} from {}. Inbound messages to it are no longer stored.",
        owner.name, operator.place
    );
    operator.consent.require_for(&happens, number.as_str())?;
    operator.store.remove_line(&number).await.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!("Removed the line {shown} of {}.{}", owner.name, operator.next_for_numbers()),
        &json!({"removed": {"number": number, "company": owner.id}}),
    )
}

/// Returns the line that the operator names, and the company that owns it.
async fn owned(operator: &Operator, number: &str) -> anyhow::Result<(PhoneNumber, Company)> {
    let number = number::of_line(number, &directory(operator).await?)?;
    let line = operator.store.line(&number).await.map_err(|error| operator.failed(&error))?;
    let line = line.ok_or_else(|| operator.error_of(&DirectoryError::NoLine))?;
    let owner = operator.store.company(&line.company).await.map_err(|error| operator.failed(&error))?;
    Ok((number, owner.ok_or_else(|| operator.error_of(&DirectoryError::NoCompany))?))
}

async fn directory(operator: &Operator) -> anyhow::Result<Directory> {
    operator.store.directory().await.map_err(|error| operator.failed(&error))
}
