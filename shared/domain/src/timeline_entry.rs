use crate::{Call, ConversationId, Message, MessageKind, PhoneNumber, Position};

/// A timeline entry: a message or a call in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineEntry {
    Message(Message),
    Call(Call),
}

impl TimelineEntry {
    /// Returns the id of the entry's conversation.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        match self {
            Self::Message(message) => message.conversation,
            Self::Call(call) => call.conversation,
        }
    }

    /// Returns the position of the entry.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Message(message) => message.position,
            Self::Call(call) => call.position,
        }
    }

    /// Returns the line that the entry used.
    #[must_use]
    pub fn line(&self) -> &PhoneNumber {
        match self {
            Self::Message(message) => &message.line,
            Self::Call(call) => &call.line,
        }
    }

    /// Returns whether the entry appears in the notifications of staff. Outbound messages and entries of a blocked
    /// number do not.
    #[must_use]
    pub fn is_in_feed(&self) -> bool {
        match self {
            Self::Message(message) => message.is_inbound() && !self.arrived_while_blocked(),
            Self::Call(_) => !self.arrived_while_blocked(),
        }
    }

    /// Returns whether the number was blocked when the entry was recorded.
    #[must_use]
    pub fn arrived_while_blocked(&self) -> bool {
        match self {
            Self::Message(message) => matches!(message.kind, MessageKind::Inbound { while_blocked: true, .. }),
            Self::Call(call) => call.while_blocked,
        }
    }
}
