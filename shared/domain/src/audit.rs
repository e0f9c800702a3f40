use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CompanyId, StaffId, Timestamp};

/// One use of authority, for whoever has to find out later what was done and by whom. It names no customer, number or text,
/// so that it can be kept when a customer is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// `None` for what concerns no company by itself, such as the push keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// `None` for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
    /// As [`AuditAction`] writes it, or an operator's command without what it was about: `staff sign-out`.
    pub action: String,
    /// The gateway's id of the request, which its access log has too; of a command, one of its own.
    pub request: String,
}

/// What a member of staff did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    SignIn,
    SignOut,
    /// They asked for what their role does not let them do.
    Refused,
    CustomerDataExport,
    CustomerDataErasure,
    /// They set what notifications of all staff show.
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
