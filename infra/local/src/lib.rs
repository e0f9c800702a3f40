#![doc = include_str!("../README.md")]

mod calls;
mod carrier;
mod connect;
mod demo;
mod endpoint;
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
mod usage;

pub use carrier::Fate;
pub use connect::CONTACT_EVENTS;
pub use domain::OptOutsManaged;
pub use gateway::{ROUTES, Route};
pub use in_process::{Carried, InProcess, Instance};
pub use replica::Replica;
pub use socket::SocketLimits;
pub use stack::{Data, Options, Stack};
pub use stream::{MAPPINGS, Mapping};
pub use table::TABLE;
