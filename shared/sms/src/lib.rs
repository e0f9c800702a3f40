#![doc = include_str!("../README.md")]

mod context;
mod end_user_messaging;
mod envelope;
mod gateway;
mod inbound;
mod lines;
mod lookup;
mod own_connection;
mod provider;
mod receipt;
mod sns;

pub use gateway::{Gateway, Handed, Outgoing, SEND_TIMEOUT};
pub use inbound::{InboundSms, Malformed};
pub use lines::{
    LineFault, OptOutFault, TwoWayFault, account_numbers, line_faults, opt_out_faults, texting_lines, two_way_fault,
};
pub use lookup::Lookup;
pub use provider::{Provider, Settings, UnknownProvider};
pub use receipt::{Fate, NotAReceipt, Receipt};
