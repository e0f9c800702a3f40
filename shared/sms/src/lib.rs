#![doc = include_str!("../README.md")]

mod context;
mod end_user_messaging;
mod envelope;
mod gateway;
mod inbound;
mod lookup;
mod own_connection;
mod provider;
mod receipt;
mod sns;

pub use gateway::{Gateway, Handed, Outgoing, SEND_TIMEOUT};
pub use inbound::{InboundSms, Malformed};
pub use lookup::Lookup;
pub use provider::{Provider, Settings, UnknownProvider};
pub use receipt::{Fate, NotAReceipt, Receipt};
