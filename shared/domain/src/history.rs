use crate::{Deed, Event, Position, With};

/// What was said with a customer and done about them, by whom and when.
#[derive(Clone, Debug)]
pub struct History {
    pub with: With,
    /// The latest first.
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Event(Event),
    Deed(Deed),
}

impl Entry {
    #[must_use]
    pub fn at(&self) -> Position {
        match self {
            Self::Event(event) => event.position(),
            Self::Deed(deed) => deed.at,
        }
    }
}
