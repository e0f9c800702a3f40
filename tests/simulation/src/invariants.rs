//! The invariants that must hold after each run, whatever faults it had.

mod checker;
mod observations;

use std::fmt;

pub use checker::judge;
pub use observations::Observations;

/// A property that must hold after each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    Conversation,
    Feed,
    Order,
    Unanswered,
    Shown,
    CarriedOnce,
    OptedOut,
    ToldTruly,
    Saved,
    Calls,
    Announced,
    Pushed,
    PushedNoMore,
    Companies,
    Screens,
    History,
    InTime,
    SignedIn,
    SignedOut,
    DeadLetters,
    Ends,
}

/// An invariant that does not hold, and the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    pub shown_by: String,
}

impl Invariant {
    pub const ALL: [Self; 21] = [
        Self::Conversation,
        Self::Feed,
        Self::Order,
        Self::Unanswered,
        Self::Shown,
        Self::CarriedOnce,
        Self::OptedOut,
        Self::ToldTruly,
        Self::Saved,
        Self::Calls,
        Self::Announced,
        Self::Pushed,
        Self::PushedNoMore,
        Self::Companies,
        Self::Screens,
        Self::History,
        Self::InTime,
        Self::SignedIn,
        Self::SignedOut,
        Self::DeadLetters,
        Self::Ends,
    ];
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conversation => "every text that was accepted is in its conversation once",
            Self::Feed => "every text that was accepted is in its company's feed once",
            Self::Order => "lists are in order, and nothing is in them twice",
            Self::Unanswered => "what waits for an answer agrees with what happened",
            Self::Shown => "what the carrier took is never shown as not sent",
            Self::CarriedOnce => "the carrier got each message at most once",
            Self::OptedOut => "nothing is sent to who has opted out, and what they said last is in force",
            Self::ToldTruly => "what staff were told was sent was sent, and what was not was not",
            Self::Saved => "what staff were told was saved was saved",
            Self::Calls => "every call has one entry, with what is known best of it",
            Self::Announced => "everything that happened was announced",
            Self::Pushed => "every browser in which notifications are on was pushed what customers say",
            Self::PushedNoMore => "a browser in which notifications were turned off is pushed nothing from then on",
            Self::History => "the history says what staff did, each once",
            Self::Companies => "nothing of one company's reaches another",
            Self::Screens => "every screen that came back shows what the table holds",
            Self::InTime => "throttling, conflicts and one connection that hangs keep nobody from being answered",
            Self::SignedIn => "nobody who has a session is told that they have none",
            Self::SignedOut => "whoever has signed out has nothing sent any more",
            Self::DeadLetters => "dead-letter queues hold only what is malformed",
            Self::Ends => "the run comes to its end",
        })
    }
}
