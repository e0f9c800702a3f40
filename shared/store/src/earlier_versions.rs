//! The earlier versions of an appointment, in a separate item. Queries for appointments and the index then return only
//! current versions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::{Appointment, AppointmentId, AppointmentVersion, CompanyId, ConversationId};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, unavailable};
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
pub(crate) struct EarlierVersions {
    #[serde(flatten)]
    key: keys::Key,
    expires_at: u64,
    /// The number of the version that follows these.
    version: u32,
    /// The earlier versions, latest first.
    versions: Vec<AppointmentVersion>,
}

impl EarlierVersions {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }
}

/// Returns whether these versions directly precede the appointment's current version. Always true for the first
/// version, even if an earlier appointment with the same id has left versions.
pub(crate) fn versions_match(appointment: &Appointment, earlier: Option<&EarlierVersions>) -> bool {
    appointment.now.number == 1 || earlier.is_some_and(|earlier| earlier.version == appointment.now.number)
}

/// Returns an appointment with the earlier versions that precede its current version.
pub(crate) fn joined(appointment: Appointment, earlier: Option<EarlierVersions>) -> Appointment {
    let mut past = earlier.map(|earlier| earlier.versions).unwrap_or_default();
    past.retain(|version| version.number < appointment.now.number);
    if appointment.now.number == 1 { appointment } else { Appointment { past, ..appointment } }
}

/// Returns an item of earlier versions without the versions of some customers.
pub(crate) fn without_appointments(
    item: HashMap<String, AttributeValue>,
    theirs: impl Fn(ConversationId) -> bool,
    operation: &'static str,
) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let mut earlier = EarlierVersions::read(item, operation)?;
    earlier.versions.retain(|version| !version.details.mobile.as_ref().is_some_and(|it| theirs(it.conversation)));
    serde_dynamo::to_item(earlier).map_err(invalid_item(operation))
}

impl Store {
    /// Returns the write of an appointment's earlier versions. With `only_same`, the condition fails if the appointment
    /// was saved since it was read. Changes that affect only the earlier versions use it.
    pub(crate) fn put_earlier_versions(
        &self,
        company: &CompanyId,
        appointment: &Appointment,
        only_same: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = EarlierVersions {
            key: keys::earlier_versions(company, &appointment.id),
            expires_at: self.retention.expires(appointment.details().ends()).as_secs(),
            version: appointment.now.number,
            versions: appointment.past.clone(),
        };
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?));
        if only_same {
            put = put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(appointment.now.number.to_string()));
        }
        Ok(TransactWriteItem::builder().put(put.build().map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns the earlier versions of every appointment that was once for the customer of a conversation.
    ///
    /// Makes one DynamoDB request for every megabyte of all earlier versions of the company.
    pub(crate) async fn earlier_versions_of(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
    ) -> Result<HashMap<AppointmentId, EarlierVersions>, StoreError> {
        let all = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::all_earlier_versions(company)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (mut found, mut items) = (HashMap::new(), all.into_paginator().items().send());
        while let Some(item) = items.next().await {
            let earlier = EarlierVersions::read(item.map_err(unavailable("Query"))?, "Query")?;
            if earlier.versions.iter().any(|version| version.is_of(conversation)) {
                found.insert(earlier.key.sk.parse().map_err(invalid_item("Query"))?, earlier);
            }
        }
        Ok(found)
    }
}
