//! Exports and erases all data of one customer of a company.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, ReturnConsumedCapacity, TransactWriteItem};
use domain::{Appointment, CompanyId, ConversationId, DraftName, PhoneNumber, Region, Timestamp};
use serde_json::{Value, json};

use crate::drafts::StaffDraft;
use crate::error::{invalid_item, unavailable};
use crate::keys::ConversationItemKind;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, appointments, earlier_versions, keys};

type Item = HashMap<String, AttributeValue>;

/// All stored data of one customer.
#[derive(Clone, Debug)]
pub struct CustomerData {
    company: CompanyId,
    conversation: ConversationId,
    said: Vec<Item>,
    /// The appointments whose current version or an earlier version contains the customer's number.
    appointments: Vec<Appointment>,
    /// Drafts of staff in the customer's conversation, in those appointments, or addressed to the customer's number.
    drafts: Vec<StaffDraft>,
}

/// The result of erasing a customer's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureReport {
    /// The number of erased texts and calls.
    pub events: usize,
    pub appointments: usize,
    /// Whether an item was written during the erasure, so that the erasure must be repeated.
    pub once_more: bool,
}

/// The attributes that hold an item's keys and expiry. They contain no customer data.
const OURS: [&str; 5] = [keys::PK, keys::SK, keys::RECENT_PK, keys::RECENT_SK, keys::EXPIRES_AT];

impl CustomerData {
    /// Returns whether the customer has no data. Drafts do not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.appointments.is_empty()
    }

    /// Returns the number of texts and calls, and the number of appointments.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (
            self.said.iter().filter(|item| keys::part(item) == ConversationItemKind::Event).count(),
            self.appointments.len(),
        )
    }

    /// Returns the data as a JSON object with a member for each kind of item.
    ///
    /// `messages` and `done` are arrays, oldest first. `appointments` is an array with the versions that contain the
    /// customer's number. `drafts` is an array. `conversation`, `customer`, `block` and `opt_out` are objects, and are
    /// left out if the item does not exist.
    pub fn json(&self) -> Result<Value, StoreError> {
        let appointments = self.appointments.iter().map(|appointment| {
            let versions = appointment.versions().filter(|version| version.is_of(self.conversation));
            json!({"id": appointment.id, "versions": versions.collect::<Vec<_>>()})
        });
        let mut held = json!({"appointments": appointments.collect::<Vec<_>>()});
        let (mut messages, mut deeds) = (Vec::new(), Vec::new());
        for item in &self.said {
            let value = value(item)?;
            match keys::part(item) {
                ConversationItemKind::Event => messages.push(value),
                ConversationItemKind::Deed => deeds.push(value),
                ConversationItemKind::Head => held["conversation"] = value,
                ConversationItemKind::Block => held["block"] = value,
                ConversationItemKind::OptOut => held["opt_out"] = value,
                ConversationItemKind::Person => held["customer"] = value,
            }
        }
        held["messages"] = json!(messages);
        held["done"] = json!(deeds);
        let drafts = self.drafts.iter().map(|StaffDraft { staff, kept, .. }| {
            json!({"by": staff, "saved_at": kept.saved_at.to_string(), "fields": kept.draft.fields})
        });
        held["drafts"] = drafts.collect();
        Ok(held)
    }
}

fn value(item: &Item) -> Result<Value, StoreError> {
    let kept = item.iter().filter(|(name, _)| !OURS.contains(&name.as_str()));
    let kept: Item = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_dynamo::from_item(kept).map_err(invalid_item("Query"))
}

/// Returns the customer's number from the conversation summary or the customer item.
fn number(said: &[Item]) -> Option<PhoneNumber> {
    let mut known = said
        .iter()
        .filter(|item| matches!(keys::part(item), ConversationItemKind::Head | ConversationItemKind::Person));
    known.find_map(|item| PhoneNumber::e164(item.get("number")?.as_s().ok()?).ok())
}

impl Store {
    /// Returns every item of a conversation, including expired ones. Makes one DynamoDB request for every megabyte.
    pub(crate) async fn of_conversation(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
    ) -> Result<Vec<Item>, StoreError> {
        let all = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::conversation(company, conversation)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (mut found, mut items) = (Vec::new(), all.into_paginator().items().send());
        while let Some(item) = items.next().await {
            found.push(item.map_err(unavailable("Query"))?);
        }
        Ok(found)
    }

    /// Returns all data of a conversation's customer, including expired items.
    ///
    /// Reads every appointment and draft of the company, which takes some seconds for tens of thousands. Numbers in
    /// drafts are parsed in the national format of `region`.
    pub async fn customer_data(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        region: Region,
    ) -> Result<CustomerData, StoreError> {
        let said = self.of_conversation(company, conversation).await?;
        let appointments = self.appointments_of(company, conversation).await?;
        let mut drafts = self.drafts_of(company, None).await?;
        let number = number(&said);
        drafts.retain(|draft| {
            let typed = || ["to", "mobile"].into_iter().filter_map(|field| draft.kept.draft.fields.get(field));
            let is_to_them =
                || typed().any(|typed| number.is_some() && PhoneNumber::mobile(typed, region).ok() == number);
            match &draft.name {
                DraftName::Conversation(of) => *of == conversation,
                DraftName::Appointment(id) => {
                    let is_theirs = |it: &Appointment| it.id == *id && it.now.is_of(conversation);
                    appointments.iter().any(is_theirs) || is_to_them()
                }
                DraftName::NewMessage | DraftName::NewAppointment => is_to_them(),
            }
        });
        Ok(CustomerData { company: company.clone(), conversation, said, appointments, drafts })
    }

