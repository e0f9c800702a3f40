#![doc = include_str!("../README.md")]

mod calls;
mod carrier;
mod connect;
mod demo;
mod functions;
mod gateway;
mod handset;
mod in_process;
mod invoke;
mod issuer;
mod metrics;
mod push_keys;
mod queue;
mod replica;
mod secret;
mod site;
mod socket;
mod stack;
mod stream;
mod table;
mod table_endpoint;
mod usage;

pub use carrier::DeliveryOutcome;
pub use connect::CONTACT_EVENTS;
pub use domain::OptOutManagement;
pub use gateway::{ROUTES, Route};
pub use in_process::{CarriedSms, InProcess, LambdaInstance};
pub use replica::Replica;
pub use socket::SocketLimits;
pub use stack::{DataLocation, Stack, StackOptions};
pub use stream::{MAPPINGS, StreamMapping};
pub use table::TABLE;
