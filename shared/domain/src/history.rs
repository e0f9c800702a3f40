use crate::{ConversationCustomer, Position, StaffAction, TimelineEntry};

/// The history of a customer: their messages and calls, and the actions of staff on their data.
#[derive(Clone, Debug)]
pub struct History {
    pub customer: ConversationCustomer,
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
}

/// An entry of a customer's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryEntry {
    Event(TimelineEntry),
    Deed(StaffAction),
}

impl HistoryEntry {
    /// Returns the position of the entry.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Event(event) => event.position(),
            Self::Deed(deed) => deed.at,
        }
    }
}
