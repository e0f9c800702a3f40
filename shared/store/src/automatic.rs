//! Automatic texts: the opt-out acknowledgement and the answer to HELP. They are used if Switchboard manages opt-outs
//! and the SMS service does not.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Company, DeliveryProgress, Line, Message, MessageId, MessageKind, OutboundText, TimelineEntry, Timestamp,
};

use crate::idempotency::CompletedWrite;
use crate::transaction::TransactionOutcome;
use crate::{ReceivedMessage, Store, StoreError, keys};

impl Store {
    /// Records an opt-out acknowledgement as queued, if the opt-out is still the customer's latest choice.
    ///
    /// The acknowledgement is the last text that the customer is sent. Returns `None` if an acknowledgement was already
    /// recorded since the customer's last opt-in. Makes one DynamoDB request.
    pub async fn queue_confirmation(
        &self,
        line: &Line,
        opt_out: &ReceivedMessage,
        text: &OutboundText,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let message = automatic(line, opt_out, MessageId::of_confirmation(&line.company, opt_out.id), text, now);
        let confirmed = self.confirmed(&line.company, message.conversation, opt_out.id.position(opt_out.at))?;
        self.queue_automatic(line, message, confirmed).await
    }

    /// Records an answer to HELP as queued, also for a customer who has opted out. Returns `None` if an answer to HELP
    /// was already recorded for the customer on the same day in the company's time zone. Makes one DynamoDB request.
    pub async fn queue_help(
        &self,
        line: &Line,
        company: &Company,
        asked: &ReceivedMessage,
        text: &OutboundText,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let message = automatic(line, asked, MessageId::of_help(&line.company, asked.id), text, now);
        let (today, _) = company.time_zone.local(now);
        let guard = keys::help_guard(&line.company, message.conversation, today);
        let done = CompletedWrite { conversation: message.conversation, position: message.position };
        let guard = self.put_guard(guard, done, now)?;
        self.queue_automatic(line, message, guard).await
    }

    async fn queue_automatic(
        &self,
        line: &Line,
        message: Message,
        once: TransactWriteItem,
    ) -> Result<Option<Message>, StoreError> {
        let expires = self.retention.expires(message.position.at);
        let event = self.put_event(&line.company, &TimelineEntry::Message(message.clone()), expires)?;
        Ok(match self.transact(vec![event, once]).await? {
            TransactionOutcome::Done => Some(message),
            TransactionOutcome::Refused(_) => None,
        })
    }
}

fn automatic(line: &Line, answered: &ReceivedMessage, id: MessageId, text: &OutboundText, now: Timestamp) -> Message {
    // The answer must sort after the text that it answers, even within the same millisecond.
    let at = Timestamp::from_millis(now.max(answered.at).as_millis() + 1);
    Message {
        conversation: line.conversation_key.conversation_with_sender(&answered.from),
        position: id.position(at),
        line: line.number.clone(),
        text: text.as_str().to_owned(),
        kind: MessageKind::Outbound {
            by: Message::SWITCHBOARD.to_owned(),
            staff: None,
            progress: DeliveryProgress::Queued,
            again: None,
            tried_again: None,
        },
    }
}
