use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{CompanyId, StaffId};

/// How somebody on a company's staff is known to be who they are. An identity provider names a person by an
/// email address that it has verified, or by the subject that it never gives to anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Login {
    Email(String),
    Subject(String),
    /// A program, which no provider knows: it has a token that an operator made. Named by where it belongs.
    Program(String),
}

/// Why a text names nobody.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidLogin {
    #[error("an email address is a name, an @ and a domain, of 254 characters of ASCII at most, and nothing else")]
    Email,
    #[error("a subject is 1 to 255 printable ASCII characters")]
    Subject,
}

impl Login {
    /// Small and capital letters are the same: providers and people do not agree on them. Printable ASCII only: letters
    /// of other scripts look like these, and some become these when they are made small (the sign of the kelvin is a k).
    /// Nothing is trimmed, since what a provider has with a line break is another address there.
    pub fn email(text: &str) -> Result<Self, InvalidLogin> {
        let (name, domain) = text.split_once('@').ok_or(InvalidLogin::Email)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = plain && text.len() <= 254 && !name.is_empty() && domain.contains('.') && !domain.contains('@');
        if fits { Ok(Self::Email(text.to_ascii_lowercase())) } else { Err(InvalidLogin::Email) }
    }

    /// A company's program of that id.
    #[must_use]
    pub fn program(company: &CompanyId, program: &StaffId) -> Self {
        Self::Program(format!("{company}/{program}"))
    }

    /// The `sub` of an ID token (OpenID Connect Core 1.0, section 2).
    pub fn subject(text: &str) -> Result<Self, InvalidLogin> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self::Subject(text.to_owned())) } else { Err(InvalidLogin::Subject) }
    }
}

/// For a key and for an operator's eyes; the kind comes first, so that no subject can be taken for
/// an address.
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
