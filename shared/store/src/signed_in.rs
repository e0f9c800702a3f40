//! That somebody is still signed in when what they ask is done, whatever was known of their session when they asked: the
//! gateway remembers for a minute who had one.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use domain::{CompanyId, SignedIn, Staff, StaffId, Timestamp};

use crate::error::misshapen;
use crate::sessions;
use crate::staff::Member;
use crate::transaction::Transacted;
use crate::{Store, StoreError, keys};

impl Store {
    /// Writes all or nothing, and nothing once the session of who asks is over: that is a condition of the transaction, or
    /// for a program read before it. What nobody asked for in a session has no such condition.
    pub(crate) async fn transact_for(
        &self,
        staff: Option<&Staff>,
        mut writes: Vec<TransactWriteItem>,
        now: Timestamp,
    ) -> Result<Transacted, StoreError> {
        let asked = writes.len();
        if let Some(staff) = staff
            && let Some(signed_in) = &staff.signed_in
        {
            if staff.is_program {
                // It writes many things at once, which would all be in each other's way at its one session.
                self.still_signed_in(staff, now).await?;
            } else {
                writes.extend(self.is_signed_in(&staff.company, &staff.id, signed_in, now)?);
            }
        }
        let Transacted::Refused(mut refused) = self.transact(writes).await? else { return Ok(Transacted::Done) };
        if refused.split_off(asked).iter().any(Option::is_some) {
            return Err(StoreError::SignedOut);
        }
        Ok(Transacted::Refused(refused))
    }

    /// The conditions that a session lives, and its person is on the staff and was not signed out everywhere since.
    pub(crate) fn is_signed_in(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        signed_in: &SignedIn,
        now: Timestamp,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let lives = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::session(&signed_in.session).attributes()))
            .condition_expression("expires_at > :now")
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .build()
            .map_err(misshapen("TransactWriteItems"))?;
        let lives = TransactWriteItem::builder().condition_check(lives).build();
        Ok([lives, self.is_staff_still(company, staff, signed_in.began)?])
    }

    /// The condition that somebody is on the staff, and was not signed out everywhere since a moment.
    pub(crate) fn is_staff_still(
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
            .map_err(misshapen("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(is_staff).build())
    }

    /// The same for what is not one transaction: looked up before it is begun. Fails with `SignedOut`. One request.
    pub async fn still_signed_in(&self, staff: &Staff, now: Timestamp) -> Result<(), StoreError> {
        let Some(signed_in) = &staff.signed_in else { return Ok(()) };
        let wanted = vec![keys::session(&signed_in.session), keys::staff(&staff.company, &staff.id)];
        let (mut lives, mut is_staff) = (false, false);
        for item in self.batch(wanted, true).await? {
            if item.contains_key("login") {
                let member: Member = serde_dynamo::from_item(item).map_err(misshapen("BatchGetItem"))?;
                is_staff = member.sessions_since.is_none_or(|since| since <= signed_in.began);
            } else {
                lives = sessions::read(item, "BatchGetItem")?.ends > now;
            }
        }
        if lives && is_staff { Ok(()) } else { Err(StoreError::SignedOut) }
    }
}
