//! Checks that a session is still active when a request takes effect. The gateway caches the authorizer's answer for a
//! minute, so the session can end during that minute.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use domain::{CompanyId, RequestSession, SessionLifetime, Staff, StaffId, Timestamp, TokenHash};

use crate::error::invalid_item;
use crate::sessions::{self, Session};
use crate::staff::Member;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// The condition on a session item that the session has not expired.
const LIVES: &str = "expires_at > :now";

/// An active session, and the time from which the sessions of its member of staff are valid.
pub(crate) struct ActiveSession {
    pub(crate) session: Session,
    pub(crate) sessions_since: Option<Timestamp>,
}

impl Store {
    /// Runs a transaction on the condition that the session of the HTTP request is still active.
    ///
    /// Fails with `SignedOut` if it has ended. The session of an API client is read before the transaction instead,
    /// which takes one more DynamoDB request. HTTP requests without a session, such as webhooks, have no such
    /// condition.
    pub(crate) async fn transact_for(
        &self,
        staff: Option<&Staff>,
        mut writes: Vec<TransactWriteItem>,
        now: Timestamp,
    ) -> Result<TransactionOutcome, StoreError> {
        let asked = writes.len();
        if let Some(staff) = staff
            && let Some(signed_in) = &staff.signed_in
        {
            if staff.is_program {
                // An API client runs many transactions at once. A condition on its one session item would make them
                // conflict.
                self.require_session(staff, now).await?;
            } else {
                writes.extend(self.is_signed_in(&staff.company, &staff.id, signed_in, now)?);
            }
        }
        let TransactionOutcome::Refused(mut refused) = self.transact(writes).await? else {
            return Ok(TransactionOutcome::Done);
        };
        if refused.split_off(asked).iter().any(Option::is_some) {
            return Err(StoreError::SignedOut);
        }
        Ok(TransactionOutcome::Refused(refused))
    }

    /// Returns the conditions that a session is active and that its member of staff still has access.
    ///
    /// The member of staff must exist and must not have signed out everywhere since the session began. If the session's
    /// last use must be stored, that update carries the first condition.
    pub(crate) fn is_signed_in(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        signed_in: &RequestSession,
        now: Timestamp,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let lives = match signed_in.lifetime.and_then(|lifetime| lifetime.used(now)) {
            None => self.check_session(&signed_in.session, now)?,
            Some(used) => self.check_and_touch_session(&signed_in.session, used, now)?,
        };
        Ok([lives, self.check_staff(company, staff, signed_in.began)?])
    }

    /// Returns the condition that a session has not expired.
    pub(crate) fn check_session(&self, session: &TokenHash, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let lives = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::session(session).attributes()))
            .condition_expression(LIVES)
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(lives).build())
    }

    /// Returns the update that stores the last use of a session, on the condition that the session has not expired. The
    /// gateway can use a cached last use for a minute. The update then repeats the same values, which changes nothing.
    fn check_and_touch_session(
        &self,
        session: &TokenHash,
        used: SessionLifetime,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let is_used = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::session(session).attributes()))
            .update_expression("SET last_use = :last_use, expires_at = :expires")
            .condition_expression(LIVES)
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .expression_attribute_values(":last_use", AttributeValue::N(used.last_use.as_millis().to_string()))
            .expression_attribute_values(":expires", AttributeValue::N(used.expires().as_secs().to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(is_used).build())
    }

    /// Returns the condition that a member of staff exists and has not signed out everywhere since a time.
    pub(crate) fn check_staff(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        since: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let is_staff = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::staff(company, staff).attributes()))
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(sessions_since) OR sessions_since <= :since)",
            )
            .expression_attribute_values(":since", AttributeValue::N(since.as_millis().to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(is_staff).build())
    }

    /// Fails with `SignedOut` if the session of the HTTP request has ended. Operations that are not one transaction
    /// call this first. Makes one DynamoDB request.
    pub async fn require_session(&self, staff: &Staff, now: Timestamp) -> Result<(), StoreError> {
        let Some(signed_in) = &staff.signed_in else { return Ok(()) };
        self.session_of(staff, signed_in, now).await.map(drop)
    }

    /// Reads the current state of the session that an HTTP request belongs to. Fails with `SignedOut` if it has ended.
    /// Makes one DynamoDB request.
    pub(crate) async fn session_of(
        &self,
        staff: &Staff,
        signed_in: &RequestSession,
        now: Timestamp,
    ) -> Result<ActiveSession, StoreError> {
        let wanted = vec![keys::session(&signed_in.session), keys::staff(&staff.company, &staff.id)];
        let (mut session, mut member) = (None, None);
        for item in self.batch(wanted, true).await? {
            if item.contains_key("login") {
                member = Some(serde_dynamo::from_item::<_, Member>(item).map_err(invalid_item("BatchGetItem"))?);
            } else {
                session = Some(sessions::read(item, "BatchGetItem")?);
            }
        }
        let (Some(session), Some(Member { sessions_since, .. })) = (session, member) else {
            return Err(StoreError::SignedOut);
        };
        if session.ends > now && sessions_since.is_none_or(|since| since <= session.began) {
            Ok(ActiveSession { session, sessions_since })
        } else {
            Err(StoreError::SignedOut)
        }
    }
}
