#![doc = include_str!("../README.md")]

mod contact;
mod dns_name;
mod key_ring;
mod keys;
mod pusher;
mod services;
mod signature;

pub use contact::{InvalidContact, VapidContact};
pub use key_ring::{KeyRing, KeyRingError};
pub use keys::{InvalidKeys, VapidKeys};
pub use pusher::{Push, PushOutcome, Pusher, TIMEOUT};
pub use services::{AllowedEndpoint, EndpointError, InvalidPushServices, PushServices};
