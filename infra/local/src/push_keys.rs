//! Secrets Manager's part in notifications: the keys that pushes are signed with.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use domain::Randomness;
use push::VapidKeys;

use crate::DataLocation;

/// Whom a push service can reach about our pushes: nobody, as long as they come from here. Some refuse
/// what does not look like an address that can be reached.
const SUBJECT: &str = "mailto:switchboard@example.com";

/// The keys, made at the first start and kept with the data: browsers that subscribed stay so.
#[derive(Clone)]
pub(crate) struct PushKeys {
    secret: Arc<RwLock<String>>,
    /// `None` for a stack that keeps nothing.
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

    /// As the deployment's secret has them.
    pub(crate) fn secret_value(&self) -> String {
        self.secret.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, keys: String) -> anyhow::Result<()> {
        let mut written = self.secret.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            // Whoever has them can push to the browsers that know them.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let kept = options.open(file).and_then(|mut open| open.write_all(keys.as_bytes()));
            kept.with_context(|| format!("{} cannot be written", file.display()))?;
        }
        *written = keys;
        Ok(())
    }
}
