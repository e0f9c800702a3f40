//! Push settings of companies and staff, and the count of unanswered conversations.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select, TransactWriteItem, Update};
use domain::{Browser, CompanyId, PushPreference, Staff, StaffId, Timestamp};
use serde::Deserialize;

use crate::error::{invalid_item, unavailable};
use crate::feed::end_of_time;
use crate::push::Item;
use crate::{Store, StoreError, keys};

/// The push setting of a company.
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

/// The push setting of a member of staff.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct StaffSetting {
    #[serde(default)]
    pub(crate) messages: PushPreference,
    /// The number of browsers that were ever added. It makes the second of two concurrent additions fail.
    #[serde(default)]
    pub(crate) added: u32,
}

impl StaffSetting {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }
}

/// The push subscriptions of a member of staff, with the settings that apply to them.
#[derive(Clone, Debug)]
pub struct PushSettings {
    pub messages: PushPreference,
    /// The company's setting: whether a push notification shows the text of a message, or only says that there is a
    /// message.
    pub shows_text: bool,
    /// The push subscriptions, in the order in which they were turned on.
    pub browsers: Vec<Browser>,
}

/// A change of push settings. `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushSettingsChange {
    pub messages: Option<PushPreference>,
    pub shows_text: Option<bool>,
}

/// The number of latest conversations that are checked for unanswered entries.
const MAX_COUNTED: i32 = 250;

impl Store {
    /// Returns the push subscriptions and settings of a member of staff. Makes two DynamoDB requests.
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

    /// Changes push settings. The change applies from the next message on. Makes one DynamoDB request, or none if
    /// nothing changes.
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

    /// Returns the number of unanswered conversations among a company's latest 250. Makes one DynamoDB request.
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
