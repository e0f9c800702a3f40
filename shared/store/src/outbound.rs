use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{
    CompanyId, ConversationId, Customer, DeliveryProgress, Message, MessageId, MessageKind, OptOut, OptOutState,
    OutboundText, PhoneNumber, Position, SendRestriction, Sender, SendingLimits, Staff, TimelineEntry, Timestamp,
};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::{invalid_item, unavailable};
use crate::idempotency::CompletedWrite;
use crate::summary::{RelativeOrder, SummaryItem, SummaryUpdate, UpdateSource};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, idempotency, keys, opt_out, timeline};

/// The customer's number and the line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPair {
    pub number: PhoneNumber,
    pub line: PhoneNumber,
}

/// The customer of a conversation, with the facts that decide whether they can be texted.
#[derive(Clone, Debug)]
pub struct ConversationContact {
    /// `None` if the conversation has no entry within the retention, or if the sender is not a phone number.
    pub contact: Option<NumberPair>,
    /// The sender, if it is not a phone number.
    pub no_number: Option<Sender>,
    /// When the customer last sent a text.
    pub heard: Option<Timestamp>,
    pub customer: Option<Customer>,
}

/// A draft of an outbound message.
#[derive(Clone, Debug)]
pub struct NewMessage<'a> {
    /// The id from the `Idempotency-Key` of the HTTP request. The same id means the same message.
    pub id: MessageId,
    /// The member of staff who wrote the message.
    pub staff: &'a Staff,
    pub conversation: ConversationId,
    pub contact: &'a NumberPair,
    /// Whether the conversation must exist.
    pub reply: bool,
    pub text: &'a OutboundText,
    /// The position of the message in the same conversation that this message retries.
    pub again: Option<Position>,
    pub limits: &'a SendingLimits,
}

/// The result of queueing a draft. Only a `New` message is passed to the carrier.
#[derive(Clone, Debug)]
pub enum QueueOutcome {
    New(Message),
    /// The request was recorded before. Contains the current state of its message.
    Repeat(Message),
    /// The message to retry has been retried by another message, or was sent after all.
    NotAgain,
    /// The customer has opted out.
    OptedOut(OptOut),
    /// The number is blocked, so staff would not see the customer's answer.
    Blocked,
    /// A limit is reached, or the country is not allowed.
    Limited(SendRestriction),
    /// The conversation does not exist or no longer exists.
    NoConversation,
}

