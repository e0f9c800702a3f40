//! The customer item of a number: its appointments, the result of its carrier lookup and its last delivery failure. It
//! outlives the conversation summary and can exist before it.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{
    Block, CompanyId, ConversationId, ConversationSummary, Customer, CustomerAppointment, LimitWindow, MeteredAction,
    MobileNumber, NumberKind, OptOut, PhoneNumber, Retention, Staff, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::error::{invalid_item, updated};
use crate::keys::{ConversationItemKind, Key};
use crate::summary::SummaryItem;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, blocks, keys, opt_out};

#[derive(Clone, Debug)]
pub(crate) struct CustomerRecord {
    pub(crate) customer: Customer,
    /// The number of writes of this item. 0 if the item does not exist yet.
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: Key,
    expires_at: u64,
    version: u32,
    number: PhoneNumber,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number_kind: Option<NumberKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_at: Option<Timestamp>,
    bookings: Vec<CustomerAppointment>,
}

/// The result of claiming the carrier lookup of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupClaim {
    Ours,
    /// Another request has claimed the lookup since the customer was read, or the customer no longer exists.
    Theirs,
    /// A limit on lookups is reached.
    Limited(LimitWindow),
}

/// The block and the opt-out of a number, if they exist.
#[derive(Clone, Debug, Default)]
pub struct TextingRestrictions {
    pub block: Option<Block>,
    pub opt_out: Option<OptOut>,
}

/// The summary and the customer of each conversation.
pub(crate) type CustomersById = HashMap<ConversationId, (Option<SummaryItem>, Option<Customer>)>;

impl CustomerRecord {
    pub(crate) fn new(number: PhoneNumber) -> Self {
        Self { customer: Customer::new(number), version: 0 }
    }

    /// Parses a customer item, without the appointments past their retention.
    pub(crate) fn read(
        item: HashMap<String, AttributeValue>,
        operation: &'static str,
        retention: Retention,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
        let mut customer = Customer {
            number: item.number,
            kind: item.number_kind,
            asked: item.asked_at,
            refused: item.refused_at,
            bookings: item.bookings,
        };
        customer.remove_before(retention.oldest_position(now).at);
        Ok(Self { customer, version: item.version })
    }
}

