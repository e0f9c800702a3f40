//! How a browser comes to be pushed to no more.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{CompanyId, StaffId, SubscriptionId, Timestamp, TokenHash};

use crate::error::{invalid_item, unavailable};
use crate::subscribe::expires;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

impl Store {
    /// Pushes to one of somebody's browsers no more, and not again by itself, because they have removed
    /// it: there or not, and nobody else's. One request; one more if it is not theirs.
    pub async fn remove_browser(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let removed = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_owner(id).attributes()))
            .update_expression("SET removed = :now, expires_at = :expires")
            .condition_expression("company = :company AND staff = :staff")
            .expression_attribute_values(":company", AttributeValue::S(company.to_string()))
            .expression_attribute_values(":staff", AttributeValue::S(staff.to_string()))
            .expression_attribute_values(":now", AttributeValue::N(now.as_millis().to_string()))
            .expression_attribute_values(":expires", AttributeValue::N(expires(now).to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let removed = TransactWriteItem::builder().update(removed).build();
        let browser = self.browser_goes(company, staff, id, None)?;
        if let TransactionOutcome::Refused(_) = self.transact(vec![browser.clone(), removed]).await? {
            // The endpoint is nobody's or somebody else's: what is left of theirs goes all the same.
            self.transact(vec![browser]).await?;
        }
        Ok(())
    }

    /// Pushes to one of somebody's browsers no more: there or not, and nobody else's. One request;
    /// one more if it is somebody else's by now.
    pub async fn delete_browser(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
    ) -> Result<(), StoreError> {
        self.delete_browser_items(company, staff, id, None).await
    }

    /// Pushes no more to the browsers that were last refreshed in a session. One request, and one for
    /// each.
    pub async fn delete_browsers_of_session(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        session: &TokenHash,
    ) -> Result<(), StoreError> {
        let (_, browsers) = self.pushes_of(company, staff).await?;
        let session = session.to_string();
        for browser in browsers.iter().filter(|browser| browser.session == session) {
            self.delete_browser_items(company, staff, browser.subscription.id(), Some(&session)).await?;
        }
        Ok(())
    }

    /// Pushes no more to somebody's browsers, of those whose session began before a moment; to none
    /// of them without one: whoever they were is no staff any more, and what they chose is forgotten
    /// too. One request, and one for each.
    pub async fn delete_browsers_of(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (_, browsers) = self.pushes_of(company, staff).await?;
        for browser in browsers.iter().filter(|browser| before.is_none_or(|before| browser.began < before)) {
            self.delete_browser_items(company, staff, browser.subscription.id(), Some(&browser.session)).await?;
        }
        if before.is_none() {
            self.client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(keys::push_choice(company, staff).attributes()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(unavailable("DeleteItem"))?;
        }
        Ok(())
    }

    /// Deletes a browser with its endpoint's owner.
    async fn delete_browser_items(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
        session: Option<&str>,
    ) -> Result<(), StoreError> {
        let browser = self.browser_goes(company, staff, id, session)?;
        let owner = self.owner_goes(company, staff, id)?;
        if let TransactionOutcome::Refused(refused) = self.transact(vec![browser.clone(), owner]).await?
            && refused.first().is_some_and(Option::is_none)
        {
            // The endpoint is somebody else's by now, or removed: what is left of theirs goes all the same.
            self.transact(vec![browser]).await?;
        }
        Ok(())
    }

    /// The end of somebody's browser, there or not: if it was still last refreshed in the session, if one
    /// is named, since another one may go on.
    pub(crate) fn browser_goes(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
        session: Option<&str>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut delete =
            Delete::builder().table_name(&self.table).set_key(Some(keys::browser(company, staff, id).attributes()));
        if let Some(session) = session {
            delete = delete
                .condition_expression("attribute_not_exists(pk) OR #session = :session")
                .expression_attribute_names("#session", "session")
                .expression_attribute_values(":session", AttributeValue::S(session.to_owned()));
        }
        let delete = delete.build().map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// The end of an endpoint's being theirs, if it still is. That they removed it stays known.
    pub(crate) fn owner_goes(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
    ) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_owner(id).attributes()))
            .condition_expression(
                "attribute_not_exists(pk) OR (company = :company AND staff = :staff AND attribute_not_exists(removed))",
            )
            .expression_attribute_values(":company", AttributeValue::S(company.to_string()))
            .expression_attribute_values(":staff", AttributeValue::S(staff.to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
