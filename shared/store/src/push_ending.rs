//! How a browser comes to be pushed to no more.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, ReturnConsumedCapacity, TransactWriteItem};
use domain::{CompanyId, StaffId, SubscriptionId, Timestamp};

use crate::error::{misshapen, unavailable};
use crate::transaction::Transacted;
use crate::{Store, StoreError, TokenHash, keys};

impl Store {
    /// Pushes to one of somebody's browsers no more: there or not, and nobody else's. One request;
    /// one more if it is somebody else's by now.
    pub async fn forget_browser(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
    ) -> Result<(), StoreError> {
        self.forget(company, staff, id, None).await
    }

    /// Pushes no more to the browsers that were last refreshed in a session. One request, and one for
    /// each.
    pub async fn forget_browsers_of_session(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        session: &TokenHash,
    ) -> Result<(), StoreError> {
        let (_, browsers) = self.pushes_of(company, staff).await?;
        let session = session.to_string();
        for browser in browsers.iter().filter(|browser| browser.session == session) {
            self.forget(company, staff, browser.subscription.id(), Some(&session)).await?;
        }
        Ok(())
    }

    /// Pushes no more to somebody's browsers, of those whose session began before a moment; to none
    /// of them without one: whoever they were is no staff any more, and what they chose is forgotten
    /// too. One request, and one for each.
    pub async fn forget_browsers_of(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (_, browsers) = self.pushes_of(company, staff).await?;
        for browser in browsers.iter().filter(|browser| before.is_none_or(|before| browser.began < before)) {
            self.forget(company, staff, browser.subscription.id(), Some(&browser.session)).await?;
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

    /// Deletes a browser with its endpoint's owner: if it was still last refreshed in the session, if
    /// one is named, since another one may go on.
    async fn forget(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
        session: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut browser =
            Delete::builder().table_name(&self.table).set_key(Some(keys::browser(company, staff, id).attributes()));
        if let Some(session) = session {
            browser = browser
                .condition_expression("attribute_not_exists(pk) OR #session = :session")
                .expression_attribute_names("#session", "session")
                .expression_attribute_values(":session", AttributeValue::S(session.to_owned()));
        }
        let browser = browser.build().map_err(misshapen("TransactWriteItems"))?;
        let browser = TransactWriteItem::builder().delete(browser).build();
        let owner = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_owner(id).attributes()))
            .condition_expression("attribute_not_exists(pk) OR (company = :company AND staff = :staff)")
            .expression_attribute_values(":company", AttributeValue::S(company.to_string()))
            .expression_attribute_values(":staff", AttributeValue::S(staff.to_string()))
            .build()
            .map_err(misshapen("TransactWriteItems"))?;
        let owner = TransactWriteItem::builder().delete(owner).build();
        if let Transacted::Refused(refused) = self.transact(vec![browser.clone(), owner]).await?
            && refused.first().is_some_and(Option::is_none)
        {
            // The endpoint is somebody else's by now: what is left of theirs goes all the same.
            self.transact(vec![browser]).await?;
        }
        Ok(())
    }
}
