use crate::{Keyword, Message, MessageKind, TimelineEntry};

/// What an entry of a customer asks of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredAction {
    Answer,
    /// To be left alone: no text can answer what they said before, either.
    NoMore,
    /// Nothing: it is a call that went well, the wish to get texts again, or from a number that was blocked.
    Nothing,
}

impl RequiredAction {
    /// `None` for a text of ours.
    #[must_use]
    pub fn of_message(message: &Message) -> Option<Self> {
        let MessageKind::Inbound { while_blocked, .. } = message.kind else { return None };
        if while_blocked {
            return Some(Self::Nothing);
        }
        Some(match message.keyword() {
            Some(keyword) if keyword.may_mean_an_appointment() => Self::Answer,
            Some(Keyword::Stop(_)) => Self::NoMore,
            Some(Keyword::Start) => Self::Nothing,
            Some(Keyword::Help | Keyword::SeemsToStop | Keyword::MayBeStopped(_)) | None => Self::Answer,
        })
    }

    /// `None` for what is not the customer's.
    #[must_use]
    pub fn of_entry(event: &TimelineEntry) -> Option<Self> {
        match event {
            TimelineEntry::Message(message) => Self::of_message(message),
            TimelineEntry::Call(call) if call.outcome.needs_an_answer() && !call.while_blocked => Some(Self::Answer),
            TimelineEntry::Call(_) => Some(Self::Nothing),
        }
    }
}
