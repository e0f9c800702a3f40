//! The staff of companies, and their logins.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{Company, CompanyId, Login, Practitioner, Staff, StaffId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::DirectoryError;
use crate::error::{invalid_item, unavailable, updated};
use crate::pins::ProviderIdentity;
use crate::{Store, StoreError, keys};

/// A member of staff in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub staff: StaffId,
    pub company: CompanyId,
    pub name: String,
    pub login: Login,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_administrator: bool,
    /// Sessions that began before this time have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_since: Option<Timestamp>,
}

/// A current member of staff, and the time from which their sessions are valid.
#[derive(Clone, Debug)]
pub struct ActiveStaff {
    pub staff: Staff,
    pub sessions_since: Option<Timestamp>,
}

/// The member of staff that a login belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginOwner {
    pub company: CompanyId,
    pub staff: StaffId,
    /// The identity that first signed in with the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_to: Option<ProviderIdentity>,
}

#[derive(Serialize)]
struct LoginItem {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    owner: LoginOwner,
}

impl Store {
    /// Returns the staff of a company who can be the practitioner of an appointment, sorted by name. Makes one DynamoDB
    /// request for every megabyte.
    pub async fn providers(&self, company: &CompanyId) -> Result<Vec<Practitioner>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :staff)")
            .expression_attribute_values(":pk", AttributeValue::S(keys::company(company).pk))
            .expression_attribute_values(":staff", AttributeValue::S(keys::STAFF.to_owned()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .items()
            .send();
        let mut providers = Vec::new();
        while let Some(item) = pages.next().await {
            let member: Member =
                serde_dynamo::from_item(item.map_err(unavailable("Query"))?).map_err(invalid_item("Query"))?;
            if !matches!(member.login, Login::Program(_)) {
                providers.push(Practitioner { staff: member.staff, name: member.name });
            }
        }
        providers.sort_by(|a, b| (&a.name, &a.staff).cmp(&(&b.name, &b.staff)));
        Ok(providers)
    }

    /// Adds a member of staff with a login. Fails with `LoginTaken` if the login exists already.
    pub async fn add_staff(&self, member: &Member) -> Result<(), DirectoryError> {
        let owner = LoginOwner { company: member.company.clone(), staff: member.staff.clone(), pinned_to: None };
        let login = LoginItem { key: keys::login(&member.login), owner };
        let writes = vec![
            self.listed_still(keys::company(&member.company))?,
            self.put_listed(keys::staff(&member.company, &member.staff), member)?,
            self.put_new(&login)?,
        ];
        self.change(writes, [DirectoryError::NoCompany, DirectoryError::StaffExists, DirectoryError::LoginTaken]).await
    }

    /// Removes a member of staff with their login and drafts.
    ///
    /// Their sessions end within the minute that the gateway caches them. The drafts are deleted so that the next
    /// member of staff with the same id cannot read them.
    pub async fn remove_staff(&self, company: &CompanyId, staff: &StaffId) -> Result<(), DirectoryError> {
        let member: Member = self.listed(keys::staff(company, staff)).await?.ok_or(DirectoryError::NoStaff)?;
        let writes =
            vec![self.delete_listed(keys::staff(company, staff))?, self.delete_listed(keys::login(&member.login))?];
        self.change(writes, [DirectoryError::NoStaff, DirectoryError::NoStaff]).await?;
        // The drafts are deleted after the member of staff, who could otherwise save another draft in between.
        let drafts = self.drafts_of(company, Some(staff)).await?;
        Ok(self.erase_drafts(company, &drafts).await?)
    }

    /// Ends every session of a member of staff. Makes one DynamoDB request.
    pub async fn end_sessions(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let now = AttributeValue::N(now.as_millis().to_string());
        self.set_of_staff(company, staff, "sessions_since", now).await
    }

    /// Sets whether a member of staff is an administrator. Takes effect within the minute that the gateway caches a
    /// session.
    pub async fn set_administrator(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        is: bool,
    ) -> Result<(), DirectoryError> {
        self.set_of_staff(company, staff, "is_administrator", AttributeValue::Bool(is)).await
    }

    async fn set_of_staff(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        attribute: &str,
        value: AttributeValue,
    ) -> Result<(), DirectoryError> {
        let set = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::staff(company, staff).attributes()))
            .update_expression(format!("SET {attribute} = :value"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":value", value)
            .send()
            .await;
        if updated(set)? { Ok(()) } else { Err(DirectoryError::NoStaff) }
    }

    /// Returns the member of staff that a login belongs to. Makes one DynamoDB request.
    pub async fn signing_in(&self, login: &Login) -> Result<Option<LoginOwner>, StoreError> {
        self.listed(keys::login(login)).await
    }

    /// Returns a member of staff and their company by a consistent read. Makes one DynamoDB request.
    ///
    /// An eventually consistent read could miss a new member of staff, and the gateway would cache that for a minute.
    pub async fn active_staff(&self, company: &CompanyId, staff: &StaffId) -> Result<Option<ActiveStaff>, StoreError> {
        let wanted = vec![keys::company(company), keys::staff(company, staff)];
        let mut items = self.batch(wanted, true).await?;
        let Some(member) = items.iter().position(|item| item.contains_key("login")) else { return Ok(None) };
        let member: Member =
            serde_dynamo::from_item(items.swap_remove(member)).map_err(invalid_item("BatchGetItem"))?;
        let Some(company) = items.pop() else { return Ok(None) };
        let company: Company = serde_dynamo::from_item(company).map_err(invalid_item("BatchGetItem"))?;
        Ok(Some(ActiveStaff {
            staff: Staff {
                id: member.staff,
                name: member.name,
                company: company.id,
                company_name: company.name,
                region: company.region,
                time_zone: company.time_zone,
                is_program: matches!(member.login, Login::Program(_)),
                is_administrator: member.is_administrator,
                signed_in: None,
            },
            sessions_since: member.sessions_since,
        }))
    }
}
