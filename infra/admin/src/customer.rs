//! Exports or erases the data held about one customer.

use anyhow::bail;
use domain::{Company, CompanyId, MobileNumber, StaffAction};
use serde_json::json;
use store::{CustomerData, DirectoryError};

use crate::number;
use crate::operator::Operator;
use crate::output::Output;

/// The actor that the company's audit log shows for an export by an operator.
const OPERATOR: &str = "An operator of Switchboard";

/// Prints a customer's data as JSON, for the operator to redirect into a file.
///
/// Adds an audit log entry for the export to the customer's data, so later exports include the entry.
pub(crate) async fn export(operator: &Operator, number: &str, company: &CompanyId) -> anyhow::Result<()> {
    let (owner, customer, held) = held_data(operator, number, company).await?;
    let held = held.json().map_err(|error| operator.failed(&error))?;
    let now = runtime::wall_clock().now();
    let deed = StaffAction::exported(OPERATOR, now);
    let recorded = operator.store.record_deed(company, customer.conversation, &deed).await;
    recorded.map_err(|error| operator.failed(&error))?;
    Output::json(&json!({
        "company": owner.name, "number": customer.number, "exported_at": now.to_string(), "held": held,
    }))
}

pub(crate) async fn erase(operator: &Operator, number: &str, company: &CompanyId) -> anyhow::Result<()> {
    let (owner, customer, held) = held_data(operator, number, company).await?;
    let (events, appointments) = held.counts();
    let shown = number::display_number(&customer.number, owner.region);
    let happens = format!(
        "This erases all data that {} stores about {shown}: {events} messages and calls, and {appointments} appointments, \
         future ones too. The opt-out state stays: a customer who has opted out gets no messages.",
        owner.name
    );
    operator.consent.require_for(&happens, customer.number.as_str())?;
    let erased =
        operator.store.erase(&held, runtime::wall_clock().now()).await.map_err(|error| operator.failed(&error))?;
    let once_more = if erased.once_more { " New data was written meanwhile: run the command again." } else { "" };
    operator.output.report(
        &format!(
            "Erased {} messages and calls and {} appointments of {shown}.{once_more}",
            erased.events, erased.appointments
        ),
        &json!({"erased": {
            "number": customer.number, "company": owner.id, "texts_and_calls": erased.events,
            "appointments": erased.appointments, "once_more": erased.once_more,
        }}),
    )
}

async fn held_data(
    operator: &Operator,
    number: &str,
    company: &CompanyId,
) -> anyhow::Result<(Company, MobileNumber, CustomerData)> {
    let owner = operator.store.company(company).await.map_err(|error| operator.failed(&error))?;
    let owner = owner.ok_or_else(|| operator.error_of(&DirectoryError::NoCompany))?;
    let customer = owner.mobile(number::of_customer(number, owner.region)?);
    let held = operator.store.customer_data(company, customer.conversation, owner.region).await;
    let held = held.map_err(|error| operator.failed(&error))?;
    if held.is_empty() {
        let shown = number::display_number(&customer.number, owner.region);
        bail!("Nothing was changed: {} stores no data about {shown}.", owner.name)
    }
    Ok((owner, customer, held))
}
