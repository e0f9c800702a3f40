//! Integration tests: what users of each kind do, through HTTP, Lambda's Invoke API, the local phone and DynamoDB.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a journey that cannot go on has failed")]

mod answers;
mod appointment_limits;
mod appointment_times;
mod appointments;
mod audit;
mod blocking;
mod budget;
mod calls;
mod companies;
mod contact_flow;
mod customer_data;
mod drafts;
mod earlier_versions;
mod feed;
mod foreign_input;
mod heartbeat;
mod inbound;
mod inbox;
mod invoke;
mod issuers;
mod limits;
mod live;
mod opt_out;
mod origin_secret;
mod own_sessions;
mod push;
mod push_subscriptions;
mod receipts;
mod sending;
mod sending_again;
mod sessions;
mod signed_out;
mod subscribers;
mod template;
mod thread;
