use domain::{Randomness, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// The values that CloudFront may send: the current one and the previous one.
#[derive(Serialize, Deserialize)]
pub struct OriginSecret {
    current: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousValue>,
}

#[derive(Serialize, Deserialize)]
struct PreviousValue {
    value: String,
    replaced: Timestamp,
}

/// Whether a request came through CloudFront, judged by the value in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Refused,
    Admitted,
    /// Admitted for at most another half hour, because CloudFront still sends the previous value.
    Overdue,
}

impl Admission {
    /// Returns whether the request is refused.
    #[must_use]
    pub fn is_refused(self) -> bool {
        self == Self::Refused
    }
}

/// The error for an invalid secret. Its text does not contain any of the secret's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidOriginSecret {
    #[error("the origin secret is not JSON of the form {{\"current\":\"…\"}}")]
    NotWritten,
    #[error("a value of the origin secret has fewer than 32 characters, or characters that a header cannot have")]
    NotAValue,
}

/// How long the previous value is valid after a rotation. A deployment of CloudFront takes some minutes.
const PREVIOUS_COUNTS_SECS: u64 = 60 * 60;

/// How long after a rotation the previous value is normal, so that no alarm is raised.
const DEPLOYED_WITHIN_SECS: u64 = 30 * 60;

/// The shortest value: as many characters as 128 bits have in hexadecimal.
const SHORTEST: usize = 32;

impl OriginSecret {
    /// Parses a secret: a JSON object as in the README, with values of at least 32 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidOriginSecret> {
        let secret: Self = serde_json::from_str(text).map_err(|_| InvalidOriginSecret::NotWritten)?;
        let is_value = |value: &str| value.len() >= SHORTEST && value.bytes().all(|byte| byte.is_ascii_graphic());
        let are_values =
            is_value(&secret.current) && secret.previous.as_ref().is_none_or(|previous| is_value(&previous.value));
        if are_values { Ok(secret) } else { Err(InvalidOriginSecret::NotAValue) }
    }

    /// Returns the JSON to store as the secret.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Returns a secret with a new value. The current value becomes the previous one for an hour from `now`, and the
    /// previous one expires.
    #[must_use]
    pub fn rotated(&self, randomness: &Randomness, now: Timestamp) -> Self {
        Self {
            current: randomness.token(),
            previous: Some(PreviousValue { value: self.current.clone(), replaced: now }),
        }
    }

    /// Returns when the previous value expires, or `None` if there is none.
    #[must_use]
    pub fn previous_counts_until(&self) -> Option<Timestamp> {
        self.previous.as_ref().map(|previous| previous.replaced.plus_secs(PREVIOUS_COUNTS_SECS))
    }

    /// Checks the value of a request's header. Takes the same time for every value.
    #[must_use]
    pub fn admission(&self, shown: &str, now: Timestamp) -> Admission {
        // Compares digests, because comparing values of different lengths would take different times.
        let digest = |value: &str| <[u8; 32]>::from(Sha256::digest(value.as_bytes()));
        let shown = digest(shown);
        let is = |value: &str| bool::from(digest(value).ct_eq(&shown));
        let is_current = is(&self.current);
        let replaced = self.previous.as_ref().filter(|previous| is(&previous.value)).map(|previous| previous.replaced);
        match replaced {
            _ if is_current => Admission::Admitted,
            Some(replaced) if now < replaced.plus_secs(DEPLOYED_WITHIN_SECS) => Admission::Admitted,
            Some(replaced) if now < replaced.plus_secs(PREVIOUS_COUNTS_SECS) => Admission::Overdue,
            _ => Admission::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "first0first0first0first0first0first0";

    fn first() -> OriginSecret {
        OriginSecret::parse(&format!(r#"{{"current":"{FIRST}"}}"#)).unwrap()
    }

    #[test]
    fn a_value_that_was_replaced_counts_for_an_hour() {
        let now = Timestamp::from_millis(1_796_036_400_000);
        let (admitted, overdue, refused) = (Admission::Admitted, Admission::Overdue, Admission::Refused);
        assert!(first().admission(FIRST, now) == admitted && first().previous_counts_until().is_none());
        let second = first().rotated(&Randomness::new(|| [7; 32]), now);
        // A rotated secret can be parsed again.
        let second = OriginSecret::parse(&second.to_json()).unwrap();
        let value = "07".repeat(32);
        let hour = now.plus_secs(3600);
        assert_eq!(second.previous_counts_until(), Some(hour));
        for (secs, before) in [(0, admitted), (1799, admitted), (1800, overdue), (3599, overdue), (3600, refused)] {
            let then = now.plus_secs(secs);
            assert_eq!((second.admission(&value, then), second.admission(FIRST, then)), (admitted, before), "{secs}");
        }
        let third = second.rotated(&Randomness::new(|| [8; 32]), now);
        assert_eq!(third.admission(&value, now), admitted);
        assert_eq!(third.admission(FIRST, now), refused, "the last but one counts no more");
        for wrong in
            ["", "07", &value[1..], &value.replace('7', "8"), &format!("{value},{value}"), &format!("{value} ")]
        {
            assert_eq!(second.admission(wrong, now), refused, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_guarded_with_is_no_secret_and_says_nothing_of_itself() {
        let short = r#"{"current":"short"}"#.to_owned();
        let none = r#"{"previous":{"value":"x","replaced":0}}"#.to_owned();
        let spaced = format!(r#"{{"current":"{FIRST} {FIRST}"}}"#);
        let previous = format!(r#"{{"current":"{FIRST}","previous":{{"value":"","replaced":1}}}}"#);
        for bad in [String::new(), "{}".to_owned(), FIRST.to_owned(), short, none, spaced, previous] {
            let Err(why) = OriginSecret::parse(&bad) else { panic!("{bad}") };
            assert!(!why.to_string().contains("first0") && !why.to_string().contains("short\""), "{why}");
        }
    }
}
