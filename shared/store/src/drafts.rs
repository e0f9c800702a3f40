//! Form drafts: text that staff have typed and neither sent nor saved. Each form of each member of staff has one item,
//! which is kept for 7 days after its last save.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, ReturnConsumedCapacity, Select, TransactWriteItem};
use domain::{CompanyId, DraftName, FormDraft, SavedDraft, Staff, StaffId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// The maximum number of drafts of a member of staff. Two first saves at the same time can exceed it by one.
pub const DRAFTS_AT_MOST: usize = 100;

/// The result of saving a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveDraftOutcome {
    Done,
    /// The draft is new, and the member of staff already has [`DRAFTS_AT_MOST`] drafts.
    TooMany,
}

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    saved_at: Timestamp,
    expires_at: u64,
    #[serde(flatten)]
    draft: FormDraft,
}

/// A draft with its owner, for reading all drafts of a company.
#[derive(Clone, Debug)]
pub(crate) struct StaffDraft {
    pub(crate) staff: StaffId,
    pub(crate) name: DraftName,
    pub(crate) kept: SavedDraft,
}

impl Store {
    /// Returns the draft of a form, if there is one. Makes one DynamoDB request.
    pub async fn draft(
        &self,
        staff: &Staff,
        name: &DraftName,
        now: Timestamp,
    ) -> Result<Option<SavedDraft>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::draft(&staff.company, &staff.id, name).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let Some(item) = found.item else { return Ok(None) };
        let item: Item = serde_dynamo::from_item(item).map_err(invalid_item("GetItem"))?;
        Ok((item.expires_at > now.as_secs()).then_some(SavedDraft { draft: item.draft, saved_at: item.saved_at }))
    }

    /// Stores the draft of a form and replaces the previous draft. The last save wins, whichever device it comes from.
    ///
    /// Makes one DynamoDB request, and two more for the first save of a form, which counts the existing drafts.
    pub async fn save_draft(
        &self,
        staff: &Staff,
        name: &DraftName,
        draft: &FormDraft,
        now: Timestamp,
    ) -> Result<SaveDraftOutcome, StoreError> {
        let item = Item {
            key: keys::draft(&staff.company, &staff.id, name),
            saved_at: now,
            expires_at: now.plus_secs(FormDraft::RETENTION_SECS).as_secs(),
            draft: draft.clone(),
        };
        let replacing = Put::builder().condition_expression("attribute_exists(pk)");
        if let TransactionOutcome::Done =
            self.transact_for(Some(staff), vec![self.put_item(replacing, &item)?], now).await?
        {
            return Ok(SaveDraftOutcome::Done);
        }
        if self.count_drafts(staff, now).await? >= DRAFTS_AT_MOST {
            return Ok(SaveDraftOutcome::TooMany);
        }
        self.transact_for(Some(staff), vec![self.put_item(Put::builder(), &item)?], now).await?;
        Ok(SaveDraftOutcome::Done)
    }

    async fn count_drafts(&self, staff: &Staff, now: Timestamp) -> Result<usize, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :staff)")
            .filter_expression("expires_at > :now")
            .expression_attribute_values(":pk", AttributeValue::S(keys::drafts(&staff.company)))
            .expression_attribute_values(":staff", AttributeValue::S(keys::drafts_of(&staff.id)))
            .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string()))
            .select(Select::Count)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        // DynamoDB returns at most a megabyte. The drafts of one member of staff exceed that only if most of them are
        // long.
        let is_all = found.last_evaluated_key.is_none();
        Ok(if is_all { usize::try_from(found.count).unwrap_or(0) } else { DRAFTS_AT_MOST })
    }

    /// Deletes the draft of a form. Also succeeds if the draft does not exist. Makes one DynamoDB request.
    pub async fn delete_draft(&self, staff: &Staff, name: &DraftName, now: Timestamp) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::draft(&staff.company, &staff.id, name).attributes()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        self.transact_for(Some(staff), vec![TransactWriteItem::builder().delete(delete).build()], now).await?;
        Ok(())
    }

    /// Deletes drafts, even if they have changed since they were read. Makes one DynamoDB request for each.
    pub(crate) async fn erase_drafts(&self, company: &CompanyId, drafts: &[StaffDraft]) -> Result<(), StoreError> {
        for StaffDraft { staff, name, .. } in drafts {
            self.erase_item(keys::draft(company, staff, name).attributes(), None).await?;
        }
        Ok(())
    }

    /// Returns all drafts of a company's staff, or of one member of staff, including expired ones. Makes one DynamoDB
    /// request for every megabyte.
    pub(crate) async fn drafts_of(
        &self,
        company: &CompanyId,
        staff: Option<&StaffId>,
    ) -> Result<Vec<StaffDraft>, StoreError> {
        let whose = staff.map_or(keys::STAFF.to_owned(), keys::drafts_of);
        let all = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :whose)")
            .expression_attribute_values(":pk", AttributeValue::S(keys::drafts(company)))
            .expression_attribute_values(":whose", AttributeValue::S(whose))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (mut drafts, mut items) = (Vec::new(), all.into_paginator().items().send());
        while let Some(item) = items.next().await {
            drafts.push(read(item.map_err(unavailable("Query"))?)?);
        }
        Ok(drafts)
    }
}

fn read(item: HashMap<String, AttributeValue>) -> Result<StaffDraft, StoreError> {
    let (staff, name) = keys::of_draft(&item).ok_or(()).map_err(invalid_item("Query"))?;
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item("Query"))?;
    Ok(StaffDraft { staff, name, kept: SavedDraft { draft: item.draft, saved_at: item.saved_at } })
}
