use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{CompanyId, StaffId};

/// The login of a member of staff: how an identity provider or Switchboard identifies them.
///
/// An identity provider identifies a person by an email address that it has verified, or by a subject that it never
/// assigns to another person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Login {
    Email(String),
    Subject(String),
    /// An API client, which no identity provider knows. It has a token that an operator created. The text contains the
    /// company's id and the client's id.
    Program(String),
}

/// Why a text is not a valid login.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidLogin {
    #[error("an email address is a name, an @ and a domain, of 254 characters of ASCII at most, and nothing else")]
    Email,
    #[error("a subject is 1 to 255 printable ASCII characters")]
    Subject,
}

impl Login {
    /// Parses an email address: printable ASCII of at most 254 characters, in any letter case.
    ///
    /// Letter case is ignored, because providers and people do not agree on it. Letters of other scripts are rejected:
    /// they look like ASCII letters, and some become ASCII letters in lower case (the kelvin sign becomes k). Nothing
    /// is trimmed, because an address with a line break is a different address at the provider.
    pub fn email(text: &str) -> Result<Self, InvalidLogin> {
        let (name, domain) = text.split_once('@').ok_or(InvalidLogin::Email)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = plain && text.len() <= 254 && !name.is_empty() && domain.contains('.') && !domain.contains('@');
        if fits { Ok(Self::Email(text.to_ascii_lowercase())) } else { Err(InvalidLogin::Email) }
    }

    /// Returns the login of a company's API client.
    #[must_use]
    pub fn program(company: &CompanyId, program: &StaffId) -> Self {
        Self::Program(format!("{company}/{program}"))
    }

    /// Parses the `sub` of an ID token (OpenID Connect Core 1.0, section 2).
    pub fn subject(text: &str) -> Result<Self, InvalidLogin> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self::Subject(text.to_owned())) } else { Err(InvalidLogin::Subject) }
    }
}

/// The text for keys and for operators. The kind comes first, so that a subject is never mistaken for an address.
impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => write!(f, "email {email}"),
            Self::Subject(subject) => write!(f, "subject {subject}"),
            Self::Program(program) => write!(f, "program {program}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_capitalised() {
        assert_eq!(Login::email("Dana@Harbor.Example"), Login::email("dana@harbor.example"));
        for bad in ["", "dana", "@harbor.example", "dana@", "dana@harbor", "da na@harbor.example", "a@b@harbor.example"]
        {
            assert_eq!(Login::email(bad), Err(InvalidLogin::Email), "{bad}");
        }
    }

    #[test]
    fn an_address_that_only_looks_like_another_is_none() {
        for bad in [
            "kim@harbor.example\n",
            "\tkim@harbor.example",
            "kim@harbor.example\0",
            "\u{212a}im@harbor.example",
            "kim@harbor.ex\u{430}mple",
            "kim\u{200b}@harbor.example",
            "kim@harbor\u{3002}example",
        ] {
            assert_eq!(Login::email(bad), Err(InvalidLogin::Email), "{bad:?}");
        }
    }

    #[test]
    fn a_subject_is_never_taken_for_an_address() {
        let subject = Login::subject("dana@harbor.example").unwrap();
        assert_ne!(subject.to_string(), Login::email("dana@harbor.example").unwrap().to_string());
        assert_eq!(Login::subject("a b"), Err(InvalidLogin::Subject));
        assert_eq!(Login::subject(""), Err(InvalidLogin::Subject));
    }
}
