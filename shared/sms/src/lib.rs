#![doc = include_str!("../README.md")]

mod carrier_lookup;
mod client;
mod context;
mod end_user_messaging;
mod envelope;
mod fresh_connection;
mod inbound;
mod lines;
mod provider;
mod receipt;
mod sns;

pub use carrier_lookup::CarrierLookup;
pub use client::{OutboundMessage, SEND_TIMEOUT, SendOutcome, SmsClient};
pub use inbound::{InboundMessage, InboundParseError};
pub use lines::{
    LineFault, OptOutFault, TwoWayFault, account_numbers, line_faults, opt_out_faults, texting_lines, two_way_fault,
};
pub use provider::{EndUserMessagingSettings, SmsProvider, UnknownProvider};
pub use receipt::{Receipt, ReceiptParseError, ReceiptStatus};
