//! What the table's stream says: the only place that reads its images.

use domain::{
    AppointmentId, CompanyId, ConversationId, ConversationSummary, PushTest, StaffId, SubscriptionId, TimelineEntry,
    Timestamp, TokenHash,
};
use serde::Deserialize;
use serde_dynamo::Item;
use thiserror::Error;

use crate::keys::{self, ItemIdentity};
use crate::staff::Member;
use crate::summary::SummaryItem;
use crate::{push, timeline};

/// Something that happened to what the table holds, that somebody may want to be told of.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message or a call was recorded, or has moved on.
    Event {
        company: CompanyId,
        event: Box<TimelineEntry>,
        /// As it was; `None` if it is new.
        before: Option<Box<TimelineEntry>>,
    },
    /// What is the last of a conversation, or whether its customer waits.
    Head {
        company: CompanyId,
        conversation: ConversationId,
        /// As it was, without what is known of the customer; `None` if the conversation is new.
        before: Option<Box<ConversationSummary>>,
    },
    /// Whether the customer of a conversation gets texts.
    OptOut { company: CompanyId, conversation: ConversationId },
    /// Whether the number of a conversation is blocked.
    Block { company: CompanyId, conversation: ConversationId },
    /// Whom a conversation is with: their name, or their next appointment.
    Person { company: CompanyId, conversation: ConversationId },
    /// All that was held of the customer of a conversation was erased.
    Erased { company: CompanyId, conversation: ConversationId },
    /// An appointment is new, or has changed.
    Appointment { company: CompanyId, appointment: AppointmentId },
    /// A session is over.
    SessionEnded { company: CompanyId, staff: StaffId, session: TokenHash, how: SessionEnd },
    /// The sessions of somebody are over: those that began before a moment, or all of them.
    StaffSignedOut { company: CompanyId, staff: StaffId, before: Option<Timestamp> },
    /// Somebody asked for a test of a browser of theirs.
    PushTest { company: CompanyId, staff: StaffId, subscription: SubscriptionId, test: PushTest },
    /// Somebody turned notifications on in a browser where they were not on.
    BrowserAdded { company: CompanyId, staff: StaffId, subscription: SubscriptionId, name: String, at: Timestamp },
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    SignedOut,
    /// Its time ran out, and the table deleted it.
    RanOut,
}

/// A record of the stream that is not one, or has an image of a shape that was never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    #[error("it is not a record of a table's stream with both images")]
    NotARecord,
    #[error("its key is none that is written here")]
    Key,
    #[error("its image is not of the shape that such an item is written in")]
    Image,
}

/// As Lambda hands it over, with what is needed of it.
#[derive(Deserialize)]
struct Record {
    dynamodb: Images,
    /// Of a record of what the table's TTL deleted.
    #[serde(rename = "userIdentity", default)]
    by: Option<RecordOrigin>,
}

#[derive(Deserialize)]
struct RecordOrigin {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    keys: Item,
    new_image: Option<Item>,
    old_image: Option<Item>,
}

#[derive(Deserialize)]
struct SessionImage {
    company: CompanyId,
    staff: StaffId,
    /// Whether its person has ended it, and its item is left.
    #[serde(default)]
    ended: bool,
}

impl Change {
    #[must_use]
    pub fn company(&self) -> &CompanyId {
        match self {
            Self::Event { company, .. }
            | Self::Head { company, .. }
            | Self::OptOut { company, .. }
            | Self::Block { company, .. }
            | Self::Person { company, .. }
            | Self::Erased { company, .. }
            | Self::Appointment { company, .. }
            | Self::SessionEnded { company, .. }
            | Self::StaffSignedOut { company, .. }
            | Self::PushTest { company, .. }
            | Self::BrowserAdded { company, .. } => company,
        }
    }

