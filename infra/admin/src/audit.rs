//! Writes an audit log entry for each command that changes something, and lists the audit log.

use domain::{AuditEntry, CompanyId};
use serde_json::json;

use crate::operator::Operator;

const OPERATOR: &str = "an operator";

/// Writes an audit log entry for a command that has succeeded.
pub(crate) async fn note(operator: &Operator, command: &str, company: Option<&CompanyId>) -> anyhow::Result<()> {
    let entry = AuditEntry {
        at: runtime::wall_clock().now(),
        company: company.cloned(),
        staff: None,
        action: command.to_owned(),
        request: runtime::randomness().token(),
    };
    operator.store.audit(&entry).await.map_err(|error| operator.failed(&error))
}

/// Prints the newest `limit` audit log entries of a company. Without a company, prints those of commands that concern
/// no single company.
pub(crate) async fn list(operator: &Operator, company: Option<&CompanyId>, limit: i32) -> anyhow::Result<()> {
    let entries = operator.store.audit_log(company, limit).await.map_err(|error| operator.failed(&error))?;
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let who = entry.staff.as_ref().map_or(OPERATOR, |staff| staff.as_str());
            [entry.at.to_string(), who.to_owned(), entry.action.clone(), entry.request.clone()]
        })
        .collect();
    let values: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({"at": entry.at.to_string(), "staff": entry.staff, "action": entry.action, "request": entry.request})
        })
        .collect();
    operator.output.listed(["TIME", "ACTOR", "ACTION", "REQUEST"], &rows, &values, "The audit log has no entries.")
}
