use crate::{Conversation, Message};

/// Something of a customer's that staff are told of: an inbound message, with whom it is from.
#[derive(Clone, Debug)]
pub struct Notification {
    pub message: Message,
    pub conversation: Conversation,
}