impl Store {
    /// Returns the number, the line and the customer data of a conversation. Makes one DynamoDB request.
    pub async fn known_contact(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Result<ConversationContact, StoreError> {
        let (summary, customer) = self.summary_and_customer(company, conversation, now).await?;
        let mut known = ConversationContact { contact: None, no_number: None, heard: None, customer };
        if let Some(summary) = summary.filter(|summary| summary.is_current(self.retention.oldest_position(now))) {
            known.heard = summary.heard.map(|heard| heard.at);
            match summary.sender {
                Sender::Number(number) => known.contact = Some(NumberPair { number, line: summary.line }),
                other @ Sender::Other(_) => known.no_number = Some(other),
            }
        }
        Ok(known)
    }

    /// Records a message as queued, or returns why it must not be sent.
    ///
    /// Writes the idempotency record, the message, the conversation summary and the counts for the limits in one
    /// transaction. The transaction fails if the customer has opted out, the number is blocked or a limit is reached.
    /// The customer's entries stay unanswered until [`Store::record_delivery`] stores that the carrier accepted the
    /// message.
    ///
    /// Makes one DynamoDB request, and one more if the conversation is now on another line, if the message is not the
    /// newest entry, or for a repeat.
    pub async fn queue(&self, draft: &NewMessage<'_>, now: Timestamp) -> Result<QueueOutcome, StoreError> {
        let company = &draft.staff.company;
        if let Err(country) = draft.limits.reach(&draft.contact.number, draft.staff.region) {
            return Ok(QueueOutcome::Limited(SendRestriction::Country(country)));
        }
        let mut message = Message {
            conversation: draft.conversation,
            position: draft.id.position(now),
            line: draft.contact.line.clone(),
            text: draft.text.as_str().to_owned(),
            kind: MessageKind::Outbound {
                by: draft.staff.name.clone(),
                staff: Some(draft.staff.id.clone()),
                progress: DeliveryProgress::Queued,
                again: draft.again,
                tried_again: None,
            },
        };
        let floor = self.retention.oldest_position(now);
        let expires = self.retention.expires(now);
        let guard = self.put_guard(
            keys::request_guard(draft.id),
            CompletedWrite { conversation: draft.conversation, position: message.position },
            now,
        )?;
        let windows = draft.limits.windows(draft.staff, now);
        let counts = windows.iter().map(|window| self.count_sent(draft.staff, draft.conversation, window));
        let counts = counts.collect::<Result<Vec<_>, _>>()?;
        let mut stands = RelativeOrder::Newest;
        let customer = draft.contact.number.clone().into();
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let line = message.line.clone();
            let news = SummaryUpdate {
                company,
                conversation: draft.conversation,
                sender: &customer,
                line: &line,
                position: message.position,
                text: &message.text,
                from: if draft.reply { UpdateSource::StaffReplying } else { UpdateSource::StaffFirst },
                while_blocked: false,
                floor,
                expires,
            };
            let event = self.put_event(company, &TimelineEntry::Message(message.clone()), expires)?;
            let gets_texts = self.check_not_opted_out(company, draft.conversation)?;
            let not_blocked = self.is_blocked(company, draft.conversation, false)?;
            let mut writes = vec![guard.clone(), event, gets_texts, not_blocked, self.update_summary(&news, stands)?];
            if let Some(earlier) = draft.again {
                writes.push(self.try_again(draft, earlier, message.position)?);
            }
            let counted_from = writes.len();
            writes.extend(counts.iter().cloned());
            let written = self.transact_for(Some(draft.staff), writes, now).await?;
            let TransactionOutcome::Refused(refused) = written else { return Ok(QueueOutcome::New(message)) };
            let full = windows.iter().zip(refused.iter().skip(counted_from)).filter(|(_, refused)| refused.is_some());
            // If several limits are reached, returns the limit whose window ends last.
            let full = full.map(|(window, _)| *window).max_by_key(|window| window.ends);
            let mut refused = refused.into_iter().take(counted_from);
            if let Some(guard) = refused.next().flatten() {
                let done = idempotency::read(guard)?;
                let message = self.message(company, done.conversation, done.position).await?;
                return Ok(message.map_or(QueueOutcome::NoConversation, QueueOutcome::Repeat));
            }
            let opted = refused.nth(1).flatten().map(|it| opt_out::read(it, "TransactWriteItems")).transpose()?;
            if refused.next().flatten().is_some() {
                return Ok(QueueOutcome::Blocked);
            }
            if let Some(OptOutState::Out(out)) = opted {
                return Ok(QueueOutcome::OptedOut(out));
            }
            let summary = refused.next().flatten();
            if refused.next().flatten().is_some() {
                return Ok(QueueOutcome::NotAgain);
            }
            if let Some(window) = full {
                return Ok(QueueOutcome::Limited(SendRestriction::Reached(window)));
            }
            let Some(summary) = summary.filter(|summary| !summary.is_empty()) else {
                return Ok(QueueOutcome::NoConversation);
            };
            let summary = SummaryItem::read(summary, "TransactWriteItems")?;
            stands = RelativeOrder::order_of(&summary, &news);
            match stands {
                RelativeOrder::Afresh if draft.reply => return Ok(QueueOutcome::NoConversation),
                RelativeOrder::Afresh => {}
                RelativeOrder::Late | RelativeOrder::Newest => message.line = summary.line,
            }
        }
        Err(contended())
    }

    /// Returns the update that marks a message as retried by another, at most once. Its condition fails if the message
    /// is known to have been sent, or was already retried.
    fn try_again(
        &self,
        draft: &NewMessage<'_>,
        earlier: Position,
        another: Position,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::event(&draft.staff.company, draft.conversation, earlier).attributes()))
            .update_expression("SET tried_again = :another")
            .condition_expression(
                "attribute_not_exists(tried_again) AND progress.#state IN (:queued, :unconfirmed, :failed, :undelivered)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":another", AttributeValue::S(another.to_string()))
            .expression_attribute_values(":queued", AttributeValue::S("queued".to_owned()))
            .expression_attribute_values(":unconfirmed", AttributeValue::S("unconfirmed".to_owned()))
            .expression_attribute_values(":failed", AttributeValue::S("failed".to_owned()))
            .expression_attribute_values(":undelivered", AttributeValue::S("undelivered".to_owned()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Returns a message by a consistent read. Also returns `None` if the entry is a call. Makes one DynamoDB request.
    pub async fn message(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        position: Position,
    ) -> Result<Option<Message>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::event(company, conversation, position).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        Ok(match found.item.map(|item| timeline::read(item, "GetItem")).transpose()? {
            Some(TimelineEntry::Message(message)) => Some(message),
            Some(TimelineEntry::Call(_)) | None => None,
        })
    }
}
