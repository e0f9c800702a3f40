use serde::{Deserialize, Serialize};

use crate::slug::slug;
use crate::{CompanyId, Region, RequestSession, TimeZone};

slug! {
    /// The id of a member of staff, unique within the company.
    StaffId
}

impl StaffId {
    /// Returns the id that is unique across companies: `harbor-dental/dana`.
    #[must_use]
    pub fn qualified_id(&self, company: &CompanyId) -> String {
        format!("{company}/{self}")
    }
}

/// The member of staff behind a request, with the company's settings for numbers and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    pub company: CompanyId,
    pub company_name: String,
    pub region: Region,
    #[serde(default)]
    pub time_zone: TimeZone,
    /// Whether this is an API client of the company, which can only manage appointments.
    #[serde(default)]
    pub is_program: bool,
    /// Whether the member of staff is an administrator, who may read the history of customers, and export or erase a
    /// customer's data.
    #[serde(default)]
    pub is_administrator: bool,
    /// The session of the request; `None` for a request without a session, or from an older version of the authorizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<RequestSession>,
}
