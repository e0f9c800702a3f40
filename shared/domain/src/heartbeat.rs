//! The text that a deployment sends itself, to see that what customers write comes through.
//!
//! It comes to the line of a company that nobody is: its partitions of the table are its own, so no company sees it.

use crate::company::CompanyId;
use crate::{ConversationId, ConversationKey, Line, MessageId, PhoneNumber, Sender, Timestamp};

/// As the SMS service would have it. The same each time: what one heartbeat left, the next finds by its key.
pub const INBOUND_ID: &str = "heartbeat";

/// Neither a keyword nor empty.
pub const TEXT: &str = "Heartbeat";

/// One that takes longer than this to come through is as good as none.
pub const FRESH_SECS: u64 = 15 * 60;

/// The company of the line.
#[must_use]
pub fn company() -> CompanyId {
    CompanyId::of_heartbeat()
}

/// The line that it comes to.
///
/// North America's plan keeps 555-0100 to 555-0199 of every area code for fiction: nobody is given one, and the SMS
/// service sells none.
#[must_use]
pub fn line() -> Line {
    Line {
        number: PhoneNumber::from_e164("+12025550100"),
        company: company(),
        // Whose number its one conversation is with is no secret.
        conversation_key: ConversationKey::new("heartbeat".to_owned()),
        carries: crate::LineCapability::Texts,
        pool: None,
    }
}

/// Whom it is from.
#[must_use]
pub fn customer() -> Sender {
    Sender::Number(PhoneNumber::from_e164("+12025550101"))
}

#[must_use]
pub fn conversation() -> ConversationId {
    line().conversation_key.conversation_with_sender(&customer())
}

#[must_use]
pub fn message() -> MessageId {
    MessageId::of_inbound(&company(), INBOUND_ID)
}

/// Whether one that was sent at a moment still says that texts come through.
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
