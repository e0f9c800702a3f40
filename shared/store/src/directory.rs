//! The directory: companies, their lines and their staff.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::{Company, CompanyId, ContactDetails, Line, LineCapability, PhoneNumber, Pool, Timestamp, heartbeat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::error::{invalid_item, unavailable};
use crate::staff::Member;
use crate::transaction::TransactionOutcome;
use crate::{RECENT, Store, StoreError, keys};

/// All companies, lines and staff of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub companies: Vec<Company>,
    pub lines: Vec<Line>,
    pub staff: Vec<Member>,
}

/// The reason why a change to the directory is rejected, with a message for operators.
#[derive(Debug, Error)]
pub enum DirectoryError {
    #[error("a company with that id exists already")]
    CompanyExists,
    #[error(
        "a company with that id was removed within the last year, and messages of its customers may still be stored; \
         choose another id"
    )]
    CompanyRemoved,
    #[error("that id is reserved for the heartbeat; choose another")]
    CompanyReserved,
    #[error("that number is reserved for the heartbeat, and cannot be a company's line")]
    LineReserved,
    #[error("there is no company with that id")]
    NoCompany,
    #[error("the company still has staff; remove them first")]
    CompanyHasStaff,
    #[error("that number is already a line of a company")]
    LineTaken,
    #[error("there is no such line")]
    NoLine,
    #[error("that line is for calls only; it cannot send messages")]
    CallsOnly,
    #[error("that line is the company's first line; set another first line, or remove the company")]
    FirstLine,
    #[error("the company already has a member of staff with that id")]
    StaffExists,
    #[error("the company has no member of staff with that id")]
    NoStaff,
    #[error("another member of staff already signs in with that login")]
    LoginTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize)]
struct ListedItem<T> {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: keys::RecentKey,
    #[serde(flatten)]
    item: T,
}

impl<T> ListedItem<T> {
    fn new(key: keys::Key, item: T) -> Self {
        Self { recent: keys::in_directory(&key), key, item }
    }
}

#[derive(Serialize)]
struct RemovedCompanyItem {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
}

/// The longest retention that a deployment can have.
const LONGEST_RETENTION_SECS: u64 = 366 * 24 * 60 * 60;

