//! The timeline entries that staff are notified of.

use domain::{
    AppointmentId, CallOutcome, ConversationId, ConversationSummary, DeliveryProgress, DeliveryStatus, MessageKind,
    Position, StaffId, TimelineEntry, Timestamp,
};

/// A timeline entry that staff are notified of: an inbound message, a call, or a message that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PushEvent {
    pub(crate) conversation: ConversationId,
    pub(crate) position: Position,
    pub(crate) content: EventContent,
}

/// The content of a push event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventContent {
    Text(String),
    /// A call about an appointment in which the customer pressed a key, and which needs an answer.
    ByPhone {
        outcome: CallOutcome,
        appointment: Option<AppointmentId>,
    },
    /// An outbound message that was rejected or not delivered, or may not have been sent. Only its author is notified.
    NotDelivered {
        to: StaffId,
        /// When the failure became known. `None` if the message was rejected at once.
        at: Option<Timestamp>,
        /// Whether it is certain that the message did not arrive.
        is_known: bool,
        sentence: &'static str,
    },
}

impl PushEvent {
    /// Returns the event of a timeline entry. Returns `None` for entries that staff are not notified of.
    ///
    /// These are outbound messages without a failure, calls that need no answer, and all entries of a blocked number.
    pub(crate) fn from_entry(event: &TimelineEntry) -> Option<Self> {
        if event.arrived_while_blocked() {
            return None;
        }
        let said = match event {
            TimelineEntry::Message(message) if message.is_inbound() => EventContent::Text(message.text.clone()),
            TimelineEntry::Call(call) if call.outcome.needs_an_answer() => {
                EventContent::ByPhone { outcome: call.outcome, appointment: call.appointment.clone() }
            }
            TimelineEntry::Message(message) => not_delivered(&message.kind)?,
            TimelineEntry::Call(_) => return None,
        };
        Some(Self { conversation: event.conversation(), position: event.position(), content: said })
    }

    /// Returns the event of a changed entry, if staff were not notified of it before.
    ///
    /// Staff are notified of an entry once. If a message may not have been sent, they are notified again when its
    /// failure is certain.
    pub(crate) fn from_change(before: Option<&TimelineEntry>, event: &TimelineEntry) -> Option<Self> {
        let (before, now) = (before.and_then(Self::from_entry), Self::from_entry(event)?);
        let is_told = before.is_some_and(|before| before.is_known() || !now.is_known());
        (!is_told).then_some(now)
    }

    /// Returns whether the result is certain. Returns `false` for a message that may not have been sent.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.content, EventContent::NotDelivered { is_known: false, .. })
    }

    /// Returns when the event happened. Its time limit counts from then.
    pub(crate) fn since_when(&self) -> Timestamp {
        match &self.content {
            EventContent::NotDelivered { at: Some(at), .. } => *at,
            EventContent::Text(_) | EventContent::ByPhone { .. } | EventContent::NotDelivered { at: None, .. } => {
                self.position.at
            }
        }
    }

    /// Returns whether staff are still notified of the event, given the current conversation.
    ///
    /// The author of a message that did not arrive is always notified. Staff are not notified of other events of a
    /// number that has been blocked since.
    pub(crate) fn needs_notification(&self, conversation: &ConversationSummary) -> bool {
        self.only_for().is_some() || !conversation.is_blocked
    }

    /// Returns the only recipient. Returns `None` if the event is for all staff whose preferences include it.
    pub(crate) fn only_for(&self) -> Option<&StaffId> {
        match &self.content {
            EventContent::NotDelivered { to, .. } => Some(to),
            EventContent::Text(_) | EventContent::ByPhone { .. } => None,
        }
    }
}

fn not_delivered(kind: &MessageKind) -> Option<EventContent> {
    // A message that was sent again needs no notification, because staff already know of its failure.
    let MessageKind::Outbound { staff: Some(staff), progress, tried_again: None, .. } = kind else { return None };
    let (at, sentence, is_known) = match progress {
        DeliveryProgress::Failed { refusal } => (None, refusal.sentence(), true),
        DeliveryProgress::Undelivered { at, why, .. } => (Some(*at), why.sentence(), true),
        DeliveryProgress::Unconfirmed { at } => (Some(*at), DeliveryStatus::UNCONFIRMED, false),
        DeliveryProgress::Queued | DeliveryProgress::Sent { .. } | DeliveryProgress::Delivered { .. } => return None,
    };
    Some(EventContent::NotDelivered { to: staff.clone(), at, is_known, sentence })
}

#[cfg(test)]
mod tests {
    use domain::{Call, Message, OptOutManagement, PhoneNumber};

    use super::*;

    fn message(kind: MessageKind) -> TimelineEntry {
        TimelineEntry::Message(Message {
            conversation: "0".repeat(32).parse().unwrap(),
            position: Position::new(Timestamp::from_millis(1), 1),
            line: PhoneNumber::e164("+14255550100").unwrap(),
            text: "hello".to_owned(),
            kind,
        })
    }

    fn call(outcome: CallOutcome) -> TimelineEntry {
        TimelineEntry::Call(Call {
            conversation: "0".repeat(32).parse().unwrap(),
            position: Position::new(Timestamp::from_millis(1), 1),
            line: PhoneNumber::e164("+14255550100").unwrap(),
            appointment: None,
            outcome,
            while_blocked: false,
        })
    }

    #[test]
    fn a_text_of_a_customer_is_news_once_and_ours_is_none() {
        let inbound = message(MessageKind::Inbound { opt_outs: OptOutManagement::ByTheService, while_blocked: false });
        assert!(PushEvent::from_change(None, &inbound).is_some());
        assert_eq!(PushEvent::from_change(Some(&inbound), &inbound), None);
        let ours = message(MessageKind::Outbound {
            by: "Dana".to_owned(),
            staff: None,
            progress: DeliveryProgress::Queued,
            again: None,
            tried_again: None,
        });
        assert_eq!(PushEvent::from_change(None, &ours), None);
    }

    #[test]
    fn a_call_is_news_when_it_comes_to_need_an_answer() {
        use CallOutcome::{AsksToReschedule, Confirmed, Declined, NoAnswer};
        let is_news =
            |before: Option<CallOutcome>, now| PushEvent::from_change(before.map(call).as_ref(), &call(now)).is_some();
        assert!(
            is_news(None, Declined) && is_news(Some(NoAnswer), AsksToReschedule) && is_news(Some(Confirmed), Declined)
        );
        assert!(!is_news(None, Confirmed) && !is_news(None, NoAnswer) && !is_news(Some(AsksToReschedule), Declined));
    }
}
