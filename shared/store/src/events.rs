//! A message, as an item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{CompanyId, ConversationId, Message, MessageKind, PhoneNumber, Position, Progress, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::misshapen;
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
struct Event {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: Option<keys::RecentKey>,
    expires_at: u64,
    conversation: ConversationId,
    position: Position,
    line: PhoneNumber,
    text: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Kind {
    InboundSms,
    OutboundSms { by: String, progress: Progress },
}

impl Store {
    /// The write of a message that is not stored yet: inbound ones are in the company's feed too.
    pub(crate) fn put_event(
        &self,
        company: &CompanyId,
        message: &Message,
        expires: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let event = Event {
            key: keys::event(company, message.conversation, message.position),
            recent: matches!(message.kind, MessageKind::Inbound).then(|| keys::in_feed(company, message.position)),
            expires_at: expires.as_secs(),
            conversation: message.conversation,
            position: message.position,
            line: message.line.clone(),
            text: message.text.clone(),
            kind: match &message.kind {
                MessageKind::Inbound => Kind::InboundSms,
                MessageKind::Outbound { by, progress } => {
                    Kind::OutboundSms { by: by.clone(), progress: progress.clone() }
                }
            },
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(event).map_err(misshapen("TransactWriteItems"))?))
            .build()
            .map_err(misshapen("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Message, StoreError> {
    let event: Event = serde_dynamo::from_item(item).map_err(misshapen(operation))?;
    Ok(Message {
        conversation: event.conversation,
        position: event.position,
        line: event.line,
        text: event.text,
        kind: match event.kind {
            Kind::InboundSms => MessageKind::Inbound,
            Kind::OutboundSms { by, progress } => MessageKind::Outbound { by, progress },
        },
    })
}
