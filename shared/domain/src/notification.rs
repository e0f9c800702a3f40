use crate::{Conversation, Event};

/// Something of a customer's that staff are told of, an inbound message or how a confirmation call
/// ended, with whom it is about.
#[derive(Clone, Debug)]
pub struct Notification {
    pub event: Event,
    pub conversation: Conversation,
}
