//! The part of Secrets Manager that push notifications need: the keys that sign them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use domain::Randomness;
use push::VapidKeys;

use crate::DataLocation;

/// The contact for push services.
///
/// The address reaches no one, but some push services refuse an address that does not look reachable.
const SUBJECT: &str = "mailto:switchboard@example.com";

/// The push keys. The first start creates them. They are kept with the data, so that subscriptions stay valid.
#[derive(Clone)]
pub(crate) struct PushKeys {
    secret: Arc<RwLock<String>>,
    /// The file of the keys. `None` for a stack that keeps data in memory.
    file: Option<Arc<Path>>,
}

impl PushKeys {
    pub(crate) fn open(data: &DataLocation, randomness: &Randomness) -> anyhow::Result<Self> {
        let file = match data {
            DataLocation::In(folder) => Some(folder.join("push-keys.json")),
            DataLocation::InMemory => None,
        };
        let written = match &file {
            Some(file) if file.exists() => {
                std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
            }
            _ => VapidKeys::generate(randomness, SUBJECT),
        };
        let keys = Self { secret: Arc::default(), file: file.map(PathBuf::into) };
        keys.replace(written)?;
        Ok(keys)
    }

    /// Returns the keys in the format of the deployment's secret.
    pub(crate) fn secret_value(&self) -> String {
        self.secret.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, keys: String) -> anyhow::Result<()> {
        let mut written = self.secret.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            // The keys allow a reader to push to subscribed browsers, so only the owner may read the file.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let kept = options.open(file).and_then(|mut open| open.write_all(keys.as_bytes()));
            kept.with_context(|| format!("{} cannot be written", file.display()))?;
        }
        *written = keys;
        Ok(())
    }
}
