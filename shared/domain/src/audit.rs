use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CompanyId, StaffId, Timestamp};

/// An entry of the audit log: one action that needs authority, kept for later investigation.
///
/// The entry contains no customer, phone number or text, so it can be kept when a customer is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// `None` for an action that concerns no single company, such as a change of the push keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// `None` for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
    /// The text of an [`AuditAction`], or an operator's command without its arguments: `staff sign-out`.
    pub action: String,
    /// API Gateway's request id, which its access log also contains. An operator's command generates an id instead.
    pub request: String,
}

/// An audited action of a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    SignIn,
    SignOut,
    /// An attempt at an action that the role of the member of staff does not allow.
    Refused,
    CustomerDataExport,
    CustomerDataErasure,
    /// A change of the company's setting for whether push notifications show the text of messages.
    PushSettings,
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Refused => "refused",
            Self::CustomerDataExport => "customer-data-export",
            Self::CustomerDataErasure => "customer-data-erasure",
            Self::PushSettings => "push-settings",
        })
    }
}
