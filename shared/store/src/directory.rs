//! Companies, their lines and their staff.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{Company, CompanyId, Line, PhoneNumber, Staff, StaffId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{misshapen, unavailable};
use crate::{RECENT, Store, StoreError, keys};

/// Everybody a deployment serves.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub companies: Vec<Company>,
    pub lines: Vec<Line>,
    pub staff: Vec<Staff>,
}

#[derive(Serialize, Deserialize)]
struct Listed<T> {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: keys::RecentKey,
    #[serde(flatten)]
    item: T,
}

/// A member of staff as kept: what a session says of their company comes from the company.
#[derive(Serialize, Deserialize)]
struct Member {
    staff: StaffId,
    company: CompanyId,
    name: String,
}

impl Store {
    pub async fn put_company(&self, company: &Company) -> Result<(), StoreError> {
        self.list(keys::company(&company.id), company).await
    }

    pub async fn put_line(&self, line: &Line) -> Result<(), StoreError> {
        self.list(keys::line(&line.number), line).await
    }

    pub async fn put_staff(&self, company: &CompanyId, staff: &StaffId, name: &str) -> Result<(), StoreError> {
        let member = Member { staff: staff.clone(), company: company.clone(), name: name.to_owned() };
        self.list(keys::staff(company, staff), &member).await
    }

    pub async fn company(&self, company: &CompanyId) -> Result<Option<Company>, StoreError> {
        self.listed(keys::company(company)).await
    }

    /// Whose a number of ours is.
    pub async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>, StoreError> {
        self.listed(keys::line(number)).await
    }

    /// Everything listed, for whoever operates the deployment. Not for a handler: it grows with the
    /// number of companies.
    pub async fn directory(&self) -> Result<Directory, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(RECENT)
            .key_condition_expression("recent_pk = :list")
            .expression_attribute_values(":list", AttributeValue::S(keys::DIRECTORY.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut directory = Directory::default();
        let mut members = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(unavailable("Query"))?;
            if item.contains_key("staff") {
                members.push(serde_dynamo::from_item::<_, Member>(item).map_err(misshapen("Query"))?);
            } else if item.contains_key("region") {
                directory.companies.push(serde_dynamo::from_item(item).map_err(misshapen("Query"))?);
            } else {
                directory.lines.push(serde_dynamo::from_item(item).map_err(misshapen("Query"))?);
            }
        }
        directory.staff = members
            .into_iter()
            .filter_map(|member| {
                let company = directory.companies.iter().find(|company| company.id == member.company)?;
                Some(Staff {
                    id: member.staff,
                    name: member.name,
                    company: company.id.clone(),
                    company_name: company.name.clone(),
                    region: company.region,
                })
            })
            .collect();
        Ok(directory)
    }

    async fn list(&self, key: keys::Key, item: &impl Serialize) -> Result<(), StoreError> {
        let recent = keys::in_directory(&key);
        let item = serde_dynamo::to_item(Listed { key, recent, item }).map_err(misshapen("PutItem"))?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(unavailable("PutItem"))?;
        Ok(())
    }

    async fn listed<T: DeserializeOwned>(&self, key: keys::Key) -> Result<Option<T>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        found.item.map(serde_dynamo::from_item).transpose().map_err(misshapen("GetItem"))
    }
}
