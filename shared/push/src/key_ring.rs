use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use domain::{Clock, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{BadKeys, Keys};

/// The push keys, as a deployment keeps them in its secret.
pub struct KeyRing {
    secrets: Client,
    secret: String,
    clock: Clock,
    known: Mutex<Option<(Arc<Keys>, Timestamp)>>,
}

/// For how long the keys are taken to be what they were: a rotation is seen after this.
const KNOWN_FOR_SECS: u64 = 5 * 60;

/// Why there are no keys, without anything of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoKeys {
    /// Nobody has made any, or what is there is none.
    #[error(transparent)]
    Bad(#[from] BadKeys),
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
    pub async fn keys(&self) -> Result<Arc<Keys>, NoKeys> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((keys, since)) = known.as_ref()
            && now < since.plus_secs(KNOWN_FOR_SECS)
        {
            return Ok(keys.clone());
        }
        match self.read().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *known = Some((keys.clone(), now));
                Ok(keys)
            }
            Err(error) => known.as_ref().map(|(keys, _)| keys.clone()).ok_or(error),
        }
    }

    async fn read(&self) -> Result<Keys, NoKeys> {
        let found = self.secrets.get_secret_value().secret_id(&self.secret).send().await;
        let found =
            found.map_err(|error| NoKeys::Unavailable { code: error.code().unwrap_or("no answer").to_owned() })?;
        Ok(Keys::parse(found.secret_string().unwrap_or_default())?)
    }
}
