use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

/// Secrets Manager's part in signing in. Names the issuer of this stack, until another is put in its place.
#[derive(Clone)]
pub(crate) struct SignInSecret(Arc<RwLock<String>>);

impl SignInSecret {
    pub(crate) fn new(settings: &Value) -> Self {
        Self(Arc::new(RwLock::new(settings.to_string())))
    }

    pub(crate) fn read(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn put(&self, settings: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}
