use domain::{AuditAction, AuditEntry, CompanyId, StaffId, Timestamp};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

/// Returns the audit log entry for a request.
#[must_use]
pub fn audited(
    request: &Request,
    company: &CompanyId,
    staff: &StaffId,
    action: AuditAction,
    at: Timestamp,
) -> AuditEntry {
    let id = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    AuditEntry {
        at,
        company: Some(company.clone()),
        staff: Some(staff.clone()),
        action: action.to_string(),
        request: id.unwrap_or_default(),
    }
}
