#![doc = include_str!("../README.md")]

mod clock;
mod invariants;
mod lambda;
mod network;
mod push_service;
mod queue;
mod rng;
mod run;
mod scenario;
mod shrink;
mod sockets;
mod trace;
mod world;

pub use invariants::{Invariant, Observations, Violation, judge};
pub use run::{Run, each_seed, play};
pub use scenario::{Action, Fault, FaultPoint, Receipt, Scenario, ScenarioProvider, Step};
pub use shrink::shrink;
