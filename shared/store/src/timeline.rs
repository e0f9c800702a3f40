//! Timeline entries as items: messages and calls.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{
    AppointmentId, Call, CallOutcome, CompanyId, ConversationId, DeliveryProgress, Message, MessageKind,
    OptOutManagement, PhoneNumber, Position, StaffId, TimelineEntry, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::error::invalid_item;
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: Option<keys::RecentKey>,
    expires_at: u64,
    conversation: ConversationId,
    position: Position,
    line: PhoneNumber,
    #[serde(flatten)]
    kind: EntryKind,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum EntryKind {
    InboundSms {
        text: String,
        #[serde(default)]
        opt_outs: OptOutManagement,
        #[serde(default, skip_serializing_if = "is_false")]
        while_blocked: bool,
    },
    OutboundSms {
        text: String,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staff: Option<StaffId>,
        progress: DeliveryProgress,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Position>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tried_again: Option<Position>,
    },
    ConfirmationCall {
        appointment: Option<AppointmentId>,
        outcome: CallOutcome,
        #[serde(default, skip_serializing_if = "is_false")]
        while_blocked: bool,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl EntryKind {
    fn from_entry(event: &TimelineEntry) -> Self {
        match event {
            TimelineEntry::Message(Message {
                text, kind: MessageKind::Inbound { opt_outs, while_blocked }, ..
            }) => Self::InboundSms { text: text.clone(), opt_outs: *opt_outs, while_blocked: *while_blocked },
            TimelineEntry::Message(Message {
                text,
                kind: MessageKind::Outbound { by, staff, progress, again, tried_again },
                ..
            }) => Self::OutboundSms {
                text: text.clone(),
                by: by.clone(),
                staff: staff.clone(),
                progress: progress.clone(),
                again: *again,
                tried_again: *tried_again,
            },
            TimelineEntry::Call(Call { appointment, outcome, while_blocked, .. }) => Self::ConfirmationCall {
                appointment: appointment.clone(),
                outcome: *outcome,
                while_blocked: *while_blocked,
            },
        }
    }
}

impl Store {
    /// Returns the write of a new timeline entry. If staff are notified of the entry, the company's feed also lists it.
    pub(crate) fn put_event(
        &self,
        company: &CompanyId,
        event: &TimelineEntry,
        expires: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let (conversation, position) = (event.conversation(), event.position());
        let kind = EntryKind::from_entry(event);
        let item = Item {
            key: keys::event(company, conversation, position),
            recent: event.is_in_feed().then(|| keys::in_feed(company, position)),
            expires_at: expires.as_secs(),
            conversation,
            position,
            line: event.line().clone(),
            kind,
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

pub(crate) fn read(
    item: HashMap<String, AttributeValue>,
    operation: &'static str,
) -> Result<TimelineEntry, StoreError> {
    from_image(serde_dynamo::Item::from(item)).map_err(invalid_item(operation))
}

/// Parses a timeline entry from an image in the table's stream.
pub(crate) fn from_image(item: serde_dynamo::Item) -> Result<TimelineEntry, serde_dynamo::Error> {
    let Item { conversation, position, line, kind, .. } = serde_dynamo::from_item(item)?;
    let message =
        |text, kind| TimelineEntry::Message(Message { conversation, position, line: line.clone(), text, kind });
    Ok(match kind {
        EntryKind::InboundSms { text, opt_outs, while_blocked } => {
            message(text, MessageKind::Inbound { opt_outs, while_blocked })
        }
        EntryKind::OutboundSms { text, by, staff, progress, again, tried_again } => {
            message(text, MessageKind::Outbound { by, staff, progress, again, tried_again })
        }
        EntryKind::ConfirmationCall { appointment, outcome, while_blocked } => {
            TimelineEntry::Call(Call { conversation, position, line, appointment, outcome, while_blocked })
        }
    })
}
