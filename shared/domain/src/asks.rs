use crate::{Event, MessageKind, Wish};

/// What an entry of a customer asks of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Answer,
    /// To be left alone: no text can answer what they said before, either.
    NoMore,
    /// Nothing: it is a call that went well, or the wish to get texts again.
    Nothing,
}

impl Asks {
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        match Wish::of(text) {
            Some(Wish::Stop(_)) => Self::NoMore,
            Some(Wish::Start) => Self::Nothing,
            Some(Wish::SeemsToStop) | None => Self::Answer,
        }
    }

    /// `None` for what is not the customer's.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Message(message) if message.kind == MessageKind::Inbound => Some(Self::of_text(&message.text)),
            Event::Message(_) => None,
            Event::Call(call) if call.outcome.needs_an_answer() => Some(Self::Answer),
            Event::Call(_) => Some(Self::Nothing),
        }
    }
}
