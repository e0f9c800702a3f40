//! Conversation summaries: the customer, the last entry and the count of unanswered entries of each conversation.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{
    CallOutcome, CompanyId, ConversationId, ConversationSummary, Customer, PhoneNumber, Position, ReplyOutcome,
    RequiredAction, Sender, Timestamp, truncate,
};
use serde::{Deserialize, Serialize};

use crate::error::invalid_item;
use crate::{Store, StoreError, keys};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SummaryItem {
    pub(crate) conversation: ConversationId,
    #[serde(rename = "number")]
    pub(crate) sender: Sender,
    pub(crate) line: PhoneNumber,
    pub(crate) last: Position,
    last_text: String,
    last_is_ours: bool,
    pub(crate) heard: Option<Position>,
    last_call: Option<CallOutcome>,
    pub(crate) unanswered: u32,
    /// The last recorded entry that needs an answer.
    asked: Option<Position>,
    /// The last recorded text of staff. `reply_is` is its state.
    pub(crate) reply: Option<Position>,
    pub(crate) reply_is: Option<ReplyOutcome>,
    /// The number of entries that need an answer and were recorded after `reply`. Once that text is accepted, these are
    /// the unanswered entries.
    #[serde(default)]
    pub(crate) asked_since: u32,
    /// The entry up to which staff have marked the conversation as done.
    pub(crate) done: Option<Position>,
    /// The number of times that the unanswered entries were counted again or set to zero.
    #[serde(default)]
    pub(crate) recounts: u32,
    /// Whether the number is blocked. The inbox does not contain the conversations of blocked numbers. The block item
    /// is kept longer than the summary.
    #[serde(default)]
    pub(crate) is_blocked: bool,
}

impl SummaryItem {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }

    /// Returns whether the last entry is within the retention. After the retention, the conversation counts as deleted
    /// even if its summary item still exists.
    pub(crate) fn is_current(&self, floor: Position) -> bool {
        self.last >= floor
    }

    /// Returns the summary with its customer, or `None` if the summary is past the retention.
    pub(crate) fn into_summary_after(
        self,
        floor: Position,
        customer: Option<&Customer>,
        now: Timestamp,
    ) -> Option<ConversationSummary> {
        self.is_current(floor).then(|| self.into_summary(customer, now))
    }

    /// Returns the summary with its customer.
    pub(crate) fn into_summary(self, customer: Option<&Customer>, now: Timestamp) -> ConversationSummary {
        ConversationSummary {
            id: self.conversation,
            sender: self.sender,
            line: self.line,
            name: customer.and_then(|customer| customer.name(now)),
            next: customer.and_then(|customer| customer.next(now)),
            last: self.last,
            last_text: self.last_text,
            last_is_ours: self.last_is_ours,
            heard: self.heard,
            last_call: self.last_call,
            reply: self.reply_is,
            unanswered: self.unanswered,
            asked: self.asked,
            is_blocked: self.is_blocked,
        }
    }
}

/// An update of a conversation summary by a new timeline entry.
pub(crate) struct SummaryUpdate<'a> {
    pub(crate) company: &'a CompanyId,
    pub(crate) conversation: ConversationId,
    pub(crate) sender: &'a Sender,
    pub(crate) line: &'a PhoneNumber,
    pub(crate) position: Position,
    pub(crate) text: &'a str,
    pub(crate) from: UpdateSource,
    /// Whether the number is blocked, so that staff are not notified. The same transaction checks that this is still
    /// so.
    pub(crate) while_blocked: bool,
    pub(crate) floor: Position,
    pub(crate) expires: Timestamp,
}

impl SummaryUpdate<'_> {
    /// Returns the action that a customer's entry requires of staff. Returns `None` for an entry of staff.
    fn asks(&self) -> Option<RequiredAction> {
        let asks = self.from.asks()?;
        Some(if self.while_blocked { RequiredAction::Nothing } else { asks })
    }
}

