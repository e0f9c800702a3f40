use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use domain::{CompanyId, SessionLifetime, StaffId, Timestamp, TokenHash};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::{Store, StoreError, keys};

/// A session of a member of staff. [`Store::active_staff`] returns whether they are still staff, and their name.
#[derive(Clone, Debug)]
pub struct Session {
    pub company: CompanyId,
    pub staff: StaffId,
    /// The browser that signed in, such as "Firefox on Linux".
    pub browser: String,
    pub began: Timestamp,
    /// When the member of staff last proved their identity to the identity provider. `None` if the identity provider
    /// did not report the time.
    pub authenticated: Option<Timestamp>,
    /// When the session ends if it is not used again. For an ended session, when it ended.
    pub ends: Timestamp,
    pub lifetime: SessionLifetime,
}

impl Session {
    /// Creates a session that begins at `began`.
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
    // Sessions that an older version stored lack the remaining fields.
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
    /// Stores a new session under the hash of its token. Makes one DynamoDB request.
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

    /// Returns the session of a token, active or ended. Returns `None` if the session never existed or was deleted.
    ///
    /// The read is consistent. An eventually consistent read could miss a new session, and the gateway would cache that
    /// for a minute. Makes one DynamoDB request.
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

    /// Deletes a session and returns it, if it existed. Makes one DynamoDB request.
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
