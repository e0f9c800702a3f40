use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use domain::{CompanyId, SessionLifetime, StaffId, Timestamp, TokenHash};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::{Store, StoreError, keys};

/// Somebody signed in, from one moment until another. Whether they still are staff, and what they
/// are called, is said by [`Store::present`].
#[derive(Clone, Debug)]
pub struct Session {
    pub company: CompanyId,
    pub staff: StaffId,
    /// What signed in: "Firefox on Linux".
    pub browser: String,
    pub began: Timestamp,
    /// When they last proved to the identity provider who they are; `None` if it did not say.
    pub authenticated: Option<Timestamp>,
    /// When it ends if it is not used again, or ended.
    pub ends: Timestamp,
    pub lifetime: SessionLifetime,
}

impl Session {
    /// One that begins.
    #[must_use]
    pub fn new(
        company: CompanyId,
        staff: StaffId,
        browser: String,
        began: Timestamp,
        lifetime: SessionLifetime,
    ) -> Self {
        Self { company, staff, browser, began, authenticated: None, ends: lifetime.expires(), lifetime }
    }
}

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    company: CompanyId,
    staff: StaffId,
    began: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authenticated: Option<Timestamp>,
    // Sessions of an older version lack the rest.
    #[serde(flatten)]
    recent: Option<keys::RecentKey>,
    #[serde(default)]
    browser: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_use: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle_minutes: Option<u16>,
}

pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Session, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
    let ends = Timestamp::from_millis(item.expires_at.saturating_mul(1000));
    let lifetime = SessionLifetime {
        last_use: item.last_use.unwrap_or(item.began),
        ends: item.ends.unwrap_or(ends),
        idle_minutes: item.idle_minutes,
    };
    let Item { company, staff, browser, began, authenticated, .. } = item;
    Ok(Session { company, staff, browser, began, authenticated, ends, lifetime })
}

impl Store {
    pub async fn start_session(&self, token: &TokenHash, session: &Session) -> Result<(), StoreError> {
        let item = Item {
            key: keys::session(token),
            expires_at: session.ends.as_secs(),
            company: session.company.clone(),
            staff: session.staff.clone(),
            began: session.began,
            authenticated: session.authenticated,
            recent: Some(keys::in_sessions(&session.company, &session.staff, token)),
            browser: session.browser.clone(),
            last_use: Some(session.lifetime.last_use),
            ends: Some(session.lifetime.ends),
            idle_minutes: session.lifetime.idle_minutes,
        };
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("PutItem"))?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("PutItem"))?;
        Ok(())
    }

    /// The session of a token, ended or not; `None` if there is none, or none any more. The read is consistent: the gateway
    /// would remember for a minute that a session which has just begun is unknown.
    pub async fn session(&self, token: &TokenHash) -> Result<Option<Session>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::session(token).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        found.item.map(|item| read(item, "GetItem")).transpose()
    }

    /// Gives the session that was ended, if there was one.
    pub async fn end_session(&self, token: &TokenHash) -> Result<Option<Session>, StoreError> {
        let ended = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::session(token).attributes()))
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("DeleteItem"))?;
        ended.attributes.map(|item| read(item, "DeleteItem")).transpose()
    }
}