/// The source of an update, which decides the condition on the summary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateSource {
    /// A customer, who may be new and may have texted another line than last time.
    Customer(RequiredAction),
    /// Staff, with the first message. An existing conversation must be on the same line.
    StaffFirst,
    /// Staff, in an existing conversation that must be on the same line.
    StaffReplying,
    /// A call to a customer, who may be new. It does not change the line of an existing conversation: replies are sent
    /// from the line that the customer texted.
    Call(CallOutcome),
}

impl UpdateSource {
    /// Returns the action that a customer's entry requires of staff. Returns `None` for an entry of staff.
    fn asks(self) -> Option<RequiredAction> {
        match self {
            Self::Customer(asks) => Some(asks),
            Self::Call(outcome) if outcome.needs_an_answer() => Some(RequiredAction::Answer),
            Self::Call(_) => Some(RequiredAction::Nothing),
            Self::StaffFirst | Self::StaffReplying => None,
        }
    }
}

/// The position of a new entry relative to the stored summary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelativeOrder {
    /// The entry is the conversation's newest, or its only entry.
    Newest,
    /// A newer entry is already stored, or this entry was stored before.
    Late,
    /// The stored summary is past its retention, though not deleted yet.
    Afresh,
}

impl RelativeOrder {
    pub(crate) fn order_of(summary: &SummaryItem, news: &SummaryUpdate<'_>) -> Self {
        if summary.last < news.floor {
            Self::Afresh
        } else if summary.last >= news.position {
            Self::Late
        } else {
            Self::Newest
        }
    }
}

impl Store {
    /// Returns the update of the summary for an entry whose order is `stands`. If the stored summary gives another
    /// order, the condition fails, and the transaction returns the stored summary.
    pub(crate) fn update_summary(
        &self,
        news: &SummaryUpdate<'_>,
        stands: RelativeOrder,
    ) -> Result<TransactWriteItem, StoreError> {
        let (update, condition) = match stands {
            RelativeOrder::Newest => (moved(news, unanswered_expression(news.asks())), newest_condition(news.from)),
            RelativeOrder::Afresh => (moved(news, unanswered_restart(news.asks())), "#last < :floor"),
            RelativeOrder::Late => (format!("SET {}", unanswered_expression(news.asks())), "#last >= :position"),
        };
        let used = |token: &String| {
            [update.as_str(), condition].iter().any(|expression| {
                expression.split(|c: char| !(c.is_alphanumeric() || "_#:".contains(c))).any(|word| word == token)
            })
        };
        let update_item = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::summary(news.company, news.conversation).attributes()))
            .set_expression_attribute_names(Some(names().into_iter().filter(|(name, _)| used(name)).collect()))
            .set_expression_attribute_values(Some(values(news).into_iter().filter(|(value, _)| used(value)).collect()))
            .update_expression(&update)
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update_item).build())
    }
}

fn moved(news: &SummaryUpdate<'_>, counted: &str) -> String {
    let ours =
        if matches!(news.from, UpdateSource::StaffFirst | UpdateSource::StaffReplying) { ":true" } else { ":false" };
    let (line, call, no_call) = match news.from {
        UpdateSource::Call(_) => ("if_not_exists(#line, :line)", ", last_call = :call", ""),
        UpdateSource::Customer(_) | UpdateSource::StaffFirst | UpdateSource::StaffReplying => {
            (":line", "", "last_call")
        }
    };
    // A blocked conversation is not in the inbox.
    let (listed, not_listed) = if news.while_blocked {
        (", is_blocked = :true", "recent_pk, recent_sk")
    } else {
        (", recent_pk = :recent_pk, recent_sk = :recent_sk", "")
    };
    let removed: Vec<_> = [no_call, not_listed].into_iter().filter(|names| !names.is_empty()).collect();
    let removed = if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
    let heard = if matches!(news.from, UpdateSource::Customer(_)) { ", heard = :position" } else { "" };
    format!(
        "SET conversation = :conversation, #number = :number, #line = {line}, #last = :position, last_text = :text, \
         last_is_ours = {ours}, expires_at = :expires, {counted}{heard}{call}{listed}{removed}"
    )
}

/// The update expression that adds an entry that needs an answer to the summary's counts.
pub(crate) const ASKED_ONCE_MORE: &str = "#unanswered = if_not_exists(#unanswered, :zero) + :one, asked = :position, \
                                          asked_since = if_not_exists(asked_since, :zero) + :one";

