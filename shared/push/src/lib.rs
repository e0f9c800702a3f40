#![doc = include_str!("../README.md")]

mod contact;
mod dns_name;
mod key_ring;
mod keys;
mod pusher;
mod services;
mod signature;

pub use contact::{BadContact, Contact};
pub use key_ring::{KeyRing, NoKeys};
pub use keys::{BadKeys, Keys};
pub use pusher::{Outcome, PATIENCE, Push, Pusher};
pub use services::{Admitted, BadServices, NotAdmitted, Services};
