//! The last text to a customer who has opted out, where the SMS service leaves it to us.

use domain::{Event, Line, Message, MessageId, MessageKind, OutboundText, Progress, Timestamp};

use crate::transaction::Transacted;
use crate::{Arrival, Store, StoreError};

impl Store {
    /// Records the confirmation of an opt-out as about to be sent, if that is what is in force: of everything
    /// that is sent to the customer the last. `None` if one was recorded since they last got texts. One request.
    pub async fn queue_confirmation(
        &self,
        line: &Line,
        opt_out: &Arrival,
        text: &OutboundText,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let conversation = line.conversation_key.conversation_with(&opt_out.from);
        let id = MessageId::of_confirmation(&line.company, opt_out.id);
        // After what it answers, also within a millisecond.
        let at = Timestamp::from_millis(now.max(opt_out.at).as_millis() + 1);
        let message = Message {
            conversation,
            position: id.at(at),
            line: line.number.clone(),
            text: text.as_str().to_owned(),
            kind: MessageKind::Outbound {
                by: Message::SWITCHBOARD.to_owned(),
                staff: None,
                progress: Progress::Queued,
                again: None,
                tried_again: None,
            },
        };
        let event = self.put_event(&line.company, &Event::Message(message.clone()), self.retention.expires(at))?;
        let confirmed = self.confirmed(&line.company, conversation, opt_out.id.at(opt_out.at))?;
        Ok(match self.transact(vec![event, confirmed]).await? {
            Transacted::Done => Some(message),
            Transacted::Refused(_) => None,
        })
    }
}
