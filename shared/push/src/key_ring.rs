use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use domain::{Clock, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{InvalidKeys, VapidKeys};

/// The push keys, as a deployment keeps them in its secret.
pub struct KeyRing {
    secrets: Client,
    secret: String,
    clock: Clock,
    known: Mutex<Option<CachedKeys>>,
}

struct CachedKeys {
    keys: Arc<VapidKeys>,
    since: Timestamp,
    /// When a key was last looked for that is none of these.
    missed: Option<Timestamp>,
}

/// For how long the keys are taken to be what they were.
const KNOWN_FOR_SECS: u64 = 5 * 60;

/// For how long a key that is not there is not looked for again: anybody can name any.
const MISSED_FOR_SECS: u64 = 10;

/// Why there are no keys, without anything of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// Nobody has made any, or what is there is none.
    #[error(transparent)]
    Bad(#[from] InvalidKeys),
    #[error("the secret with the push keys cannot be read: {code}")]
    Unavailable { code: String },
}

impl KeyRing {
    /// `secret` names the secret.
    #[must_use]
    pub fn new(secrets: Client, secret: String, clock: Clock) -> Self {
        Self { secrets, secret, clock, known: Mutex::default() }
    }

    /// The keys as they were within the last five minutes; as they were last known, if the secret
    /// cannot be read just now: an earlier key is good for long.
    pub async fn keys(&self) -> Result<Arc<VapidKeys>, KeyRingError> {
        self.keys_that_have([]).await
    }

    /// Those, unless one of these public keys is not among them: then as they are now, because a
    /// browser can know of a rotation before we do.
    pub async fn keys_that_have<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Result<Arc<VapidKeys>, KeyRingError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        let mut missed = None;
        if let Some(known) = known.as_mut()
            && now < known.since.plus_secs(KNOWN_FOR_SECS)
        {
            let has_all = wanted.into_iter().all(|key| known.keys.has(key));
            if has_all || known.missed.is_some_and(|missed| now < missed.plus_secs(MISSED_FOR_SECS)) {
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
