//! What a company has set and its staff have chosen for the notifications of their browsers, and how
//! many customers wait.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select, TransactWriteItem, Update};
use domain::{Browser, CompanyId, PushPreference, Staff, StaffId, Timestamp};
use serde::Deserialize;

use crate::error::{invalid_item, unavailable};
use crate::feed::end_of_time;
use crate::push::Item;
use crate::{Store, StoreError, keys};

/// What a company has set.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct CompanySetting {
    pub(crate) shows_text: bool,
}

impl Default for CompanySetting {
    fn default() -> Self {
        Self { shows_text: true }
    }
}

impl CompanySetting {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }
}

/// What somebody has chosen.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct StaffSetting {
    #[serde(default)]
    pub(crate) messages: PushPreference,
    /// Counts the browsers that were ever added, so that two that are added at once are seen.
    #[serde(default)]
    pub(crate) added: u32,
}

impl StaffSetting {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }
}

/// Somebody's browsers, and what is set for them.
#[derive(Clone, Debug)]
pub struct PushSettings {
    pub messages: PushPreference,
    /// The company's: whether a message's text is shown, or only that there is one.
    pub shows_text: bool,
    /// The one that was turned on first is the first.
    pub browsers: Vec<Browser>,
}

/// What is to be changed, and what is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushSettingsChange {
    pub messages: Option<PushPreference>,
    pub shows_text: Option<bool>,
}

/// Among how many conversations, those with the latest messages, the waiting ones are counted.
const MAX_COUNTED: i32 = 250;

impl Store {
    /// Two requests.
    pub async fn push_settings(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        now: Timestamp,
    ) -> Result<PushSettings, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::push_setting(company).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let setting = found.item.map(|item| CompanySetting::read(item, "GetItem")).transpose()?.unwrap_or_default();
        let (choice, browsers) = self.pushes_of(company, staff).await?;
        let mut browsers: Vec<_> =
            browsers.into_iter().filter(|item| item.is_current(now)).map(Item::into_browser).collect();
        browsers.sort_by_key(|browser| browser.since);
        Ok(PushSettings { messages: choice.messages, shows_text: setting.shows_text, browsers })
    }

    /// In force from the next message. One request, none where nothing is to be changed.
    pub async fn set_pushes(
        &self,
        staff: &Staff,
        change: PushSettingsChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        if let Some(messages) = change.messages {
            let messages = serde_dynamo::to_attribute_value(messages).map_err(invalid_item("TransactWriteItems"))?;
            writes.push(self.set(keys::push_choice(&staff.company, &staff.id), "messages", messages)?);
        }
        if let Some(shows_text) = change.shows_text {
            writes.push(self.set(
                keys::push_setting(&staff.company),
                "shows_text",
                AttributeValue::Bool(shows_text),
            )?);
        }
        if !writes.is_empty() {
            self.transact_for(Some(staff), writes, now).await?;
        }
        Ok(())
    }

    fn set(&self, key: keys::Key, name: &str, value: AttributeValue) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// How many of a company's conversations wait for an answer, among the 250 that something was
    /// last said in. One request.
    pub async fn unanswered(&self, company: &CompanyId, now: Timestamp) -> Result<u32, StoreError> {
        let found = self
            .query_between(
                keys::inbox(company),
                self.retention.oldest_position(now).to_string(),
                end_of_time().to_string(),
            )
            .filter_expression("#unanswered > :zero")
            .expression_attribute_names("#unanswered", "unanswered")
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .scan_index_forward(false)
            .limit(MAX_COUNTED)
            .select(Select::Count)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        Ok(u32::try_from(found.count).unwrap_or(0))
    }
}
