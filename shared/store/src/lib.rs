#![doc = include_str!("../README.md")]

mod appointments;
mod audit;
mod automatic;
mod batch;
mod between;
mod blocks;
mod calls;
mod change;
mod contention;
mod customer_data;
mod deeds;
mod directory;
mod done;
mod drafts;
mod earlier_versions;
mod erasures;
mod error;
mod events;
mod feed;
mod gave_way;
mod guard;
mod head;
mod heartbeat;
mod history;
mod inbound;
mod inbox;
mod keys;
mod limits;
mod lines;
mod live;
mod opt_out;
mod outbound;
mod own_sessions;
mod page;
mod person;
mod pins;
mod push;
mod push_ending;
mod push_keeping;
mod push_settings;
mod restore;
mod retries;
mod sessions;
mod settling;
mod signed_in;
mod slots;
mod staff;
mod thread;
mod transaction;

use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use domain::{Randomness, Retention};

pub use appointments::{Answered, Saved};
pub use calls::{CallEntry, CallReport};
pub use change::{Change, SessionEnd, Unreadable};
pub use contention::{WRITE_ATTEMPTS, contended};
pub use customer_data::{CustomerData, Erased};
pub use directory::{Directory, Refused};
pub use done::Done;
pub use drafts::{DRAFTS_AT_MOST, DraftSaved};
pub use error::StoreError;
pub use inbound::{Arrival, Recorded};
pub use keys::{EXPIRES_AT, PK, RECENT, RECENT_PK, RECENT_SK, SK};
pub use lines::Lines;
pub use live::{Connection, ConnectionId, Connections, Holder, NotAConnection, Opened};
pub use outbound::{Contact, Draft, Known, Queued};
pub use page::Span;
pub use person::{LookUp, NotTexted};
pub use pins::Identity;
pub use push::{BrowserPage, BrowserPlace, Noted, TestAsked};
pub use push_keeping::{BROWSERS_AT_MOST, BrowserToKeep, Kept};
pub use push_settings::{PushSettings, PushSettingsChange};
pub use restore::{Restored, There};
pub use sessions::Session;
pub use settling::{Outcome, Settled};
pub use staff::{LoginOwner, Member, Present};
pub use thread::Thread;

/// The table, as one deployment has it.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: String,
    retention: Retention,
    randomness: Randomness,
}

impl Store {
    /// With the endpoint, the credentials and the time-outs of `aws`.
    #[must_use]
    pub fn new(aws: &SdkConfig, table: String, retention: Retention, randomness: Randomness) -> Self {
        Self { client: retries::client(aws), table, retention, randomness }
    }

    #[must_use]
    pub fn retention(&self) -> Retention {
        self.retention
    }
}
