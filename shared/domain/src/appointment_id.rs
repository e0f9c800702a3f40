use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Names an appointment of a company. 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`, so that a
/// scheduling system's own ids fit, and none can hold what separates the parts of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppointmentId(String);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("the id of an appointment is 1 to 64 of the characters A-Z, a-z, 0-9, ., _ and -")]
pub struct NotAnAppointmentId;

impl AppointmentId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppointmentId {
    type Err = NotAnAppointmentId;
    fn from_str(text: &str) -> Result<Self, NotAnAppointmentId> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAnAppointmentId) }
    }
}

impl TryFrom<String> for AppointmentId {
    type Error = NotAnAppointmentId;
    fn try_from(text: String) -> Result<Self, NotAnAppointmentId> {
        text.parse()
    }
}

impl From<AppointmentId> for String {
    fn from(id: AppointmentId) -> String {
        id.0
    }
}

impl fmt::Display for AppointmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_smuggle_a_separator_into_a_key() {
        for bad in ["", "a#b", "a b", "a/b", "é", &"a".repeat(65)] {
            assert_eq!(bad.parse::<AppointmentId>(), Err(NotAnAppointmentId), "{bad:?}");
        }
        assert_eq!("Acme_2026-11.42".parse::<AppointmentId>().unwrap().as_str(), "Acme_2026-11.42");
    }
}
