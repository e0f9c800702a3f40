use domain::{Company, CompanyId, ContactDetails, ConversationKey};
use serde_json::{Value, json};
use store::{Directory, DirectoryError};

use crate::command_line::NewCompany;
use crate::number;
use crate::operator::Operator;

pub(crate) async fn add(operator: &Operator, new: NewCompany) -> anyhow::Result<()> {
    let company = Company {
        line: number::read(&new.line, new.region)?,
        id: new.id,
        name: new.name,
        region: new.region,
        time_zone: new.time_zone,
        // From the operating system: a guessable key would let others compute which customer a conversation id belongs
        // to.
        conversation_key: ConversationKey::new(runtime::randomness().token()),
        contact: new.contact,
    };
    let now = runtime::wall_clock().now();
    operator.store.add_company(&company, now).await.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!(
            "Added {} ({}) with the first line {}. Next: `staff add`.",
            company.name,
            company.id,
            number::display_number(&company.line, company.region)
        ),
        &json!({"added": described(&company)}),
    )
}

pub(crate) async fn list(operator: &Operator) -> anyhow::Result<()> {
    let mut directory = operator.store.directory().await.map_err(|error| operator.failed(&error))?;
    directory.companies.sort_by(|one, other| one.id.cmp(&other.id));
    let count = |company: &Company| (lines(&directory, &company.id).len(), staff(&directory, &company.id));
    let rows = directory.companies.iter().map(|company| {
        let (lines, staff) = count(company);
        let (id, region) = (company.id.to_string(), company.region.to_string());
        let (zone, line) = (company.time_zone.to_string(), company.line.to_string());
        [id, company.name.clone(), region, zone, line, lines.to_string(), staff.to_string()]
    });
    let values = directory.companies.iter().map(|company| {
        let (lines, staff) = count(company);
        let mut value = described(company);
        value["lines"] = json!(lines);
        value["staff"] = json!(staff);
        value
    });
    operator.output.listed(
        ["ID", "NAME", "REGION", "TIME ZONE", "FIRST LINE", "LINES", "STAFF"],
        &rows.collect::<Vec<_>>(),
        &values.collect::<Vec<_>>(),
        "There are no companies. `company add` adds one.",
    )
}

pub(crate) async fn remove(operator: &Operator, id: &CompanyId) -> anyhow::Result<()> {
    let directory = operator.store.directory().await.map_err(|error| operator.failed(&error))?;
    let company = operator.store.company(id).await.map_err(|error| operator.failed(&error))?;
    let company = company.ok_or_else(|| operator.error_of(&DirectoryError::NoCompany))?;
    if staff(&directory, id) > 0 {
        return Err(operator.error_of(&DirectoryError::CompanyHasStaff));
    }
    let lines = lines(&directory, id);
    let happens = format!(
        "This removes {} ({id}) from {}, with its lines {}. Inbound messages to these lines are no longer stored.",
        company.name,
        operator.place,
        lines.join(", ")
    );
    operator.consent.require_for(&happens, id.as_str())?;
    operator
        .store
        .remove_company(id, runtime::wall_clock().now())
        .await
        .map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!(
            "Removed {} ({id}) and its lines {}. Its conversations are kept until their retention ends, and its id stays \
             reserved for a year.{}",
            company.name,
            lines.join(", "),
            operator.next_for_numbers()
        ),
        &json!({"removed": {"company": id, "lines": lines}}),
    )
}

pub(crate) async fn contact(
    operator: &Operator,
    id: &CompanyId,
    contact: Option<ContactDetails>,
) -> anyhow::Result<()> {
    let set = operator.store.set_contact(id, contact).await;
    let company = set.map_err(|refused| operator.error_of(&refused))?;
    operator.output.report(
        &format!("The answer to HELP of {} is: {}", company.name, company.help(&company.line)),
        &json!({"changed": described(&company)}),
    )
}

/// Returns a company as JSON, without its conversation key.
fn described(company: &Company) -> Value {
    json!({
        "id": company.id,
        "name": company.name,
        "region": company.region,
        "time_zone": company.time_zone,
        "line": company.line,
        "contact": company.contact,
    })
}

fn lines(directory: &Directory, id: &CompanyId) -> Vec<String> {
    directory.lines.iter().filter(|line| line.company == *id).map(|line| line.number.to_string()).collect()
}

fn staff(directory: &Directory, id: &CompanyId) -> usize {
    directory.staff.iter().filter(|member| member.company == *id).count()
}
