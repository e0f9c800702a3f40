//! Parses records of the table's stream. No other module reads the item images of these records.

use domain::{
    AppointmentId, CompanyId, ConversationId, ConversationSummary, PushTest, StaffId, SubscriptionId, TimelineEntry,
    Timestamp, TokenHash,
};
use serde::Deserialize;
use serde_dynamo::Item;
use thiserror::Error;

use crate::keys::{self, ItemType};
use crate::staff::Member;
use crate::summary::SummaryItem;
use crate::{push, timeline};

/// A change to the table that browsers or push subscriptions may be notified of.
#[derive(Clone, Debug)]
pub enum Change {
    /// A timeline entry was recorded, or its delivery status or call outcome changed.
    Event {
        company: CompanyId,
        event: Box<TimelineEntry>,
        /// The entry before the change, or `None` if it is new.
        before: Option<Box<TimelineEntry>>,
    },
    /// A conversation summary changed: the last entry or the count of unanswered entries.
    Head {
        company: CompanyId,
        conversation: ConversationId,
        /// The summary before the change, without customer details, or `None` if the conversation is new.
        before: Option<Box<ConversationSummary>>,
    },
    /// The customer of a conversation opted out or in.
    OptOut { company: CompanyId, conversation: ConversationId },
    /// The number of a conversation was blocked or unblocked.
    Block { company: CompanyId, conversation: ConversationId },
    /// The customer of a conversation changed: their name or their next appointment.
    Person { company: CompanyId, conversation: ConversationId },
    /// All data of a conversation's customer was erased on request.
    Erased { company: CompanyId, conversation: ConversationId },
    /// An appointment is new, or has changed.
    Appointment { company: CompanyId, appointment: AppointmentId },
    /// A session ended.
    SessionEnded { company: CompanyId, staff: StaffId, session: TokenHash, how: SessionEnd },
    /// Sessions of a member of staff ended: those that began before `before`, or all of them if it is `None`.
    StaffSignedOut { company: CompanyId, staff: StaffId, before: Option<Timestamp> },
    /// A member of staff asked for a test notification in one of their browsers.
    PushTest { company: CompanyId, staff: StaffId, subscription: SubscriptionId, test: PushTest },
    /// A member of staff turned on notifications in another browser.
    BrowserAdded { company: CompanyId, staff: StaffId, subscription: SubscriptionId, name: String, at: Timestamp },
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    SignedOut,
    /// The session expired, and DynamoDB deleted its item.
    RanOut,
}

/// The error for a stream record that cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    #[error("it is not a record of a table's stream with both images")]
    NotARecord,
    #[error("its key is none that is written here")]
    Key,
    #[error("its image is not of the shape that such an item is written in")]
    Image,
}

/// A stream record in the form that Lambda passes it, with the fields used here.
#[derive(Deserialize)]
struct Record {
    dynamodb: Images,
    /// Present only in records of items that DynamoDB's TTL deleted.
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
    /// Whether the member of staff ended this session from another session. In that case, the item is kept.
    #[serde(default)]
    ended: bool,
}

impl Change {
    /// Returns the company whose data changed.
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

    /// Parses a stream record. Returns `None` for a change that nobody is notified of.
    pub fn read<'a, D: serde::Deserializer<'a>>(record: D) -> Result<Option<Self>, RecordError> {
        let Record { dynamodb, by } = Record::deserialize(record).map_err(|_| RecordError::NotARecord)?;
        let key: keys::Key = serde_dynamo::from_item(dynamodb.keys).map_err(|_| RecordError::NotARecord)?;
        let (new, old) = (dynamodb.new_image, dynamodb.old_image);
        // Only deletions by TTL have the type `Service` (DynamoDB Developer Guide, "DynamoDB Streams and Time to
        // Live").
        let by_itself = by.is_some_and(|by| by.kind.as_deref() == Some("Service"));
        match keys::place(&key).ok_or(RecordError::Key)? {
            ItemType::Event { company } => {
                // A deleted entry was past its retention, so no page shows it.
                let Some(event) = new else { return Ok(None) };
                let read = |image| timeline::from_image(image).map(Box::new).map_err(|_| RecordError::Image);
                Ok(Some(Self::Event { company, event: read(event)?, before: old.map(read).transpose()? }))
            }
            ItemType::Head { company, conversation } if new.is_some() => {
                let before =
                    old.map(serde_dynamo::from_item::<_, SummaryItem>).transpose().map_err(|_| RecordError::Image)?;
                // The time affects only the customer's name and next appointment, and no customer is passed here.
                let before = before.map(|summary| Box::new(summary.into_summary(None, Timestamp::from_millis(0))));
                Ok(Some(Self::Head { company, conversation, before }))
            }
            ItemType::OptOut { company, conversation } if new.is_some() => {
                Ok(Some(Self::OptOut { company, conversation }))
            }
            ItemType::Block { company, conversation } if new.is_some() => {
                Ok(Some(Self::Block { company, conversation }))
            }
            ItemType::Person { company, conversation } if new.is_some() => {
                Ok(Some(Self::Person { company, conversation }))
            }
            // Only an erasure deletes these items explicitly. Items that DynamoDB deletes by TTL are no longer shown on
            // any page.
            ItemType::Head { company, conversation } | ItemType::Person { company, conversation } if !by_itself => {
                Ok(Some(Self::Erased { company, conversation }))
            }
            ItemType::Appointment { company, appointment } if new.is_some() => {
                Ok(Some(Self::Appointment { company, appointment }))
            }
            ItemType::Session { session } => {
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
            ItemType::Staff { company, staff } => {
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
            ItemType::Browser { company, staff, subscription } => {
                Ok(push::news(old, new).map_err(|_| RecordError::Image)?.map(|news| match news {
                    push::BrowserChange::Test(test) => Self::PushTest { company, staff, subscription, test },
                    push::BrowserChange::Added { name, at } => {
                        Self::BrowserAdded { company, staff, subscription, name, at }
                    }
                }))
            }
            ItemType::Head { .. }
            | ItemType::OptOut { .. }
            | ItemType::Block { .. }
            | ItemType::Person { .. }
            | ItemType::Appointment { .. }
            | ItemType::Elsewhere => Ok(None),
        }
    }
}
