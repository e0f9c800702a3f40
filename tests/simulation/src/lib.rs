#![doc = include_str!("../README.md")]

mod claims;
mod clock;
mod dice;
mod lambda;
mod network;
mod push_service;
mod queue;
mod run;
mod shrink;
mod sockets;
mod story;
mod trace;
mod world;

pub use claims::{Broken, Claim, Seen, judge};
pub use run::{Run, each_seed, play};
pub use shrink::shrink;
pub use story::{Fault, Provider, Receipt, Step, Story, Trouble, What};
