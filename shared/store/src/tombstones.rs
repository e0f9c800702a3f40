//! Tombstones of erased customers, kept as long as the table can be restored to a time before the erasure.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{CompanyId, ConversationId, Timestamp};

use crate::error::{invalid_item, unavailable};
use crate::keys::{self, ConversationItemKind, EXPIRES_AT};
use crate::{Store, StoreError, appointments, blocks, earlier_versions};

type Item = HashMap<String, AttributeValue>;

/// How long a tombstone is kept, in seconds. Point-in-time recovery goes back 35 days.
const RETENTION_SECS: u64 = 36 * 24 * 60 * 60;

/// The partition keys of the erased customers' conversations.
pub(crate) struct Tombstones(HashSet<String>);

impl Store {
    pub(crate) async fn put_tombstone(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = keys::erasure(company, conversation).attributes();
        item.insert("at".to_owned(), AttributeValue::N(now.as_millis().to_string()));
        item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(now.plus_secs(RETENTION_SECS).as_secs().to_string()));
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("PutItem"))?;
        Ok(())
    }

    /// Returns the customers who were erased after the point in time of another table. That table still contains their
    /// data.
    pub(crate) async fn erased_since(&self, other: &str) -> Result<Tombstones, StoreError> {
        let then = self.erasures(other).await?;
        let now = self.erasures(&self.table).await?.into_iter();
        Ok(Tombstones(now.filter(|(of, at)| then.get(of) != Some(at)).map(|(of, _)| of).collect()))
    }

    async fn erasures(&self, table: &str) -> Result<HashMap<String, AttributeValue>, StoreError> {
        let all = self
            .client
            .query()
            .table_name(table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::TOMBSTONE.to_owned()));
        let (mut found, mut items) = (HashMap::new(), all.into_paginator().items().send());
        while let Some(item) = items.next().await {
            let mut item = item.map_err(unavailable("Query"))?;
            if let (Some(of), Some(at)) = (keys::sk(&item), item.remove("at")) {
                found.insert(of, at);
            }
        }
        Ok(found)
    }
}

impl Tombstones {
    /// Returns an item without the data of erased customers, except opt-out states. Returns `None` if nothing is left.
    pub(crate) fn without_them(&self, item: Item) -> Result<Option<Item>, StoreError> {
        let Some(pk) = keys::pk(&item) else { return Ok(None) };
        if self.0.contains(&pk) {
            return Ok(match keys::part(&item) {
                ConversationItemKind::OptOut => Some(item),
                ConversationItemKind::Block => Some(blocks::without_number(item)),
                ConversationItemKind::Head
                | ConversationItemKind::Person
                | ConversationItemKind::Deed
                | ConversationItemKind::Event => None,
            });
        }
        let company_of = |company: String| company.parse::<CompanyId>().map_err(invalid_item("Scan"));
        if let Some(company) = keys::company_of_appointment(&item).map(company_of).transpose()? {
            appointments::without_appointment(item, |id| self.0.contains(&keys::conversation(&company, id)), "Scan")
        } else if let Some(company) = keys::company_of_earlier_versions(&item).map(company_of).transpose()? {
            earlier_versions::without_appointments(
                item,
                |id| self.0.contains(&keys::conversation(&company, id)),
                "Scan",
            )
            .map(Some)
        } else {
            Ok(Some(item))
        }
    }
}
