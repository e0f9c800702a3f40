//! What staff are told of, of what happens in conversations.

use domain::{
    AppointmentId, CallOutcome, ConversationId, ConversationSummary, DeliveryProgress, DeliveryStatus, MessageKind,
    Position, StaffId, TimelineEntry, Timestamp,
};

/// Something that a customer said, and somebody may want to answer; or that they did not get what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PushEvent {
    pub(crate) conversation: ConversationId,
    pub(crate) position: Position,
    pub(crate) content: EventContent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventContent {
    Text(String),
    /// By a key, in a call about an appointment: one that needs an answer.
    ByPhone {
        outcome: CallOutcome,
        appointment: Option<AppointmentId>,
    },
    /// What somebody wrote was refused or given back, or nobody knows whether it went out. Only they are told.
    NotDelivered {
        to: StaffId,
        /// When that came out; `None` where it was refused at once.
        at: Option<Timestamp>,
        /// Whether it is known not to have arrived.
        is_known: bool,
        sentence: &'static str,
    },
}

impl PushEvent {
    /// `None` for what nobody is told of: what we said ourselves and is not known to have failed, calls that nobody
    /// has to answer, and what came from a number that was blocked.
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

    /// What is news of an event that was something else before, or nothing: each is told of once, and what was not known
    /// then once more when it is.
    pub(crate) fn from_change(before: Option<&TimelineEntry>, event: &TimelineEntry) -> Option<Self> {
        let (before, now) = (before.and_then(Self::from_entry), Self::from_entry(event)?);
        let is_told = before.is_some_and(|before| before.is_known() || !now.is_known());
        (!is_told).then_some(now)
    }

    /// `false` for a text of which nobody knows whether it went out.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.content, EventContent::NotDelivered { is_known: false, .. })
    }

    /// From when on it is news.
    pub(crate) fn since_when(&self) -> Timestamp {
        match &self.content {
            EventContent::NotDelivered { at: Some(at), .. } => *at,
            EventContent::Text(_) | EventContent::ByPhone { .. } | EventContent::NotDelivered { at: None, .. } => {
                self.position.at
            }
        }
    }

    /// Whether anybody is told, as its conversation is by now: who wrote a text that did not arrive is, and nobody of a
    /// number that was blocked meanwhile.
    pub(crate) fn needs_notification(&self, conversation: &ConversationSummary) -> bool {
        self.only_for().is_some() || !conversation.is_blocked
    }

    /// Whom it is for; `None` if it is for all who want to be told of the customer.
    pub(crate) fn only_for(&self) -> Option<&StaffId> {
        match &self.content {
            EventContent::NotDelivered { to, .. } => Some(to),
            EventContent::Text(_) | EventContent::ByPhone { .. } => None,
        }
    }
}

fn not_delivered(kind: &MessageKind) -> Option<EventContent> {
    // Who has tried again knows of it.
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
