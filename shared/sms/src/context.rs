//! The context of an outbound message, which the message's delivery receipts return and which identifies the message.

use std::collections::HashMap;

use domain::{CompanyId, ConversationId, Position};

use crate::client::OutboundMessage;

const COMPANY: &str = "company";
const CONVERSATION: &str = "conversation";
const MESSAGE: &str = "message";

pub(crate) fn context_of(OutboundMessage { company, message, .. }: OutboundMessage<'_>) -> HashMap<String, String> {
    HashMap::from([
        (COMPANY.to_owned(), company.to_string()),
        (CONVERSATION.to_owned(), message.conversation.to_string()),
        (MESSAGE.to_owned(), message.position.to_string()),
    ])
}

/// Parses the context of a delivery receipt. Returns `None` if this deployment did not send the message.
pub(crate) fn read(context: &HashMap<String, String>) -> Option<(CompanyId, ConversationId, Position)> {
    Some((
        context.get(COMPANY)?.parse().ok()?,
        context.get(CONVERSATION)?.parse().ok()?,
        context.get(MESSAGE)?.parse().ok()?,
    ))
}