impl Store {
    /// Returns the write of a customer. Its condition fails if another writer has changed the customer.
    pub(crate) fn put_person(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        person: &CustomerRecord,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let customer = &person.customer;
        let last = customer.bookings.iter().map(|booking| booking.ends).fold(now, Timestamp::max);
        let item = Item {
            key: keys::person(company, conversation),
            expires_at: self.retention.expires(last).as_secs(),
            version: person.version + 1,
            number: customer.number.clone(),
            number_kind: customer.kind,
            asked_at: customer.asked,
            refused_at: customer.refused,
            bookings: customer.bookings.clone(),
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?));
        let put = if person.version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(person.version.to_string()))
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns the customers of numbers by a consistent read. Creates an empty customer for a number without an item,
    /// and does not store it. Makes one DynamoDB request.
    pub(crate) async fn customer_records(
        &self,
        company: &CompanyId,
        mobiles: &[&MobileNumber],
        now: Timestamp,
    ) -> Result<Vec<CustomerRecord>, StoreError> {
        let wanted = mobiles.iter().map(|mobile| keys::person(company, mobile.conversation)).collect();
        let mut found = HashMap::new();
        for item in self.batch(wanted, true).await? {
            let person = CustomerRecord::read(item, "BatchGetItem", self.retention, now)?;
            found.insert(person.customer.number.clone(), person);
        }
        Ok(mobiles
            .iter()
            .map(|mobile| found.remove(&mobile.number).unwrap_or_else(|| CustomerRecord::new(mobile.number.clone())))
            .collect())
    }

    /// Returns the customer of a number, with the conversation, the block and the opt-out.
    ///
    /// The conversation is `None` if it has no entry within the retention. Makes one DynamoDB request.
    pub async fn customer(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<(Option<Customer>, Option<ConversationSummary>, TextingRestrictions), StoreError> {
        let wanted = [keys::summary, keys::person, keys::block, keys::opt_out].map(|key| key(company, conversation));
        let (mut summary, mut customer, mut not_texted) = (None, None, TextingRestrictions::default());
        for item in self.batch(wanted.into(), true).await? {
            match keys::part(&item) {
                ConversationItemKind::Person => {
                    customer = Some(CustomerRecord::read(item, "BatchGetItem", self.retention, now)?.customer);
                }
                ConversationItemKind::Block => not_texted.block = blocks::read(item, "BatchGetItem")?,
                ConversationItemKind::OptOut => not_texted.opt_out = opt_out::read(item, "BatchGetItem")?.out(),
                ConversationItemKind::Head | ConversationItemKind::Deed | ConversationItemKind::Event => {
                    summary = Some(SummaryItem::read(item, "BatchGetItem")?);
                }
            }
        }
        let conversation = summary.and_then(|summary| {
            summary.into_summary_after(self.retention.oldest_position(now), customer.as_ref(), now)
        });
        Ok((customer, conversation, not_texted))
    }

    /// Returns a conversation and its customer by a consistent read. Returns `None` if no entry is within the
    /// retention. Makes one DynamoDB request.
    pub async fn conversation(
        &self,
        company: &CompanyId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<(ConversationSummary, Option<Customer>)>, StoreError> {
        let (summary, customer) = self.summary_and_customer(company, id, now).await?;
        let conversation = summary.and_then(|summary| {
            summary.into_summary_after(self.retention.oldest_position(now), customer.as_ref(), now)
        });
        Ok(conversation.map(|conversation| (conversation, customer)))
    }

    /// Returns the summary and the customer of a conversation by a consistent read. Returns the summary even if it is
    /// past its retention. Makes one DynamoDB request.
    pub(crate) async fn summary_and_customer(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<(Option<SummaryItem>, Option<Customer>), StoreError> {
        let wanted = vec![keys::summary(company, conversation), keys::person(company, conversation)];
        let (mut summary, mut customer) = (None, None);
        for item in self.batch(wanted, true).await? {
            if keys::part(&item) == ConversationItemKind::Person {
                customer = Some(CustomerRecord::read(item, "BatchGetItem", self.retention, now)?.customer);
            } else {
                summary = Some(SummaryItem::read(item, "BatchGetItem")?);
            }
        }
        Ok((summary, customer))
    }

    /// Claims the carrier lookup of a customer's number and counts it against limits, before the lookup is made.
    ///
    /// If several requests have read the same customer, only one of them gets the claim. Makes one DynamoDB request.
    pub async fn claim_look_up(
        &self,
        staff: &Staff,
        conversation: ConversationId,
        customer: &Customer,
        windows: &[LimitWindow],
        now: Timestamp,
    ) -> Result<LookupClaim, StoreError> {
        let claim = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::person(&staff.company, conversation).attributes()))
            .update_expression("SET asked_at = :now ADD #version :one")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":now", AttributeValue::N(now.as_millis().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()));
        let claim = match customer.asked {
            None => claim.condition_expression("attribute_exists(pk) AND attribute_not_exists(asked_at)"),
            Some(asked) => claim
                .condition_expression("asked_at = :asked")
                .expression_attribute_values(":asked", AttributeValue::N(asked.as_millis().to_string())),
        };
        let claim = claim.build().map_err(invalid_item("TransactWriteItems"))?;
        let mut writes = vec![TransactWriteItem::builder().update(claim).build()];
        for window in windows {
            writes.push(self.count_used(staff, MeteredAction::NumberLookup, window)?);
        }
        let claimed = self.transact_for(Some(staff), writes, now).await?;
        let TransactionOutcome::Refused(refused) = claimed else { return Ok(LookupClaim::Ours) };
        let mut refused = refused.into_iter();
        if refused.next().flatten().is_some() {
            return Ok(LookupClaim::Theirs);
        }
        // If several limits are reached, returns the limit whose window ends last.
        let full = windows.iter().zip(refused).filter(|(_, refused)| refused.is_some()).map(|(window, _)| *window);
        Ok(full.max_by_key(|window| window.ends).map_or(LookupClaim::Theirs, LookupClaim::Limited))
    }

    /// Stores the kind of a customer's number, for as long as the customer item exists. Makes one DynamoDB request.
    pub async fn record_number_kind(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        kind: NumberKind,
    ) -> Result<(), StoreError> {
        let learned = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::person(company, conversation).attributes()))
            .update_expression("SET number_kind = :kind ADD #version :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(
                ":kind",
                serde_dynamo::to_attribute_value(kind).map_err(invalid_item("UpdateItem"))?,
            )
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        // If the update was not made, the customer no longer exists.
        updated(learned).map(|_| ())
    }

    /// Stores the time at which a text could not be delivered because of the number. Makes one DynamoDB request.
    pub async fn number_refused(
        &self,
        company: &CompanyId,
        mobile: &MobileNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let remembered = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::person(company, mobile.conversation).attributes()))
            .update_expression(
                "SET refused_at = :at, #number = if_not_exists(#number, :number), \
                 bookings = if_not_exists(bookings, :none), expires_at = if_not_exists(expires_at, :expires) \
                 ADD #version :one",
            )
            .condition_expression("attribute_not_exists(refused_at) OR refused_at < :at")
            .expression_attribute_names("#number", "number")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":at", AttributeValue::N(at.as_millis().to_string()))
            .expression_attribute_values(":number", AttributeValue::S(mobile.number.to_string()))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(
                ":expires",
                AttributeValue::N(self.retention.expires(at).as_secs().to_string()),
            )
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        // If the update was not made, a later failure is already stored.
        updated(remembered).map(|_| ())
    }

    /// Clears a number's delivery failure after a text was delivered. Keeps a failure that is later than `until`. Makes
    /// one DynamoDB request.
    pub async fn number_accepted(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let forgotten = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::person(company, conversation).attributes()))
            .update_expression("REMOVE refused_at ADD #version :one")
            .condition_expression("refused_at <= :until")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":until", AttributeValue::N(until.as_millis().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        // If the update was not made, a later failure is stored, or the customer no longer exists.
        updated(forgotten).map(|_| ())
    }

    /// Returns the summaries of conversations, their customers, or both. Makes one DynamoDB request for every 100
    /// items.
    pub(crate) async fn known_customers<const N: usize>(
        &self,
        company: &CompanyId,
        conversations: HashSet<ConversationId>,
        wanted: [fn(&CompanyId, ConversationId) -> Key; N],
        now: Timestamp,
    ) -> Result<CustomersById, StoreError> {
        let conversation_of: HashMap<String, ConversationId> =
            conversations.into_iter().map(|id| (keys::conversation(company, id), id)).collect();
        let keys = conversation_of.values().flat_map(|id| wanted.map(|key| key(company, *id))).collect();
        let mut known = CustomersById::new();
        for item in self.batch(keys, false).await? {
            let pk = item.get(keys::PK).and_then(|pk| pk.as_s().ok());
            let Some(id) = pk.and_then(|pk| conversation_of.get(pk)) else { continue };
            let (summary, customer) = known.entry(*id).or_default();
            if keys::part(&item) == ConversationItemKind::Person {
                *customer = Some(CustomerRecord::read(item, "BatchGetItem", self.retention, now)?.customer);
            } else {
                *summary = Some(SummaryItem::read(item, "BatchGetItem")?);
            }
        }
        Ok(known)
    }
}
