use crate::{Call, ConversationId, Message, MessageKind, PhoneNumber, Position};

/// What a conversation holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineEntry {
    Message(Message),
    Call(Call),
}

impl TimelineEntry {
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
            Self::Message(message) => message.is_inbound() && !self.arrived_while_blocked(),
            Self::Call(_) => !self.arrived_while_blocked(),
        }
    }

    /// Whether the customer's number was blocked when it came.
    #[must_use]
    pub fn arrived_while_blocked(&self) -> bool {
        match self {
            Self::Message(message) => matches!(message.kind, MessageKind::Inbound { while_blocked: true, .. }),
            Self::Call(call) => call.while_blocked,
        }
    }
}
