use crate::{Keyword, Message, MessageKind, TimelineEntry};

/// The action that staff must take on a timeline entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredAction {
    Answer,
    /// Stop texting: the customer opted out, so earlier messages cannot be answered by text either.
    NoMore,
    /// No action: a call that went well, an opt-in, or an entry of a blocked number.
    Nothing,
}

impl RequiredAction {
    /// Returns the action that a message requires; `None` for an outbound message.
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

    /// Returns the action that an entry requires; `None` for an outbound message.
    #[must_use]
    pub fn of_entry(event: &TimelineEntry) -> Option<Self> {
        match event {
            TimelineEntry::Message(message) => Self::of_message(message),
            TimelineEntry::Call(call) if call.outcome.needs_an_answer() && !call.while_blocked => Some(Self::Answer),
            TimelineEntry::Call(_) => Some(Self::Nothing),
        }
    }
}