/// The update expression that sets the summary's counts to zero. It also raises `recounts`, so that a concurrent
/// recount from older entries fails.
pub(crate) const ASKED_NO_MORE: &str =
    "#unanswered = :zero, asked_since = :zero, recounts = if_not_exists(recounts, :zero) + :one";

/// Returns the update expression for the summary's counts. A text of staff leaves entries unanswered until the carrier
/// has accepted it (`delivery_updates`).
fn unanswered_expression(asks: Option<RequiredAction>) -> &'static str {
    match asks {
        Some(RequiredAction::Answer) => ASKED_ONCE_MORE,
        Some(RequiredAction::Nothing) => "#unanswered = if_not_exists(#unanswered, :zero)",
        Some(RequiredAction::NoMore) => ASKED_NO_MORE,
        None => {
            "#unanswered = if_not_exists(#unanswered, :zero), reply = :position, reply_is = :pending, asked_since = :zero"
        }
    }
}

/// Returns the update expression for the summary's counts when the stored summary is past its retention.
fn unanswered_restart(asks: Option<RequiredAction>) -> &'static str {
    match asks {
        Some(RequiredAction::Answer) => "#unanswered = :one, asked = :position, asked_since = :one",
        Some(RequiredAction::Nothing | RequiredAction::NoMore) => "#unanswered = :zero, asked_since = :zero",
        None => "#unanswered = :zero, reply = :position, reply_is = :pending, asked_since = :zero",
    }
}

fn newest_condition(from: UpdateSource) -> &'static str {
    match from {
        UpdateSource::Customer(_) | UpdateSource::Call(_) => {
            "attribute_not_exists(pk) OR (#last >= :floor AND #last < :position)"
        }
        UpdateSource::StaffFirst => {
            "attribute_not_exists(pk) OR (#last >= :floor AND #last < :position AND #line = :line)"
        }
        UpdateSource::StaffReplying => "#last >= :floor AND #last < :position AND #line = :line",
    }
}

/// Returns the attribute names for all expressions of this module. The placeholders avoid reserved words of DynamoDB,
/// such as `last` and `number`.
fn names() -> HashMap<String, String> {
    ["number", "line", "last", "unanswered"].map(|name| (format!("#{name}"), name.to_owned())).into()
}

/// Truncates a text to the length that the inbox shows.
fn preview(text: &str) -> String {
    const CHARACTERS: usize = 160;
    let longest = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| at);
    truncate(text, longest)
}

/// Returns the attribute values that the expressions of an update can use. DynamoDB rejects values that no expression
/// uses.
fn values(news: &SummaryUpdate<'_>) -> HashMap<String, AttributeValue> {
    let recent = keys::in_inbox(news.company, news.conversation, news.position);
    let text = |value: &dyn ToString| AttributeValue::S(value.to_string());
    let number = |value: u64| AttributeValue::N(value.to_string());
    let call = match news.from {
        UpdateSource::Call(outcome) => serde_dynamo::to_attribute_value(outcome).unwrap_or(AttributeValue::Null(true)),
        UpdateSource::Customer(_) | UpdateSource::StaffFirst | UpdateSource::StaffReplying => {
            AttributeValue::Null(true)
        }
    };
    [
        (":conversation", text(&news.conversation)),
        (":number", text(news.sender)),
        (":line", text(news.line)),
        (":position", text(&news.position)),
        (":floor", text(&news.floor)),
        (":text", AttributeValue::S(preview(news.text))),
        (":true", AttributeValue::Bool(true)),
        (":false", AttributeValue::Bool(false)),
        (":recent_pk", AttributeValue::S(recent.recent_pk)),
        (":recent_sk", AttributeValue::S(recent.recent_sk)),
        (":expires", number(news.expires.as_secs())),
        (":zero", number(0)),
        (":one", number(1)),
        (":pending", serde_dynamo::to_attribute_value(ReplyOutcome::Pending).unwrap_or(AttributeValue::Null(true))),
        (":call", call),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
