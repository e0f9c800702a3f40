use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_types::SdkConfig;
use domain::{Clock, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{Admission, InvalidOriginSecret, OriginSecret};

/// Checks whether requests came through CloudFront.
pub struct OriginGuard {
    demanded: Option<SecretReader>,
    clock: Clock,
}

struct SecretReader {
    secrets: Client,
    secret: String,
    cache: Mutex<Option<CachedSecret>>,
}

struct CachedSecret {
    secret: OriginSecret,
    /// From this time on, the secret is read again before a request is admitted.
    stale: Timestamp,
    /// Until this time, the secret is not read again, whatever value a request has.
    checked_at: Timestamp,
}

/// How long a secret is cached.
const CACHE_SECS: u64 = 5 * 60;

/// How long the secret is not read again for an unknown value, because any client can send one.
const RECHECK_SECS: u64 = 10;

/// The error for a check that cannot be made, because the secret is not available.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OriginSecretUnavailable {
    #[error(transparent)]
    Bad(#[from] InvalidOriginSecret),
    #[error("the origin secret cannot be read: {code}")]
    Unread { code: String },
}

impl OriginGuard {
    /// Creates a guard. `secret` is the name of the secret. With `None`, every request is admitted.
    #[must_use]
    pub fn new(aws: &SdkConfig, secret: Option<String>, clock: Clock) -> Self {
        let demanded = secret.map(|secret| SecretReader { secrets: Client::new(aws), secret, cache: Mutex::default() });
        Self { demanded, clock }
    }

    /// Reads the secret during Lambda's init phase, which has more CPU. If the read fails, the first request reads it again.
    pub async fn warm_up(&self) {
        if let Some(demanded) = &self.demanded {
            let known = demanded.read(self.clock.now()).await.ok();
            *demanded.cache.lock().await = known;
        }
    }

    /// Checks the value of the request's `x-origin-secret` header. Makes at most one request to Secrets Manager.
    pub async fn admission(&self, shown: Option<&str>) -> Result<Admission, OriginSecretUnavailable> {
        let Some(demanded) = &self.demanded else { return Ok(Admission::Admitted) };
        let Some(shown) = shown else { return Ok(Admission::Refused) };
        demanded.admission(shown, self.clock.now()).await
    }
}

impl SecretReader {
    async fn admission(&self, shown: &str, now: Timestamp) -> Result<Admission, OriginSecretUnavailable> {
        let mut known = self.cache.lock().await;
        if let Some(known) = known.as_ref() {
            let admission = known.secret.admission(shown, now);
            if now < known.checked_at || now < known.stale && !admission.is_refused() {
                return Ok(admission);
            }
        }
        match (self.read(now).await, known.as_mut()) {
            (Ok(read), _) => *known = Some(read),
            // A previous value expires at a fixed time, so a stale cache does not admit it for longer.
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "the origin secret could not be refreshed");
                known.checked_at = now.plus_secs(RECHECK_SECS);
            }
            (Err(error), None) => return Err(error),
        }
        Ok(known.as_ref().map_or(Admission::Refused, |known| known.secret.admission(shown, now)))
    }

    async fn read(&self, now: Timestamp) -> Result<CachedSecret, OriginSecretUnavailable> {
        let found = self.secrets.get_secret_value().secret_id(&self.secret).send().await;
        let found = found.map_err(|error| OriginSecretUnavailable::Unread {
            code: error.code().unwrap_or("no answer").to_owned(),
        })?;
        let secret = OriginSecret::parse(found.secret_string().unwrap_or_default())?;
        Ok(CachedSecret { secret, stale: now.plus_secs(CACHE_SECS), checked_at: now.plus_secs(RECHECK_SECS) })
    }
}
