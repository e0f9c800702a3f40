#![doc = include_str!("../README.md")]

mod gateway;
mod inbound;

pub use gateway::{Gateway, Handed};
pub use inbound::{InboundSms, Malformed};
