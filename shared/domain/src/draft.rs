use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AppointmentId, ConversationId, Timestamp};

/// The name of the form that a draft belongs to. The name contains only ids, and no data of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftName {
    NewMessage,
    NewAppointment,
    Conversation(ConversationId),
    Appointment(AppointmentId),
}

/// The error for a text that is not the name of a draft.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the name of a draft")]
pub struct InvalidDraftName;

const NEW_MESSAGE: &str = "new-message";
const NEW_APPOINTMENT: &str = "new-appointment";
const CONVERSATION: &str = "conversation-";
const APPOINTMENT: &str = "appointment-";

impl FromStr for DraftName {
    type Err = InvalidDraftName;
    fn from_str(text: &str) -> Result<Self, InvalidDraftName> {
        if let Some(id) = text.strip_prefix(CONVERSATION) {
            return id.parse().map(Self::Conversation).map_err(|_| InvalidDraftName);
        }
        if let Some(id) = text.strip_prefix(APPOINTMENT) {
            return id.parse().map(Self::Appointment).map_err(|_| InvalidDraftName);
        }
        match text {
            NEW_MESSAGE => Ok(Self::NewMessage),
            NEW_APPOINTMENT => Ok(Self::NewAppointment),
            _ => Err(InvalidDraftName),
        }
    }
}

impl fmt::Display for DraftName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewMessage => f.write_str(NEW_MESSAGE),
            Self::NewAppointment => f.write_str(NEW_APPOINTMENT),
            Self::Conversation(id) => write!(f, "{CONVERSATION}{id}"),
            Self::Appointment(id) => write!(f, "{APPOINTMENT}{id}"),
        }
    }
}

/// The fields of a form that a member of staff has filled in, but not yet sent or saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormDraft {
    pub fields: BTreeMap<String, String>,
    /// The content of the last attempt to send or save the form, with its idempotency key. A device that submits the
    /// same content uses the same key, so it creates no second message or appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The appointment version that the change started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Why a draft cannot be saved. The text of each variant is a sentence for the person who filled in the form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidDraft {
    #[error("A draft has at most 20 fields, each named by 1 to 40 characters.")]
    Fields,
    #[error("This is too long to be kept as a draft. Shorten it, or send it.")]
    TooLong,
}

impl FormDraft {
    /// The seconds for which a draft is kept after its last change.
    pub const RETENTION_SECS: u64 = 7 * 24 * 60 * 60;

    /// The largest number of fields: more than any form has.
    const MOST_FIELDS: usize = 20;
    const LONGEST_NAME: usize = 40;

    /// The largest size in bytes. Notes of 2,000 four-byte characters fit twice: as written, and as last tried.
    const MOST_BYTES: usize = 24 * 1024;

    /// Checks the size of the draft. Fails with `Fields` for more than 20 fields or a name that is not 1 to 40
    /// characters, and with `TooLong` above 24 KiB.
    pub fn check(&self) -> Result<(), InvalidDraft> {
        let is_named = |name: &String| (1..=Self::LONGEST_NAME).contains(&name.chars().count());
        if self.fields.len() > Self::MOST_FIELDS || !self.fields.keys().all(is_named) {
            return Err(InvalidDraft::Fields);
        }
        let fields = self.fields.iter().map(|(name, value)| name.len() + value.len());
        let others = [&self.tried, &self.key, &self.version].into_iter().flatten().map(String::len);
        if fields.chain(others).sum::<usize>() > Self::MOST_BYTES {
            return Err(InvalidDraft::TooLong);
        }
        Ok(())
    }
}

/// A saved draft, with the time of its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedDraft {
    pub draft: FormDraft,
    pub saved_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_a_form_and_nothing_else() {
        let conversation = format!("conversation-{}", "0a".repeat(16));
        let longest = format!("appointment-{}", "a".repeat(64));
        for name in
            ["new-message", "new-appointment", &conversation, "appointment-7f3a", "appointment-PMS_1.2", &longest]
        {
            assert_eq!(name.parse::<DraftName>().map(|it| it.to_string()).as_deref(), Ok(name));
        }
        let too_long = format!("appointment-{}", "a".repeat(65));
        for bad in
            ["", "new", "conversation-", "conversation-x", "appointment-", "appointment-a#b", "new-message#", &too_long]
        {
            assert_eq!(bad.parse::<DraftName>(), Err(InvalidDraftName), "{bad:?}");
        }
    }

    fn draft(fields: &[(&str, &str)]) -> FormDraft {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        FormDraft { fields, tried: None, key: None, version: None }
    }

    #[test]
    fn the_longest_notes_that_can_be_saved_can_be_a_draft_that_was_tried() {
        let notes = "\u{1F642}".repeat(2000);
        let tried = FormDraft { tried: Some(notes.clone()), ..draft(&[("notes", &notes)]) };
        assert_eq!(tried.check(), Ok(()));
        assert_eq!(draft(&[("notes", &notes.repeat(4))]).check(), Err(InvalidDraft::TooLong));
    }

    #[test]
    fn a_draft_has_as_many_fields_as_a_form_could_have() {
        let names: Vec<_> = (0..21).map(|n| n.to_string()).collect();
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(draft(&fields[..20]).check(), Ok(()));
        assert_eq!(draft(&fields).check(), Err(InvalidDraft::Fields));
        assert_eq!(draft(&[("", "")]).check(), Err(InvalidDraft::Fields));
        assert_eq!(draft(&[(&"n".repeat(41), "")]).check(), Err(InvalidDraft::Fields));
    }
}
