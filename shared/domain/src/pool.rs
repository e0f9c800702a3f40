use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A pool of numbers of the SMS service, as it names one: by its id, or by its ARN where another account shares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pool(String);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("a pool is named by its id, such as pool-0a1b2c3d4e5f60718293a4b5c6d7e8f9, or by its ARN")]
pub struct NotAPool;

impl Pool {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the account that it is of.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for Pool {
    type Err = NotAPool;

    fn from_str(text: &str) -> Result<Self, NotAPool> {
        let pool = Self(text.to_owned());
        let is_id = pool.id().strip_prefix("pool-").is_some_and(|id| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        let of = text.strip_suffix(pool.id()).unwrap_or_default();
        let is_ours =
            of.is_empty() || of.starts_with("arn:aws") && of.contains(":sms-voice:") && of.ends_with(":pool/");
        if is_id && is_ours && text.len() <= 256 && text.is_ascii() { Ok(pool) } else { Err(NotAPool) }
    }
}

impl TryFrom<String> for Pool {
    type Error = NotAPool;

    fn try_from(text: String) -> Result<Self, NotAPool> {
        text.parse()
    }
}

impl From<Pool> for String {
    fn from(pool: Pool) -> Self {
        pool.0
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_named_by_its_id_or_its_arn_and_by_nothing_else() {
        for pool in ["pool-0a1b", "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-0a1b"] {
            assert_eq!(pool.parse::<Pool>().unwrap().id(), "pool-0a1b");
        }
        for other in
            ["", "pool-", "pool-A", "phone-0a1b", "x/pool-0a1b", "+12065550142", "arn:aws:sns:r:1:pool/pool-0a1b"]
        {
            assert_eq!(other.parse::<Pool>(), Err(NotAPool), "{other}");
        }
    }
}
