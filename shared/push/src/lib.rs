#![doc = include_str!("../README.md")]

mod key_ring;
mod keys;
mod services;

pub use key_ring::{KeyRing, NoKeys};
pub use keys::{BadKeys, Keys};
pub use services::{Admitted, BadServices, NotAdmitted, Services};
