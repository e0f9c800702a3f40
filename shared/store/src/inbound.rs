use domain::{
    ConversationId, Keyword, Line, Message, MessageId, MessageKind, OptOut, OptOutCause, OptOutManagement, OptOutState,
    RequiredAction, Sender, TimelineEntry, Timestamp,
};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::idempotency::CompletedWrite;
use crate::summary::{RelativeOrder, SummaryItem, SummaryUpdate, UpdateSource};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// An inbound message on one of a company's lines.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub id: MessageId,
    pub at: Timestamp,
    pub from: Sender,
    pub text: String,
    pub opt_outs: OptOutManagement,
}

/// The result of recording an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    New,
    /// The message was recorded before. Nothing has changed.
    AlreadyThere,
}

impl Store {
    /// Records an inbound message once, even if it is delivered repeatedly.
    ///
    /// Writes the idempotency record, the message and the conversation summary in one transaction, and for an opt-out
    /// or opt-in keyword the opt-out state. Makes one DynamoDB request, or two if the message arrives out of order or
    /// from a blocked number.
    pub async fn record_inbound(
        &self,
        line: &Line,
        arrival: &ReceivedMessage,
        now: Timestamp,
    ) -> Result<RecordOutcome, StoreError> {
        let conversation = line.conversation_key.conversation_with_sender(&arrival.from);
        let position = arrival.id.position(arrival.at);
        let guard = self.put_guard(keys::inbound_guard(arrival.id), CompletedWrite { conversation, position }, now)?;
        let mut opted = opt_out_change(&message(line, arrival, conversation, false));
        let mut stands = RelativeOrder::Newest;
        let mut while_blocked = false;
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let message = message(line, arrival, conversation, while_blocked);
            let news = SummaryUpdate {
                company: &line.company,
                conversation,
                sender: &arrival.from,
                line: &line.number,
                position,
                text: &arrival.text,
                from: UpdateSource::Customer(RequiredAction::of_message(&message).unwrap_or(RequiredAction::Nothing)),
                while_blocked,
                floor: self.retention.oldest_position(now),
                expires: self.retention.expires(arrival.at),
            };
            let event = self.put_event(&line.company, &TimelineEntry::Message(message.clone()), news.expires)?;
            let mut writes = vec![guard.clone(), event, self.is_blocked(&line.company, conversation, while_blocked)?];
            if let Some(opted) = &opted {
                writes.push(self.put_opt_out_state(&line.company, conversation, opted)?);
            }
            // A message past its retention is never shown, so the message does not count as unanswered.
            if news.position >= news.floor {
                writes.push(self.update_summary(&news, stands)?);
            }
            let TransactionOutcome::Refused(refused) = self.transact(writes).await? else {
                return Ok(RecordOutcome::New);
            };
            let mut refused = refused.into_iter();
            if refused.next().flatten().is_some() {
                return Ok(RecordOutcome::AlreadyThere);
            }
            // The write of the message has no condition, so its result is skipped.
            let mut refused = refused.skip(1);
            if refused.next().flatten().is_some() {
                while_blocked = !while_blocked;
            }
            if opted.is_some() && refused.next().flatten().is_some() {
                // A later opt-out or opt-in of the customer is stored already.
                opted = None;
            }
            if let Some(summary) = refused.next().flatten() {
                stands = RelativeOrder::order_of(&SummaryItem::read(summary, "TransactWriteItems")?, &news);
            }
        }
        Err(contended())
    }
}

fn message(line: &Line, arrival: &ReceivedMessage, conversation: ConversationId, while_blocked: bool) -> Message {
    Message {
        conversation,
        position: arrival.id.position(arrival.at),
        line: line.number.clone(),
        text: arrival.text.clone(),
        kind: MessageKind::Inbound { opt_outs: arrival.opt_outs, while_blocked },
    }
}

/// Returns the opt-out state that follows from an inbound message, if it is an opt-out or opt-in keyword.
fn opt_out_change(message: &Message) -> Option<OptOutState> {
    let at = message.position;
    match message.keyword()? {
        Keyword::Stop(word) => {
            Some(OptOutState::Out(OptOut { at, cause: OptOutCause::Keyword { word: word.to_owned() } }))
        }
        Keyword::Start => Some(OptOutState::In { at }),
        Keyword::Help | Keyword::SeemsToStop | Keyword::MayBeStopped(_) => None,
    }
}
