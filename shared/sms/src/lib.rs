#![doc = include_str!("../README.md")]

mod gateway;
mod inbound;
mod lookup;

pub use gateway::{Gateway, Handed};
pub use inbound::{InboundSms, Malformed};
pub use lookup::Lookup;
