#![doc = include_str!("../README.md")]

mod guard;
mod secret;

pub use guard::{OriginGuard, OriginSecretUnavailable};
pub use secret::{Admission, InvalidOriginSecret, OriginSecret};

/// The header that CloudFront adds to requests to the API.
pub const HEADER: &str = "x-origin-secret";
