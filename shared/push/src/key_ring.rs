use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use domain::{Clock, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{InvalidKeys, VapidKeys};

/// A cache of the VAPID keys in a deployment's secret.
pub struct KeyRing {
    secrets: Client,
    secret: String,
    clock: Clock,
    cache: Mutex<Option<CachedKeys>>,
}

struct CachedKeys {
    keys: Arc<VapidKeys>,
    since: Timestamp,
    /// When a caller last requested a key that is not among the cached keys.
    missed: Option<Timestamp>,
}

/// How long the keys are cached.
const CACHE_SECS: u64 = 5 * 60;

/// How long the secret is not read again for an unknown key, because any client can send one.
const RETRY_SECS: u64 = 10;

/// The error for keys that are not available. Its text does not contain any of the secret's content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// The secret contains no keys, or invalid ones.
    #[error(transparent)]
    Bad(#[from] InvalidKeys),
    #[error("the secret with the push keys cannot be read: {code}")]
    Unavailable { code: String },
}

impl KeyRing {
    /// `secret` is the name of the secret.
    #[must_use]
    pub fn new(secrets: Client, secret: String, clock: Clock) -> Self {
        Self { secrets, secret, clock, cache: Mutex::default() }
    }

    /// Returns the keys, at most five minutes old.
    ///
    /// If the secret cannot be read, returns the keys that were last read: an earlier key stays valid for long. Makes
    /// at most one request to Secrets Manager.
    pub async fn keys(&self) -> Result<Arc<VapidKeys>, KeyRingError> {
        self.keys_that_have([]).await
    }

    /// Returns the keys, read again if one of the given public keys is not among the cached ones.
    ///
    /// A browser can know a new key before this instance does. The secret is read again at most once in ten seconds.
    /// Makes at most one request to Secrets Manager.
    pub async fn keys_that_have<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Result<Arc<VapidKeys>, KeyRingError> {
        let mut known = self.cache.lock().await;
        let now = self.clock.now();
        let mut missed = None;
        if let Some(known) = known.as_mut()
            && now < known.since.plus_secs(CACHE_SECS)
        {
            let has_all = wanted.into_iter().all(|key| known.keys.has(key));
            if has_all || known.missed.is_some_and(|missed| now < missed.plus_secs(RETRY_SECS)) {
                return Ok(known.keys.clone());
            }
            missed = Some(now);
            known.missed = missed;
        }
        match self.read().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *known = Some(CachedKeys { keys: keys.clone(), since: now, missed });
                Ok(keys)
            }
            Err(error) => known.as_ref().map(|known| known.keys.clone()).ok_or(error),
        }
    }

    async fn read(&self) -> Result<VapidKeys, KeyRingError> {
        let found = self.secrets.get_secret_value().secret_id(&self.secret).send().await;
        let found = found
            .map_err(|error| KeyRingError::Unavailable { code: error.code().unwrap_or("no answer").to_owned() })?;
        Ok(VapidKeys::parse(found.secret_string().unwrap_or_default())?)
    }
}
