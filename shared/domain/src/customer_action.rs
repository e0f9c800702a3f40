use serde::{Deserialize, Serialize};

use crate::conversation::digest;
use crate::{
    Appointment, AppointmentDetails, AppointmentId, AppointmentVersion, ConversationId, OptOut, OptOutCause, Position,
    Timestamp,
};

/// What somebody did about a customer that no message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAction {
    pub at: Position,
    /// By name.
    pub by: String,
    pub done: CustomerActionKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CustomerActionKind {
    /// Noted that the customer wants no texts.
    OptedOut,
    /// Blocked the customer's number, so that nobody is told of what comes from it.
    Blocked,
    Unblocked,
    /// Took a copy of all that is held of the customer.
    Exported,
    /// Saved an appointment, as it was and as it is: so much of it as was the customer's.
    Appointment {
        id: AppointmentId,
        before: Option<Box<AppointmentDetails>>,
        after: Option<Box<AppointmentDetails>>,
    },
}

impl CustomerAction {
    /// `None` where it was not a member of staff who told of an opt-out.
    #[must_use]
    pub fn opted_out(out: &OptOut) -> Option<Self> {
        let OptOutCause::Staff { by } = &out.cause else { return None };
        Some(Self { at: out.at, by: by.clone(), done: CustomerActionKind::OptedOut })
    }

    #[must_use]
    pub fn blocked(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("block", &[by])), by: by.to_owned(), done: CustomerActionKind::Blocked }
    }

    #[must_use]
    pub fn unblocked(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("unblock", &[by])), by: by.to_owned(), done: CustomerActionKind::Unblocked }
    }

    #[must_use]
    pub fn exported(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("export", &[by])), by: by.to_owned(), done: CustomerActionKind::Exported }
    }

    /// What a save is to the customer of a conversation. Of what it was or is as somebody else's it says nothing.
    #[must_use]
    pub fn appointment_saved(
        before: Option<&Appointment>,
        appointment: &Appointment,
        conversation: ConversationId,
    ) -> Self {
        let theirs =
            |version: &AppointmentVersion| version.is_of(conversation).then(|| Box::new(version.details.clone()));
        let AppointmentVersion { number, by, at, .. } = &appointment.now;
        Self {
            at: Position::new(*at, digest("deed", &[appointment.id.as_str(), &number.to_string()])),
            by: by.clone(),
            done: CustomerActionKind::Appointment {
                id: appointment.id.clone(),
                before: before.and_then(|before| theirs(&before.now)),
                after: theirs(&appointment.now),
            },
        }
    }
}