    /// What a record of the stream says; `None` if it is nothing that anybody is told of.
    pub fn read<'a, D: serde::Deserializer<'a>>(record: D) -> Result<Option<Self>, RecordError> {
        let Record { dynamodb, by } = Record::deserialize(record).map_err(|_| RecordError::NotARecord)?;
        let key: keys::Key = serde_dynamo::from_item(dynamodb.keys).map_err(|_| RecordError::NotARecord)?;
        let (new, old) = (dynamodb.new_image, dynamodb.old_image);
        // Users of the table have identities of other kinds (DynamoDB, "TTL and streams").
        let by_itself = by.is_some_and(|by| by.kind.as_deref() == Some("Service"));
        match keys::place(&key).ok_or(RecordError::Key)? {
            ItemIdentity::Event { company } => {
                // What is deleted was beyond the retention, and is on no screen.
                let Some(event) = new else { return Ok(None) };
                let read = |image| timeline::from_image(image).map(Box::new).map_err(|_| RecordError::Image);
                Ok(Some(Self::Event { company, event: read(event)?, before: old.map(read).transpose()? }))
            }
            ItemIdentity::Head { company, conversation } if new.is_some() => {
                let before =
                    old.map(serde_dynamo::from_item::<_, SummaryItem>).transpose().map_err(|_| RecordError::Image)?;
                // At any moment: only appointments have one.
                let before = before.map(|head| Box::new(head.into_summary(None, Timestamp::from_millis(0))));
                Ok(Some(Self::Head { company, conversation, before }))
            }
            ItemIdentity::OptOut { company, conversation } if new.is_some() => {
                Ok(Some(Self::OptOut { company, conversation }))
            }
            ItemIdentity::Block { company, conversation } if new.is_some() => {
                Ok(Some(Self::Block { company, conversation }))
            }
            ItemIdentity::Person { company, conversation } if new.is_some() => {
                Ok(Some(Self::Person { company, conversation }))
            }
            // Nobody deletes one of these but to erase the customer; what the table does was on no screen any more.
            ItemIdentity::Head { company, conversation } | ItemIdentity::Person { company, conversation }
                if !by_itself =>
            {
                Ok(Some(Self::Erased { company, conversation }))
            }
            ItemIdentity::Appointment { company, appointment } if new.is_some() => {
                Ok(Some(Self::Appointment { company, appointment }))
            }
            ItemIdentity::Session { session } => {
                let read = |item: Option<Item>| {
                    item.map(serde_dynamo::from_item::<_, SessionImage>).transpose().map_err(|_| RecordError::Image)
                };
                let (Some(old), new) = (read(old)?, read(new)?) else { return Ok(None) };
                if old.ended || new.as_ref().is_some_and(|new| !new.ended) {
                    return Ok(None);
                }
                let how = if new.is_none() && by_itself { SessionEnd::RanOut } else { SessionEnd::SignedOut };
                Ok(Some(Self::SessionEnded { company: old.company, staff: old.staff, session, how }))
            }
            ItemIdentity::Staff { company, staff } => {
                let member = |item: Option<Item>| {
                    item.map(serde_dynamo::from_item::<_, Member>).transpose().map_err(|_| RecordError::Image)
                };
                Ok(match (member(old)?, member(new)?) {
                    (Some(_), None) => Some(Self::StaffSignedOut { company, staff, before: None }),
                    (Some(old), Some(new)) if old.sessions_since != new.sessions_since => {
                        Some(Self::StaffSignedOut { company, staff, before: new.sessions_since })
                    }
                    _ => None,
                })
            }
            ItemIdentity::Browser { company, staff, subscription } => {
                Ok(push::news(old, new).map_err(|_| RecordError::Image)?.map(|news| match news {
                    push::BrowserChange::Test(test) => Self::PushTest { company, staff, subscription, test },
                    push::BrowserChange::Added { name, at } => {
                        Self::BrowserAdded { company, staff, subscription, name, at }
                    }
                }))
            }
            ItemIdentity::Head { .. }
            | ItemIdentity::OptOut { .. }
            | ItemIdentity::Block { .. }
            | ItemIdentity::Person { .. }
            | ItemIdentity::Appointment { .. }
            | ItemIdentity::Elsewhere => Ok(None),
        }
    }
}
