use serde::{Deserialize, Serialize};

use crate::slug::slug;
use crate::{CompanyId, Region, RequestSession, TimeZone};

slug! {
    /// Which member of a company's staff; unique within the company.
    StaffId
}

impl StaffId {
    /// Which member of staff of all companies: `harbor-dental/dana`.
    #[must_use]
    pub fn qualified_id(&self, company: &CompanyId) -> String {
        format!("{company}/{self}")
    }
}

/// A member of staff as a request knows them: who, of which company, and how that company reads
/// and shows numbers and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    pub company: CompanyId,
    pub company_name: String,
    pub region: Region,
    #[serde(default)]
    pub time_zone: TimeZone,
    /// Whether it is a program of the company's that keeps its appointments, and does nothing else.
    #[serde(default)]
    pub is_program: bool,
    /// Whether they may see who did what, and hand over or erase what is held of a customer.
    #[serde(default)]
    pub is_administrator: bool,
    /// The session that they ask in; `None` for what nobody asks in a session, and from an authorizer of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<RequestSession>,
}