    /// Returns every appointment of which a version contains the number of a conversation's customer.
    async fn appointments_of(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
    ) -> Result<Vec<Appointment>, StoreError> {
        let all = self.query_between(keys::appointments(company), "0".to_owned(), "g".to_owned());
        let (mut theirs, mut items) = (HashMap::new(), all.into_paginator().items().send());
        while let Some(item) = items.next().await {
            let appointment = appointments::read(item.map_err(unavailable("Query"))?, "Query")?;
            if appointment.now.is_of(conversation) {
                theirs.insert(appointment.id.clone(), appointment);
            }
        }
        // The earlier versions are read after the appointments. They then include an appointment that was moved to
        // another customer between the two reads.
        let mut earlier = self.earlier_versions_of(company, conversation).await?;
        let others = earlier.keys().filter(|id| !theirs.contains_key(id)).map(|id| keys::appointment(company, id));
        for item in self.batch(others.collect(), true).await? {
            let appointment = appointments::read(item, "BatchGetItem")?;
            theirs.insert(appointment.id.clone(), appointment);
        }
        let theirs = theirs.into_iter().map(|(id, it)| earlier_versions::joined(it, earlier.remove(&id)));
        let mut theirs: Vec<_> = theirs.collect();
        theirs.sort_by_key(Appointment::place);
        Ok(theirs)
    }

    /// Erases the customer data that was read, except the opt-out state.
    ///
    /// A customer who has opted out and asks for erasure must still not be texted. A block stays too, without the phone
    /// number: its key can be derived from the number only with the company's secret. Data that was written after
    /// `held` was read stays, and needs another erasure.
    pub async fn erase(&self, held: &CustomerData, now: Timestamp) -> Result<ErasureReport, StoreError> {
        self.put_tombstone(&held.company, held.conversation, now).await?;
        let (events, appointments) = held.counts();
        let mut erased = ErasureReport { events, appointments, once_more: false };
        for appointment in &held.appointments {
            let done = if appointment.now.is_of(held.conversation) {
                self.erase_appointment(&held.company, appointment).await?
            } else {
                self.erase_earlier(held, appointment).await?
            };
            erased.once_more |= !done;
        }
        for item in held.said.iter().filter(|item| keys::part(item) != ConversationItemKind::OptOut) {
            if keys::part(item) == ConversationItemKind::Block {
                self.erase_blocked_number(item).await?;
                continue;
            }
            // An item with a `version` or `last` attribute can be changed by other requests at the same time.
            let same = ["version", "last"].into_iter().find_map(|name| Some((name, item.get(name)?.clone())));
            let key = item.iter().filter(|(name, _)| [keys::PK, keys::SK].contains(&name.as_str()));
            let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
            erased.once_more |= !self.erase_item(key, same).await?;
        }
        self.erase_drafts(&held.company, &held.drafts).await?;
        Ok(erased)
    }

    /// Deletes an appointment with its earlier versions, unless it was saved since it was read.
    async fn erase_appointment(&self, company: &CompanyId, appointment: &Appointment) -> Result<bool, StoreError> {
        let delete = |key: keys::Key| Delete::builder().table_name(&self.table).set_key(Some(key.attributes()));
        let same = delete(keys::appointment(company, &appointment.id))
            .condition_expression("attribute_not_exists(pk) OR #version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(appointment.now.number.to_string()));
        let deletes = [same, delete(keys::earlier_versions(company, &appointment.id))].map(|delete| {
            let delete = delete.build().map_err(invalid_item("TransactWriteItems"))?;
            Ok(TransactWriteItem::builder().delete(delete).build())
        });
        let deletes = deletes.into_iter().collect::<Result<Vec<_>, StoreError>>()?;
        Ok(matches!(self.transact(deletes).await?, TransactionOutcome::Done))
    }

    /// Removes a customer's versions from an appointment that is now for another customer.
    async fn erase_earlier(&self, held: &CustomerData, appointment: &Appointment) -> Result<bool, StoreError> {
        let past = appointment.past.iter().filter(|version| !version.is_of(held.conversation)).cloned().collect();
        let without = Appointment { past, ..appointment.clone() };
        let put = self.put_earlier_versions(&held.company, &without, true)?;
        Ok(matches!(self.transact(vec![put]).await?, TransactionOutcome::Done))
    }

    /// Deletes an item. With `same`, deletes the item only if that attribute still has the given value, and otherwise
    /// returns `false`. An item that does not exist counts as deleted.
    pub(crate) async fn erase_item(&self, key: Item, same: Option<(&str, AttributeValue)>) -> Result<bool, StoreError> {
        let mut delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some((name, value)) = same {
            delete = delete
                .condition_expression("attribute_not_exists(pk) OR #same = :same")
                .expression_attribute_names("#same", name)
                .expression_attribute_values(":same", value);
        }
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable("DeleteItem")(error)),
            },
        }
    }
}
