use serde::{Deserialize, Serialize};

use crate::conversation::digest;
use crate::{
    Appointment, AppointmentDetails, AppointmentId, AppointmentVersion, ConversationId, OptOut, OptOutCause, Position,
    Timestamp,
};

/// An action of a member of staff on a customer's data, other than a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAction {
    pub at: Position,
    /// The name of the member of staff.
    pub by: String,
    pub done: StaffActionKind,
}

/// The kinds of actions on a customer's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StaffActionKind {
    /// The member of staff recorded that the customer opted out of texts.
    OptedOut,
    /// The member of staff blocked the customer's number, so that its messages cause no notification.
    Blocked,
    Unblocked,
    /// The member of staff exported all data of the customer.
    Exported,
    /// The member of staff saved an appointment. `before` and `after` are its details before and after the change; each
    /// is `None` if the appointment was not the customer's at that time.
    Appointment {
        id: AppointmentId,
        before: Option<Box<AppointmentDetails>>,
        after: Option<Box<AppointmentDetails>>,
    },
}

impl StaffAction {
    /// Returns the action for an opt-out that a member of staff recorded; `None` for an opt-out with another cause.
    #[must_use]
    pub fn opted_out(out: &OptOut) -> Option<Self> {
        let OptOutCause::Staff { by } = &out.cause else { return None };
        Some(Self { at: out.at, by: by.clone(), done: StaffActionKind::OptedOut })
    }

    /// Returns the action for blocking the number.
    #[must_use]
    pub fn blocked(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("block", &[by])), by: by.to_owned(), done: StaffActionKind::Blocked }
    }

    /// Returns the action for unblocking the number.
    #[must_use]
    pub fn unblocked(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("unblock", &[by])), by: by.to_owned(), done: StaffActionKind::Unblocked }
    }

    /// Returns the action for exporting the customer's data.
    #[must_use]
    pub fn exported(by: &str, at: Timestamp) -> Self {
        Self { at: Position::new(at, digest("export", &[by])), by: by.to_owned(), done: StaffActionKind::Exported }
    }

    /// Returns the action for saving an appointment, as seen by the customer of a conversation. Details of a version
    /// for another customer are left out.
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
            done: StaffActionKind::Appointment {
                id: appointment.id.clone(),
                before: before.and_then(|before| theirs(&before.now)),
                after: theirs(&appointment.now),
            },
        }
    }
}
