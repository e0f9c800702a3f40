//! What users of every kind do, through the doors that they have.

mod budget;
mod companies;
mod feed;
mod inbound;
mod inbox;
mod invoke;
mod sending;
mod sessions;
mod template;
mod thread;
