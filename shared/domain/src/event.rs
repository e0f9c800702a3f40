use crate::{Call, ConversationId, Message, PhoneNumber, Position};

/// What a conversation holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Message(Message),
    Call(Call),
}

impl Event {
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        match self {
            Self::Message(message) => message.conversation,
            Self::Call(call) => call.conversation,
        }
    }

    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Message(message) => message.position,
            Self::Call(call) => call.position,
        }
    }

    /// Our number in it.
    #[must_use]
    pub fn line(&self) -> &PhoneNumber {
        match self {
            Self::Message(message) => &message.line,
            Self::Call(call) => &call.line,
        }
    }

    /// Whether staff are told of it: what we send ourselves is no news to us.
    #[must_use]
    pub fn is_in_feed(&self) -> bool {
        match self {
            Self::Message(message) => message.is_inbound(),
            Self::Call(_) => true,
        }
    }
}
