#![doc = include_str!("../README.md")]

mod keys;
mod services;

pub use keys::{BadKeys, Keys};
pub use services::{Admitted, BadServices, NotAdmitted, Services};
