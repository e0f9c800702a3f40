//! The sessions of a member of staff. From any of their sessions, they can list and end all of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{ListedSession, RequestSession, Staff, Timestamp, TokenHash};

use crate::error::{unavailable, updated};
use crate::sessions::{self, Session};
use crate::{RECENT, Store, StoreError, keys};

impl Store {
    /// Returns a member of staff's sessions: the current one, then the others, last used first.
    ///
    /// A session that has just begun or ended can be missing or included for a moment, because the index is eventually
    /// consistent. Fails with `SignedOut` if the current session has ended. Makes two DynamoDB requests.
    pub async fn own_sessions(&self, staff: &Staff, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
        let signed_in = staff.signed_in.as_ref().ok_or(StoreError::SignedOut)?;
        // This read is consistent, so the current session is returned even if the index does not contain it yet.
        let present = self.session_of(staff, signed_in, now).await?;
        let since = present.sessions_since;
        let mut own = vec![own_session(signed_in.session.clone(), present.session, signed_in)];
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(RECENT)
            .key_condition_expression("recent_pk = :own")
            .expression_attribute_values(":own", AttributeValue::S(keys::sessions(&staff.company, &staff.id)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item: HashMap<_, _> = item.map_err(unavailable("Query"))?;
            let token = keys::token_of_session(&item).ok_or(StoreError::Misshapen { operation: "Query" })?;
            let session = sessions::read(item, "Query")?;
            let lives = session.ends > now && since.is_none_or(|since| since <= session.began);
            if lives && token != signed_in.session {
                own.push(own_session(token, session, signed_in));
            }
        }
        own.sort_by_key(|session| (!session.is_this, std::cmp::Reverse(session.last_use)));
        Ok(own)
    }

    /// Ends a session from another session of the same member of staff.
    ///
    /// The item is kept until DynamoDB deletes it. Until then, the browser gets the error for an ended session and not
    /// for an unknown session. Makes one DynamoDB request.
    pub async fn end_session_elsewhere(&self, session: &TokenHash, now: Timestamp) -> Result<(), StoreError> {
        let ended = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::session(session).attributes()))
            .update_expression("SET ended = :true, expires_at = :now REMOVE recent_pk, recent_sk")
            .condition_expression("expires_at > :now")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        // If the update was not made, the session has already ended.
        updated(ended).map(|_| ())
    }
}

fn own_session(token: TokenHash, session: Session, signed_in: &RequestSession) -> ListedSession {
    ListedSession {
        is_this: token == signed_in.session,
        session: token,
        browser: session.browser,
        began: session.began,
        last_use: session.lifetime.last_use,
    }
}
