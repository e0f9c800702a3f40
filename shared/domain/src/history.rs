use crate::{CustomerAction, CustomerRef, Position, TimelineEntry};

/// What was said with a customer and done about them, by whom and when.
#[derive(Clone, Debug)]
pub struct History {
    pub customer: CustomerRef,
    /// The latest first.
    pub entries: Vec<HistoryEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryEntry {
    Event(TimelineEntry),
    Deed(CustomerAction),
}

impl HistoryEntry {
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Event(event) => event.position(),
            Self::Deed(deed) => deed.at,
        }
    }
}
