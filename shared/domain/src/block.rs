use serde::{Deserialize, Serialize};

use crate::{ConversationCustomer, ConversationId, Position, Sender};

/// A block of a customer's number by staff. Messages and calls from the number are stored, but cause no notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    #[serde(rename = "blocked_since")]
    pub since: Position,
    /// The name of the member of staff who blocked the number.
    #[serde(rename = "blocked_by")]
    pub by: String,
    /// The blocked sender; `None` once the customer was erased.
    #[serde(rename = "number", default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

impl Block {
    /// The sentence for a member of staff who wants to text a blocked number.
    pub const NO_TEXTING: &str = "This number is blocked. Unblock it to text it.";
}

/// A blocked number, with the customer who has the number.
#[derive(Clone, Debug)]
pub struct BlockedNumber {
    pub conversation: ConversationId,
    pub block: Block,
    /// `None` if the number has no recent conversation and no appointment.
    pub customer: Option<ConversationCustomer>,
}
