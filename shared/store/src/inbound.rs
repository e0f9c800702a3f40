use domain::{
    ConversationId, Keyword, Line, Message, MessageId, MessageKind, OptOut, OptOutCause, OptOutManagement, OptOutState,
    RequiredAction, Sender, TimelineEntry, Timestamp,
};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::idempotency::CompletedWrite;
use crate::summary::{SummaryItem, SummaryUpdate, UpdateOrder, UpdateSource};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// A customer's SMS that reached one of a company's lines.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub id: MessageId,
    pub at: Timestamp,
    pub from: Sender,
    pub text: String,
    pub opt_outs: OptOutManagement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    New,
    /// It was delivered before: nothing has changed.
    AlreadyThere,
}

impl Store {
    /// Records an SMS once, however often it is delivered: the guard, the message and the
    /// conversation's head in one transaction; for a keyword with which customers opt out or in also
    /// that. One request, two if it comes out of order, or from a number that is blocked.
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
        let mut stands = UpdateOrder::Newest;
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
            // What is beyond the retention before it is stored is never shown, and nobody waits for
            // an answer to it.
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
            // The event has no condition.
            let mut refused = refused.skip(1);
            if refused.next().flatten().is_some() {
                while_blocked = !while_blocked;
            }
            if opted.is_some() && refused.next().flatten().is_some() {
                // What they said later is known already.
                opted = None;
            }
            if let Some(head) = refused.next().flatten() {
                stands = UpdateOrder::order_of(&SummaryItem::read(head, "TransactWriteItems")?, &news);
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

/// What a text that is a keyword says of whether its writer gets texts.
fn opt_out_change(message: &Message) -> Option<OptOutState> {
    let at = message.position;
    match message.wish()? {
        Keyword::Stop(word) => {
            Some(OptOutState::Out(OptOut { at, cause: OptOutCause::Keyword { word: word.to_owned() } }))
        }
        Keyword::Start => Some(OptOutState::In { at }),
        Keyword::Help | Keyword::SeemsToStop | Keyword::MayBeStopped(_) => None,
    }
}
