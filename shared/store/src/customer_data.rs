//! All that is held of one customer of a company's, to be handed to them, or taken away at their word.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{CompanyId, ConversationId};
use serde_json::Value;

use crate::error::{misshapen, unavailable};
use crate::keys::Part;
use crate::{Store, StoreError, appointments, keys};

type Item = HashMap<String, AttributeValue>;

/// What is held, as it is kept.
#[derive(Clone, Debug, Default)]
pub struct CustomerData {
    conversation: Vec<Item>,
    appointments: Vec<Item>,
}

/// How much was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Texts and calls.
    pub events: usize,
    pub appointments: usize,
    /// Whether something was written meanwhile, so that it is to be done once more.
    pub once_more: bool,
}

/// Where an item is, and what makes the table delete it of itself: nothing of a customer.
const OURS: [&str; 5] = [keys::PK, keys::SK, keys::RECENT_PK, keys::RECENT_SK, keys::EXPIRES_AT];

impl CustomerData {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conversation.is_empty() && self.appointments.is_empty()
    }

    /// How many texts and calls there are, and how many appointments.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.conversation.iter().filter(|item| keys::part(item) == Part::Event).count(), self.appointments.len())
    }

    /// As JSON, by what it is: `messages` the oldest first, `appointments`, and of `conversation`, `customer` and
    /// `opt_out` the one that there is, if there is one.
    pub fn json(&self) -> Result<Value, StoreError> {
        let mut held = serde_json::json!({"messages": [], "appointments": []});
        for item in &self.conversation {
            let value = json(item)?;
            match keys::part(item) {
                Part::Event => push(&mut held["messages"], value),
                Part::Head => held["conversation"] = value,
                Part::OptOut => held["opt_out"] = value,
                Part::Person => held["customer"] = value,
            }
        }
        for item in &self.appointments {
            push(&mut held["appointments"], json(item)?["appointment"].take());
        }
        Ok(held)
    }
}

fn push(list: &mut Value, value: Value) {
    if let Value::Array(list) = list {
        list.push(value);
    }
}

fn json(item: &Item) -> Result<Value, StoreError> {
    let kept = item.iter().filter(|(name, _)| !OURS.contains(&name.as_str()));
    let kept: Item = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_dynamo::from_item(kept).map_err(misshapen("Query"))
}

impl Store {
    /// Reads all that is held of the customer of a conversation, what the table has yet to delete included. Not for a
    /// handler: it reads every appointment of the company.
    pub async fn customer_data(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
    ) -> Result<CustomerData, StoreError> {
        let of_conversation = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::conversation(company, conversation)))
            .consistent_read(true);
        let (mut held, mut items) = (CustomerData::default(), of_conversation.into_paginator().items().send());
        while let Some(item) = items.next().await {
            held.conversation.push(item.map_err(unavailable("Query"))?);
        }
        let all = self.between(keys::appointments(company), "0".to_owned(), "g".to_owned());
        let mut of_company = all.into_paginator().items().send();
        while let Some(item) = of_company.next().await {
            let item = item.map_err(unavailable("Query"))?;
            let appointment = appointments::read(item.clone(), "Query")?;
            if appointment.details().mobile.as_ref().is_some_and(|mobile| mobile.conversation == conversation) {
                held.appointments.push(item);
            }
        }
        Ok(held)
    }

    /// Erases what was read of a customer, but for whether they get texts: whoever has opted out is not to be texted
    /// again because they asked to be forgotten. What was written since stays, and is to be erased by itself.
    pub async fn erase(&self, held: &CustomerData) -> Result<Erased, StoreError> {
        let (events, appointments) = held.counts();
        let mut erased = Erased { events, appointments, once_more: false };
        for item in held.appointments.iter().chain(&held.conversation) {
            if keys::part(item) != Part::OptOut {
                erased.once_more |= !self.erase_item(item).await?;
            }
        }
        Ok(erased)
    }

    /// Deletes an item that is as it was read. One that has gone meanwhile is as good.
    async fn erase_item(&self, item: &Item) -> Result<bool, StoreError> {
        let key = [keys::PK, keys::SK].map(|name| Some((name.to_owned(), item.get(name)?.clone())));
        let key = key.into_iter().collect::<Option<_>>().ok_or(StoreError::Misshapen { operation: "DeleteItem" })?;
        let mut delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        // What counts its versions, or has a last message, is in use by others.
        let same = [("#version", "version"), ("#last", "last")]
            .into_iter()
            .find_map(|(name, attribute)| Some((name, attribute, item.get(attribute)?.clone())));
        if let Some((name, attribute, value)) = same {
            delete = delete
                .condition_expression(format!("attribute_not_exists(pk) OR {name} = :same"))
                .expression_attribute_names(name, attribute)
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
