#![doc = include_str!("../README.md")]

mod frame;
mod pace;
mod sockets;

pub use frame::{Frame, LARGEST_FRAME, Piece, frames};
pub use sockets::{NotClosed, Posted, Sockets};