impl Store {
    /// Adds a company with the line for its new conversations.
    ///
    /// The id of a removed company stays reserved while data can still be stored under it. Otherwise, the next company
    /// with that id could read that data.
    pub async fn add_company(&self, company: &Company, now: Timestamp) -> Result<(), DirectoryError> {
        if company.id == heartbeat::company() {
            return Err(DirectoryError::CompanyReserved);
        }
        is_free(&company.line)?;
        let never_removed = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::removed_company(&company.id).attributes()))
            .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let writes = vec![
            TransactWriteItem::builder().condition_check(never_removed).build(),
            self.put_listed(keys::company(&company.id), company)?,
            self.put_listed(keys::line(&company.line), &company.a_line(company.line.clone()))?,
        ];
        self.change(writes, [DirectoryError::CompanyRemoved, DirectoryError::CompanyExists, DirectoryError::LineTaken])
            .await
    }

    /// Removes a company and its lines. The data of its conversations stays until its retention ends, but cannot be
    /// read.
    pub async fn remove_company(&self, company: &CompanyId, now: Timestamp) -> Result<(), DirectoryError> {
        let directory = self.directory().await?;
        if !directory.companies.iter().any(|listed| listed.id == *company) {
            return Err(DirectoryError::NoCompany);
        }
        if directory.staff.iter().any(|member| member.company == *company) {
            return Err(DirectoryError::CompanyHasStaff);
        }
        // The company is deleted last. It is still listed after an interrupted removal, so an operator can repeat the
        // removal.
        for line in directory.lines.iter().filter(|line| line.company == *company) {
            self.change(vec![self.delete_listed(keys::line(&line.number))?], [DirectoryError::NoLine]).await?;
        }
        let removed = RemovedCompanyItem {
            key: keys::removed_company(company),
            expires_at: now.plus_secs(LONGEST_RETENTION_SECS).as_secs(),
        };
        let push_setting = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_setting(company).attributes()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let writes = vec![
            self.delete_listed(keys::company(company))?,
            self.put_item(Put::builder(), &removed)?,
            TransactWriteItem::builder().delete(push_setting).build(),
        ];
        self.change(writes, [DirectoryError::NoCompany]).await
    }

    /// Adds a line to a company. Fails with `LineTaken` if the number is a line already.
    pub async fn add_line(
        &self,
        company: &CompanyId,
        number: &PhoneNumber,
        carries: LineCapability,
        pool: Option<Pool>,
    ) -> Result<(), DirectoryError> {
        is_free(number)?;
        let owner = self.company(company).await?.ok_or(DirectoryError::NoCompany)?;
        let line = Line { carries, pool, ..owner.a_line(number.clone()) };
        let writes = vec![self.listed_still(keys::company(company))?, self.put_listed(keys::line(number), &line)?];
        self.change(writes, [DirectoryError::NoCompany, DirectoryError::LineTaken]).await
    }

    /// Sets the pool that a line's texts are sent from. With `None`, they are sent from the line itself.
    pub async fn set_pool(&self, number: &PhoneNumber, pool: Option<Pool>) -> Result<(), DirectoryError> {
        let line = self.line(number).await?.ok_or(DirectoryError::NoLine)?;
        if line.carries == LineCapability::CallsOnly {
            return Err(DirectoryError::CallsOnly);
        }
        let put = Put::builder().condition_expression("attribute_exists(pk)");
        let line = Line { pool, ..line };
        self.change(vec![self.put_item(put, &ListedItem::new(keys::line(number), &line))?], [DirectoryError::NoLine])
            .await
    }

    /// Sets the line from which a company starts new conversations.
    pub async fn write_first_from(&self, company: &CompanyId, number: &PhoneNumber) -> Result<(), DirectoryError> {
        let line = self.line(number).await?.filter(|line| line.company == *company).ok_or(DirectoryError::NoLine)?;
        if line.carries == LineCapability::CallsOnly {
            return Err(DirectoryError::CallsOnly);
        }
        let mut owner = self.company(company).await?.ok_or(DirectoryError::NoCompany)?;
        owner.line = line.number;
        let key = keys::company(company);
        let put = Put::builder().condition_expression("attribute_exists(pk)");
        let writes = vec![self.listed_still(keys::line(number))?, self.put_item(put, &ListedItem::new(key, &owner))?];
        self.change(writes, [DirectoryError::NoLine, DirectoryError::NoCompany]).await
    }

    /// Sets the contact details in the answer to HELP, and returns the company.
    pub async fn set_contact(
        &self,
        company: &CompanyId,
        contact: Option<ContactDetails>,
    ) -> Result<Company, DirectoryError> {
        let mut owner = self.company(company).await?.ok_or(DirectoryError::NoCompany)?;
        owner.contact = contact;
        let put = Put::builder().condition_expression("attribute_exists(pk)");
        let writes = vec![self.put_item(put, &ListedItem::new(keys::company(company), &owner))?];
        self.change(writes, [DirectoryError::NoCompany]).await?;
        Ok(owner)
    }

    /// Removes a line. Fails with `FirstLine` for the line that the company starts conversations from.
    pub async fn remove_line(&self, number: &PhoneNumber) -> Result<(), DirectoryError> {
        let line = self.line(number).await?.ok_or(DirectoryError::NoLine)?;
        if self.company(&line.company).await?.is_some_and(|company| company.line == *number) {
            return Err(DirectoryError::FirstLine);
        }
        self.change(vec![self.delete_listed(keys::line(number))?], [DirectoryError::NoLine]).await
    }

    /// Returns a company by its id. Makes one DynamoDB request.
    pub async fn company(&self, company: &CompanyId) -> Result<Option<Company>, StoreError> {
        self.listed(keys::company(company)).await
    }

    /// Returns the line with a number. The line contains the id of its company. Makes one DynamoDB request.
    pub async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>, StoreError> {
        self.listed(keys::line(number)).await
    }

    /// Returns whether a number is a line of a company. Makes one DynamoDB request.
    pub async fn has_line(&self, company: &CompanyId, number: &PhoneNumber) -> Result<bool, StoreError> {
        Ok(self.line(number).await?.is_some_and(|line| line.company == *company))
    }

    /// Returns the whole directory, for operators. Request handlers must not call this, because its cost grows with the
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
        while let Some(item) = pages.next().await {
            let item = item.map_err(unavailable("Query"))?;
            if item.contains_key("login") {
                directory.staff.push(read(item)?);
            } else if item.contains_key("region") {
                directory.companies.push(read(item)?);
            } else {
                directory.lines.push(read(item)?);
            }
        }
        Ok(directory)
    }

    /// Returns the lines of all companies. Makes one DynamoDB request for every megabyte. Handlers that a user waits
    /// for must not call this.
    pub async fn lines(&self) -> Result<Vec<Line>, StoreError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(RECENT)
            .key_condition_expression("recent_pk = :list AND begins_with(recent_sk, :lines)")
            .expression_attribute_values(":list", AttributeValue::S(keys::DIRECTORY.to_owned()))
            .expression_attribute_values(":lines", AttributeValue::S(keys::LINE.to_owned()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .items()
            .send();
        let mut lines = Vec::new();
        while let Some(item) = items.next().await {
            lines.push(read(item.map_err(unavailable("Query"))?)?);
        }
        Ok(lines)
    }

    /// Runs the writes as one transaction. If a write's condition fails, returns the error at the same index of
    /// `refusals`.
    pub(crate) async fn change(
        &self,
        writes: Vec<TransactWriteItem>,
        refusals: impl IntoIterator<Item = DirectoryError>,
    ) -> Result<(), DirectoryError> {
        let TransactionOutcome::Refused(refused) = self.transact(writes).await? else { return Ok(()) };
        let failed = refused.iter().zip(refusals).find(|(failed, _)| failed.is_some());
        Err(failed.map_or(StoreError::Misshapen { operation: "TransactWriteItems" }.into(), |(_, refusal)| refusal))
    }

    /// Returns the write of a new directory item.
    pub(crate) fn put_listed(&self, key: keys::Key, item: &impl Serialize) -> Result<TransactWriteItem, StoreError> {
        self.put_new(&ListedItem::new(key, item))
    }

    /// Returns the write of an item that must not exist yet.
    pub(crate) fn put_new(&self, item: &impl Serialize) -> Result<TransactWriteItem, StoreError> {
        self.put_item(Put::builder().condition_expression("attribute_not_exists(pk)"), item)
    }

    pub(crate) fn put_item(&self, put: PutBuilder, item: &impl Serialize) -> Result<TransactWriteItem, StoreError> {
        let item = serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?;
        let put = put.table_name(&self.table).set_item(Some(item)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns the condition that a directory item still exists.
    pub(crate) fn listed_still(&self, key: keys::Key) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    pub(crate) fn delete_listed(&self, key: keys::Key) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Returns a directory item by a consistent read. Callers cache the result, even if the item does not exist.
    pub(crate) async fn listed<T: DeserializeOwned>(&self, key: keys::Key) -> Result<Option<T>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        found.item.map(serde_dynamo::from_item).transpose().map_err(invalid_item("GetItem"))
    }
}

/// Rejects the heartbeat's number. The table contains its line only after the first heartbeat.
fn is_free(number: &PhoneNumber) -> Result<(), DirectoryError> {
    if *number == heartbeat::line().number { Err(DirectoryError::LineReserved) } else { Ok(()) }
}

fn read<T: DeserializeOwned>(item: HashMap<String, AttributeValue>) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(invalid_item("Query"))
}
