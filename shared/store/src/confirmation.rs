//! The last text to a customer who has opted out, where the SMS service leaves it to us.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use domain::{Event, Line, Message, MessageId, MessageKind, OutboundText, Progress, Timestamp};

use crate::error::misshapen;
use crate::guard::Done;
use crate::transaction::Transacted;
use crate::{Arrival, Store, StoreError, keys};

/// Who sends what nobody wrote.
const SWITCHBOARD: &str = "Switchboard";

impl Store {
    /// Records the confirmation of an opt-out as about to be sent, if that is what is in force: of everything
    /// that is sent to the customer the last. `None` if it was recorded before. One request.
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
                by: SWITCHBOARD.to_owned(),
                progress: Progress::Queued,
                again: None,
                tried_again: None,
            },
        };
        let guard = self.put_guard(keys::request_guard(id), Done { conversation, position: message.position }, now)?;
        let event = self.put_event(&line.company, &Event::Message(message.clone()), self.retention.expires(at))?;
        let in_force = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::opt_out(&line.company, conversation).attributes()))
            .condition_expression("#at = :at AND #state = :out")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":at", AttributeValue::S(opt_out.id.at(opt_out.at).to_string()))
            .expression_attribute_values(":out", AttributeValue::S("out".to_owned()))
            .build()
            .map_err(misshapen("TransactWriteItems"))?;
        let in_force = TransactWriteItem::builder().condition_check(in_force).build();
        Ok(match self.transact(vec![guard, event, in_force]).await? {
            Transacted::Done => Some(message),
            Transacted::Refused(_) => None,
        })
    }
}
