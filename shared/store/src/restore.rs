//! Restores lost items from another table, which contains the state of this table at an earlier point in time.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use tokio::task::JoinSet;

use crate::error::{invalid_item, unavailable};
use crate::keys::{self, ConversationItemKind, EXPIRES_AT};
use crate::opt_out::NO_LATER_WORD;
use crate::tombstones::Tombstones;
use crate::{Store, StoreError};

/// What a restoration does with an item that exists in both tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollisionPolicy {
    /// Keeps the current item.
    Kept,
    /// Replaces the item with the restored one, except an opt-out state that has changed since.
    Replaced,
}

/// The result of a restoration, in numbers of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreReport {
    pub written: u64,
    /// Items that exist in this table already.
    pub there: u64,
    /// Items that have expired or must not be restored: sessions, connections, counters and drafts.
    pub left_out: u64,
    /// Items of customers who were erased since.
    pub erased: u64,
}

/// The maximum number of concurrent writes.
const CONCURRENCY: usize = 25;

enum RestoreOutcome {
    Written,
    There,
}

impl Store {
    /// Writes the items of another table into this one, except those of customers who were erased since.
    ///
    /// The other table must have the same shape. An interrupted restoration can be repeated. Makes one DynamoDB request
    /// for each megabyte that is read and for each item that is written.
    pub async fn restore(
        &self,
        from: &str,
        there: CollisionPolicy,
        now: Timestamp,
    ) -> Result<RestoreReport, StoreError> {
        let erased = self.erased_since(from).await?;
        let mut restored = RestoreReport::default();
        let mut pages = self.client.scan().table_name(from).into_paginator().send();
        while let Some(page) = pages.next().await {
            let items = page.map_err(unavailable("Scan"))?.items.unwrap_or_default();
            let (wanted, others): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| is_lasting(item, now));
            restored.left_out += others.len() as u64;
            let (all, mut wanted) = (wanted.len(), without_appointment(&erased, wanted)?);
            restored.erased += (all - wanted.len()) as u64;
            while !wanted.is_empty() {
                let some = wanted.drain(..wanted.len().min(CONCURRENCY));
                let mut writes = JoinSet::new();
                for item in some {
                    let store = self.clone();
                    writes.spawn(async move { store.restore_item(item, there).await });
                }
                while let Some(written) = writes.join_next().await {
                    match written.map_err(invalid_item("PutItem"))?? {
                        RestoreOutcome::Written => restored.written += 1,
                        RestoreOutcome::There => restored.there += 1,
                    }
                }
            }
        }
        Ok(restored)
    }

    async fn restore_item(
        &self,
        item: HashMap<String, AttributeValue>,
        there: CollisionPolicy,
    ) -> Result<RestoreOutcome, StoreError> {
        let put = self.client.put_item().table_name(&self.table);
        let put = match there {
            CollisionPolicy::Kept => put.condition_expression("attribute_not_exists(pk)"),
            // An opt-out or opt-in that was recorded since stays in force.
            CollisionPolicy::Replaced if keys::part(&item) == ConversationItemKind::OptOut => put
                .condition_expression(NO_LATER_WORD)
                .expression_attribute_names("#at", "at")
                .set_expression_attribute_values(
                    item.get("at").map(|at| HashMap::from([(":at".to_owned(), at.clone())])),
                ),
            CollisionPolicy::Replaced => put,
        };
        let put = put.set_item(Some(item));
        match put.send().await {
            Ok(_) => Ok(RestoreOutcome::Written),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(RestoreOutcome::There)
            }
            Err(error) => Err(unavailable("PutItem")(error)),
        }
    }
}

fn without_appointment(
    erased: &Tombstones,
    items: Vec<HashMap<String, AttributeValue>>,
) -> Result<Vec<HashMap<String, AttributeValue>>, StoreError> {
    let left = items.into_iter().map(|item| erased.without_them(item));
    Ok(left.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Returns whether an item is restored. An ended session must not become active again, and connections that were open
/// at the earlier point in time have closed.
fn is_lasting(item: &HashMap<String, AttributeValue>, now: Timestamp) -> bool {
    let expires = item.get(EXPIRES_AT).and_then(|at| at.as_n().ok()).and_then(|at| at.parse::<u64>().ok());
    !keys::is_of_the_moment(item) && expires.is_none_or(|at| at > now.as_secs())
}
