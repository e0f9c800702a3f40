#![doc = include_str!("../README.md")]

mod active_session;
mod appointments;
mod audit;
mod automatic;
mod batch;
mod blocks;
mod calls;
mod change;
mod conflict_flag;
mod contention;
mod conversation_page;
mod customer_actions;
mod customer_data;
mod customers;
mod delivery_updates;
mod directory;
mod drafts;
mod earlier_versions;
mod error;
mod feed;
mod heartbeat;
mod history;
mod idempotency;
mod inbound;
mod inbox;
mod keys;
mod limits;
mod lines;
mod live;
mod mark_done;
mod opt_out;
mod outbound;
mod own_sessions;
mod pins;
mod position_range;
mod push;
mod push_ending;
mod push_settings;
mod range_query;
mod restore;
mod retries;
mod sessions;
mod slots;
mod staff;
mod stream_batch;
mod subscribe;
mod summary;
mod timeline;
mod tombstones;
mod transaction;

use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use domain::{Randomness, Retention};

pub use appointments::{AnswerOutcome, SaveOutcome};
pub use calls::{CallEntry, CallReport};
pub use change::{Change, RecordError, SessionEnd};
pub use contention::{WRITE_ATTEMPTS, contended};
pub use conversation_page::ConversationPage;
pub use customer_data::{CustomerData, ErasureReport};
pub use customers::{LookupClaim, TextingRestrictions};
pub use delivery_updates::{DeliveryUpdate, DeliveryUpdateOutcome};
pub use directory::{Directory, DirectoryError};
pub use drafts::{DRAFTS_AT_MOST, SaveDraftOutcome};
pub use error::StoreError;
pub use inbound::{ReceivedMessage, RecordOutcome};
pub use keys::{EXPIRES_AT, PK, RECENT, RECENT_PK, RECENT_SK, SK};
pub use lines::LineCache;
pub use live::{Connection, ConnectionId, ConnectionOwner, ConnectionPage, InvalidConnectionId, OpenOutcome};
pub use mark_done::MarkDoneOutcome;
pub use outbound::{ConversationContact, NewMessage, NumberPair, QueueOutcome};
pub use pins::ProviderIdentity;
pub use position_range::PositionRange;
pub use push::{BrowserCursor, BrowserPage, NoteOutcome, PushTestOutcome};
pub use push_settings::{PushSettings, PushSettingsChange};
pub use restore::{CollisionPolicy, RestoreReport};
pub use sessions::Session;
pub use staff::{ActiveStaff, LoginOwner, Member};
pub use stream_batch::{CompanyChanges, StreamBatch};
pub use subscribe::{BROWSERS_AT_MOST, SubscribeOutcome, SubscribeRequest};

/// The DynamoDB table of a deployment.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: String,
    retention: Retention,
    randomness: Randomness,
}

impl Store {
    /// Creates a store that uses the endpoint, the credentials and the time-outs of `aws`.
    #[must_use]
    pub fn new(aws: &SdkConfig, table: String, retention: Retention, randomness: Randomness) -> Self {
        Self { client: retries::client(aws), table, retention, randomness }
    }

    /// Returns how long conversations and appointments are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.retention
    }
}
