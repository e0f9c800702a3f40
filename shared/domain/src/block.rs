use serde::{Deserialize, Serialize};

use crate::{ConversationId, CustomerRef, Position, Sender};

/// That staff have blocked a number: what comes from it is kept, and nobody is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    #[serde(rename = "blocked_since")]
    pub since: Position,
    /// Who did it, by name.
    #[serde(rename = "blocked_by")]
    pub by: String,
    /// Whose texts they are; `None` once the customer was erased.
    #[serde(rename = "number", default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

impl Block {
    /// What is said to whoever wants to text the number.
    pub const NO_TEXTING: &str = "This number is blocked. Unblock it to text it.";
}

/// A number that is blocked, and what is known of it.
#[derive(Clone, Debug)]
pub struct BlockedNumber {
    pub conversation: ConversationId,
    pub block: Block,
    /// `None` where nothing was said lately, and no appointment names the number.
    pub customer: Option<CustomerRef>,
}
