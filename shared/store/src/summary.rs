//! The head of a conversation: what the inbox shows of it, and who it is with.

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
    /// Of what asks for an answer, the last that was recorded.
    asked: Option<Position>,
    /// Of the texts of staff, the last that was recorded, and whether it reached the customer.
    pub(crate) reply: Option<Position>,
    pub(crate) reply_is: Option<ReplyOutcome>,
    /// How many have asked since that was recorded: so many wait if it is an answer.
    #[serde(default)]
    pub(crate) asked_since: u32,
    /// Up to which entry staff have said that it is done.
    pub(crate) done: Option<Position>,
    /// How often those who wait were counted anew.
    #[serde(default)]
    pub(crate) recounts: u32,
    /// Whether the number is blocked: then it is in no inbox. The block's own item says the same for longer.
    #[serde(default)]
    pub(crate) is_blocked: bool,
}

impl SummaryItem {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }

    /// Whether its last message is within the retention: beyond it there is no conversation, deleted
    /// yet or not.
    pub(crate) fn is_current(&self, floor: Position) -> bool {
        self.last >= floor
    }

    /// The conversation with what is known of its customer, if it stands.
    pub(crate) fn into_summary_after(
        self,
        floor: Position,
        customer: Option<&Customer>,
        now: Timestamp,
    ) -> Option<ConversationSummary> {
        self.is_current(floor).then(|| self.into_summary(customer, now))
    }

    /// The conversation with what is known of its customer.
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

/// A message as its conversation's head learns of it.
pub(crate) struct SummaryUpdate<'a> {
    pub(crate) company: &'a CompanyId,
    pub(crate) conversation: ConversationId,
    pub(crate) sender: &'a Sender,
    pub(crate) line: &'a PhoneNumber,
    pub(crate) position: Position,
    pub(crate) text: &'a str,
    pub(crate) from: UpdateSource,
    /// Whether the number is blocked, so that nobody is told. The same transaction has that for a condition.
    pub(crate) while_blocked: bool,
    pub(crate) floor: Position,
    pub(crate) expires: Timestamp,
}

impl SummaryUpdate<'_> {
    /// What an entry of the customer asks of staff; `None` for what is ours.
    fn asks(&self) -> Option<RequiredAction> {
        let asks = self.from.asks()?;
        Some(if self.while_blocked { RequiredAction::Nothing } else { asks })
    }
}

/// Who says it, and what must be true of the head for them to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateSource {
    /// A customer, who may be new and may write to another line than last time.
    Customer(RequiredAction),
    /// Staff, writing first: if there is a conversation, on its line.
    StaffFirst,
    /// Staff, in a conversation that there is, on its line.
    StaffReplying,
    /// Nobody: a call to a customer, who may be new, ended. The line it came from is not one that
    /// they wrote to: replies go on where they did.
    Call(CallOutcome),
}

impl UpdateSource {
    /// What an entry of the customer asks of staff; `None` for what is ours.
    fn asks(self) -> Option<RequiredAction> {
        match self {
            Self::Customer(asks) => Some(asks),
            Self::Call(outcome) if outcome.needs_an_answer() => Some(RequiredAction::Answer),
            Self::Call(_) => Some(RequiredAction::Nothing),
            Self::StaffFirst | Self::StaffReplying => None,
        }
    }
}

/// How the news stands to what the head already knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateOrder {
    /// It is the conversation's newest message, or its first.
    Newest,
    /// A newer message was stored before this one, or the same one long ago.
    Late,
    /// What was said before is beyond the retention, though not deleted yet.
    Afresh,
}

impl UpdateOrder {
    pub(crate) fn order_of(head: &SummaryItem, news: &SummaryUpdate<'_>) -> Self {
        if head.last < news.floor {
            Self::Afresh
        } else if head.last >= news.position {
            Self::Late
        } else {
            Self::Newest
        }
    }
}

impl Store {
    /// The write that tells the head. Where the news does not stand to the head as supposed, it
    /// fails its condition and returns the head.
    pub(crate) fn update_summary(
        &self,
        news: &SummaryUpdate<'_>,
        stands: UpdateOrder,
    ) -> Result<TransactWriteItem, StoreError> {
        let (update, condition) = match stands {
            UpdateOrder::Newest => (moved(news, unanswered_expression(news.asks())), newest_condition(news.from)),
            UpdateOrder::Afresh => (moved(news, unanswered_restart(news.asks())), "#last < :floor"),
            UpdateOrder::Late => (format!("SET {}", unanswered_expression(news.asks())), "#last >= :position"),
        };
        let used = |token: &String| {
            [update.as_str(), condition].iter().any(|expression| {
                expression.split(|c: char| !(c.is_alphanumeric() || "_#:".contains(c))).any(|word| word == token)
            })
        };
        let update_item = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::head(news.company, news.conversation).attributes()))
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
    // What is blocked is in no list.
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

/// How the head counts one more question of the customer.
pub(crate) const ASKED_ONCE_MORE: &str = "#unanswered = if_not_exists(#unanswered, :zero) + :one, asked = :position, \
                                          asked_since = if_not_exists(asked_since, :zero) + :one";

/// Nobody waits any more. What was counted anew from earlier entries meanwhile is not right then, and fails.
pub(crate) const ASKED_NO_MORE: &str =
    "#unanswered = :zero, asked_since = :zero, recounts = if_not_exists(recounts, :zero) + :one";

/// How the head counts who waits. A text of ours leaves them waiting until the carrier has taken it (`settling`).
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

/// The same where nobody waits any more of those who did.
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

/// Every name that an expression here may use: each is a reserved word of DynamoDB.
fn names() -> HashMap<String, String> {
    ["number", "line", "last", "unanswered"].map(|name| (format!("#{name}"), name.to_owned())).into()
}

/// As much of a text as the inbox shows.
fn preview(text: &str) -> String {
    const CHARACTERS: usize = 160;
    let longest = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| at);
    truncate(text, longest)
}

/// Every value that an expression here may use. The table refuses one that is sent and not used.
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
