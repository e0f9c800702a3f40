#![doc = include_str!("../README.md")]

mod carrier;
mod demo;
mod endpoint;
mod functions;
mod gateway;
mod handset;
mod invoke;
mod issuer;
mod site;
mod stack;
mod table;
mod usage;

pub use gateway::{ROUTES, Route};
pub use stack::{Data, Options, Stack};
pub use table::TABLE;
