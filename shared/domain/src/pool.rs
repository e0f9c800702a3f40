use thiserror::Error;

use crate::checked::checked;

checked! {
    /// A pool of origination numbers in the SMS service. Given by its id, or by its ARN if another account shares it.
    Pool, parse => InvalidPool
}

/// The error for a text that is neither the id nor the ARN of a pool.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a pool is named by its id, such as pool-0a1b2c3d4e5f60718293a4b5c6d7e8f9, or by its ARN")]
pub struct InvalidPool;

impl Pool {
    /// Returns the pool's id, without the ARN's account.
    #[must_use]
    pub fn id(&self) -> &str {
        id(&self.0)
    }
}

fn id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

fn parse(text: &str) -> Result<String, InvalidPool> {
    let id = id(text);
    let is_id = id.strip_prefix("pool-").is_some_and(|id| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    let of = text.strip_suffix(id).unwrap_or_default();
    let is_ours = of.is_empty() || of.starts_with("arn:aws") && of.contains(":sms-voice:") && of.ends_with(":pool/");
    if is_id && is_ours && text.len() <= 256 && text.is_ascii() { Ok(text.to_owned()) } else { Err(InvalidPool) }
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
            assert_eq!(other.parse::<Pool>(), Err(InvalidPool), "{other}");
        }
    }
}
