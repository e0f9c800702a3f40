#![doc = include_str!("../README.md")]

mod frame;
mod sockets;
mod token_bucket;

pub use frame::{Fragment, Frame, LARGEST_FRAME, frames};
pub use sockets::{CloseError, PostOutcome, Sockets};
