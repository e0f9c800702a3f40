//! Tests the command as operators run it, on a local stack.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod command;
mod credentials;
mod customers;
mod directory;
mod doctor;
mod origin_secret;
mod programs;
mod push_keys;
mod refusals;
mod restore;
mod secrets;
