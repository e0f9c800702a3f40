//! The heartbeat: a text that a deployment sends to itself, to check that inbound messages are processed.
//!
//! The heartbeat arrives at the line of a reserved company. That company has separate table partitions, so no other
//! company sees the heartbeat.

use crate::company::CompanyId;
use crate::{ConversationId, ConversationKey, Line, MessageId, PhoneNumber, Sender, Timestamp};

/// The `inboundMessageId` of a heartbeat. The id is always the same, so the record of every heartbeat has the same key.
pub const INBOUND_ID: &str = "heartbeat";

/// The text of a heartbeat: neither an SMS keyword nor empty.
pub const TEXT: &str = "Heartbeat";

/// The seconds within which a heartbeat must be processed. A heartbeat that takes longer counts as lost.
pub const FRESH_SECS: u64 = 15 * 60;

/// Returns the reserved company that owns the heartbeat's line.
#[must_use]
pub fn company() -> CompanyId {
    CompanyId::of_heartbeat()
}

/// Returns the line that receives the heartbeat.
///
/// North America's plan reserves 555-0100 to 555-0199 of every area code for fiction. No subscriber has such a number,
/// and the SMS service sells none of these numbers.
#[must_use]
pub fn line() -> Line {
    Line {
        number: PhoneNumber::from_e164("+12025550100"),
        company: company(),
        // The only conversation of this company is with a reserved number, so the key protects no secret.
        conversation_key: ConversationKey::new("heartbeat".to_owned()),
        carries: crate::LineCapability::Texts,
        pool: None,
    }
}

/// Returns the sender of the heartbeat.
#[must_use]
pub fn customer() -> Sender {
    Sender::Number(PhoneNumber::from_e164("+12025550101"))
}

/// Returns the id of the heartbeat's conversation.
#[must_use]
pub fn conversation() -> ConversationId {
    line().conversation_key.conversation_with_sender(&customer())
}

/// Returns the id of the heartbeat's message.
#[must_use]
pub fn message() -> MessageId {
    MessageId::of_inbound(&company(), INBOUND_ID)
}

/// Returns whether a heartbeat sent at `sent` still shows that inbound messages are processed.
#[must_use]
pub fn is_fresh(sent: Timestamp, now: Timestamp) -> bool {
    now < sent.plus_secs(FRESH_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keyword, OptOutManagement};

    #[test]
    fn its_numbers_are_read_as_any_others() {
        for number in [line().number.as_str(), customer().as_str()] {
            let read = PhoneNumber::mobile(number, "US".parse().unwrap());
            assert_eq!(read.as_ref().map(PhoneNumber::as_str), Ok(number));
            assert_eq!(Sender::read(number).unwrap().as_str(), number);
        }
        assert_eq!(company().as_str().parse(), Ok(company()));
    }

    #[test]
    fn its_text_asks_for_nothing() {
        for managed in [OptOutManagement::ByUs, OptOutManagement::ByTheService] {
            assert_eq!(Keyword::of_text(TEXT, managed), None);
        }
    }
}
