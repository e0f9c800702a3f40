//! The staff of companies, and how they sign in.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{Company, CompanyId, Login, Practitioner, Staff, StaffId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::DirectoryError;
use crate::error::{invalid_item, unavailable, updated};
use crate::pins::ProviderIdentity;
use crate::{Store, StoreError, keys};

/// A member of staff as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub staff: StaffId,
    pub company: CompanyId,
    pub name: String,
    pub login: Login,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_administrator: bool,
    /// Sessions that began before this are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_since: Option<Timestamp>,
}

/// A member of staff who still is one, and whose sessions count from a moment on.
#[derive(Clone, Debug)]
pub struct ActiveStaff {
    pub staff: Staff,
    pub sessions_since: Option<Timestamp>,
}

/// Whose a login is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginOwner {
    pub company: CompanyId,
    pub staff: StaffId,
    /// Who has signed in with it.
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
    /// Everybody on a company's staff whom an appointment can be with, in the order of their names.
    /// One request for every megabyte of them.
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

    /// Takes somebody's sessions with them, within the minute that the gateway remembers one, and their drafts: whoever is
    /// given the id next reads none.
    pub async fn remove_staff(&self, company: &CompanyId, staff: &StaffId) -> Result<(), DirectoryError> {
        let member: Member = self.listed(keys::staff(company, staff)).await?.ok_or(DirectoryError::NoStaff)?;
        let writes =
            vec![self.delete_listed(keys::staff(company, staff))?, self.delete_listed(keys::login(&member.login))?];
        self.change(writes, [DirectoryError::NoStaff, DirectoryError::NoStaff]).await?;
        // After that, since nobody who is not on the staff saves one.
        let drafts = self.drafts_of(company, Some(staff)).await?;
        Ok(self.erase_drafts(company, &drafts).await?)
    }

    /// Ends every session that somebody has, wherever it is.
    pub async fn end_sessions(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let now = AttributeValue::N(now.as_millis().to_string());
        self.set_of_staff(company, staff, "sessions_since", now).await
    }

    /// Makes somebody an administrator, or not one any more, within the minute that the gateway remembers a session.
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

    /// Who signs in so.
    pub async fn signing_in(&self, login: &Login) -> Result<Option<LoginOwner>, StoreError> {
        self.listed(keys::login(login)).await
    }

    /// A member of staff and their company as they are now, in one request. It is consistent: the gateway would remember a
    /// stale "unknown" for a minute.
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
