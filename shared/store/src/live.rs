//! Open WebSocket connections and their owners.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, ReturnValue, TransactWriteItem};
use domain::{CompanyId, StaffId, Timestamp, TokenHash};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::{invalid_item, unavailable};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys, slots};

/// The id of a WebSocket connection at API Gateway: 1 to 128 letters, digits, `-`, `_` and `=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionId(String);

/// The error for text that is not a connection id.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the id of a connection")]
pub struct InvalidConnectionId;

impl FromStr for ConnectionId {
    type Err = InvalidConnectionId;
    fn from_str(text: &str) -> Result<Self, InvalidConnectionId> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b));
        if (1..=128).contains(&text.len()) && plain { Ok(Self(text.to_owned())) } else { Err(InvalidConnectionId) }
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidConnectionId;
    fn try_from(text: String) -> Result<Self, InvalidConnectionId> {
        text.parse()
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> String {
        id.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The session that opened a connection. The connection is valid only as long as the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionOwner {
    pub company: CompanyId,
    pub staff: StaffId,
    pub session: TokenHash,
    /// When the session began. `ends` is when it ends.
    pub began: Timestamp,
    pub ends: Timestamp,
}

/// A WebSocket connection. It may have closed without API Gateway reporting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    pub holder: ConnectionOwner,
    pub since: Timestamp,
}

/// The result of opening a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenOutcome {
    Open,
    /// The session ended after the request was authorized.
    SessionOver,
    /// The session already has the maximum number of connections.
    TooMany,
}

/// A page of a company's connections.
#[derive(Clone, Debug, Default)]
pub struct ConnectionPage {
    pub items: Vec<Connection>,
    /// The id to continue after, if the company has more connections.
    pub next: Option<ConnectionId>,
}

/// API Gateway's limit on the duration of a WebSocket connection.
const MAX_LIFETIME_SECS: u64 = 2 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    connection: ConnectionId,
    company: CompanyId,
    staff: StaffId,
    session: String,
    began: Timestamp,
    ends: Timestamp,
    since: Timestamp,
}

impl Item {
    fn from_connection(connection: &Connection) -> Self {
        let Connection { id, holder, since } = connection;
        Self {
            key: keys::live(&holder.company, id),
            expires_at: holder.ends.min(since.plus_secs(MAX_LIFETIME_SECS)).as_secs(),
            connection: id.clone(),
            company: holder.company.clone(),
            staff: holder.staff.clone(),
            session: holder.session.to_string(),
            began: holder.began,
            ends: holder.ends,
            since: *since,
        }
    }

    fn slot(&self) -> String {
        slots::slot(self.expires_at, &self.connection)
    }

    fn into_connection(self) -> Connection {
        Connection {
            id: self.connection,
            holder: ConnectionOwner {
                company: self.company,
                staff: self.staff,
                session: TokenHash::new(self.session),
                began: self.began,
                ends: self.ends,
            },
            since: self.since,
        }
    }
}

impl Store {
    /// Stores a connection, on the condition that its session is still active.
    ///
    /// The check and the write are in one transaction, because the end of a session closes only the connections that
    /// are stored. Makes one DynamoDB request, and two more if the session has the maximum number of connections and
    /// API Gateway did not report the end of some.
    pub async fn open_connection(&self, connection: &Connection) -> Result<OpenOutcome, StoreError> {
        let holder = &connection.holder;
        let item = Item::from_connection(connection);
        let slot = self.acquire_slot(holder, &item.slot())?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let writes = vec![
            self.check_session(&holder.session, connection.since)?,
            self.check_staff(&holder.company, &holder.staff, holder.began)?,
            TransactWriteItem::builder().put(put).build(),
            slot,
        ];
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let TransactionOutcome::Refused(mut refused) = self.transact(writes.clone()).await? else {
                return Ok(OpenOutcome::Open);
            };
            let Some(slots) = refused.pop().flatten().filter(|_| refused.iter().all(Option::is_none)) else {
                return Ok(OpenOutcome::SessionOver);
            };
            let over = slots::expired_slots(&slots, connection.since);
            if over.is_empty() {
                return Ok(OpenOutcome::TooMany);
            }
            self.release_slots(&holder.session.to_string(), over).await?;
        }
        Err(contended())
    }

    /// Deletes a connection. Also succeeds if it does not exist. Makes two DynamoDB requests, or one if it does not
    /// exist.
    pub async fn delete_connection(&self, company: &CompanyId, id: &ConnectionId) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::live(company, id).attributes()))
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("DeleteItem"))?;
        let Some(item) = deleted.attributes else { return Ok(()) };
        let item: Item = serde_dynamo::from_item(item).map_err(invalid_item("DeleteItem"))?;
        self.release_slots(&item.session, vec![item.slot()]).await
    }

    /// Returns a page of a company's connections, from the first connection or after an id. The page contains as many
    /// as fit in one DynamoDB response, some thousands. Expired connections are included until DynamoDB deletes them.
    pub async fn connections(
        &self,
        company: &CompanyId,
        after: Option<&ConnectionId>,
    ) -> Result<ConnectionPage, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::live_connections(company)))
            .set_exclusive_start_key(after.map(|after| keys::live(company, after).attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let more = found.last_evaluated_key.is_some();
        let items = found.items.unwrap_or_default().into_iter();
        let items: Vec<Item> =
            items.map(serde_dynamo::from_item).collect::<Result<_, _>>().map_err(invalid_item("Query"))?;
        let items: Vec<_> = items.into_iter().map(Item::into_connection).collect();
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(ConnectionPage { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_only_be_what_api_gateway_makes_of_one() {
        for good in ["L0SM9cOFvHcCIhw=", "a", "0f_-"] {
            assert!(good.parse::<ConnectionId>().is_ok(), "{good}");
        }
        let long = "x".repeat(129);
        for bad in ["", "a/b", "a b", "a#b", "../x", &long] {
            assert_eq!(bad.parse::<ConnectionId>(), Err(InvalidConnectionId), "{bad}");
        }
    }
}
