use std::sync::{Arc, PoisonError, RwLock};

/// A secret of Secrets Manager. Its value lasts until it is replaced or the stack ends.
#[derive(Clone)]
pub(crate) struct Secret(Arc<RwLock<String>>);

impl Secret {
    pub(crate) fn new(written: String) -> Self {
        Self(Arc::new(RwLock::new(written)))
    }

    pub(crate) fn read(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, written: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = written;
    }
}
