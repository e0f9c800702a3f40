//! Deletes push subscriptions.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{CompanyId, StaffId, SubscriptionId, Timestamp, TokenHash};

use crate::error::{invalid_item, unavailable};
use crate::subscribe::expires;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

impl Store {
    /// Deletes a push subscription that its member of staff removed, and prevents the browser from renewing it.
    ///
    /// Also succeeds if the subscription does not exist. Never affects the subscription of another member of staff.
    /// Makes one DynamoDB request, and one more if the endpoint has no owner or belongs to another member of staff.
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
            // The endpoint has no owner or belongs to another member of staff. The item of the push subscription must
            // be deleted anyway.
            self.transact(vec![browser]).await?;
        }
        Ok(())
    }

    /// Deletes a push subscription of a member of staff.
    ///
    /// Also succeeds if the subscription does not exist. Never affects the subscription of another member of staff.
    /// Makes one DynamoDB request, and one more if the endpoint now belongs to another member of staff.
    pub async fn delete_browser(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
    ) -> Result<(), StoreError> {
        self.delete_browser_items(company, staff, id, None).await
    }

    /// Deletes the push subscriptions that were last refreshed in a session. Makes one DynamoDB request, and one for
    /// each subscription.
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

    /// Deletes the push subscriptions of a member of staff whose sessions began before a time.
    ///
    /// With `None`, for a former member of staff, deletes all of their subscriptions and their push setting. Makes one
    /// DynamoDB request, and one for each subscription.
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

    /// Deletes a push subscription and the item with the owner of its endpoint.
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
            // The endpoint now belongs to another member of staff, or is marked as removed. The item of the push
            // subscription must be deleted anyway.
            self.transact(vec![browser]).await?;
        }
        Ok(())
    }

    /// Returns the write that deletes a push subscription. With `session`, its condition fails if the subscription was
    /// last refreshed in another session.
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

    /// Returns the write that deletes the owner of an endpoint. Its condition fails if the endpoint belongs to another
    /// member of staff or is marked as removed.
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
