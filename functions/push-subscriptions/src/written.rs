//! What a browser or a settings page sends.

use domain::{PushChoice, PushEndpoint, PushSubscription};
use serde::Deserialize;
use store::PushSettingsChange;

/// What `PushSubscription.toJSON()` gives, and the key that it was made with.
#[derive(Deserialize)]
pub(crate) struct WrittenSubscription {
    endpoint: String,
    keys: WrittenKeys,
    key: Option<String>,
}

#[derive(Deserialize)]
struct WrittenKeys {
    p256dh: String,
    auth: String,
}

impl WrittenSubscription {
    /// Which key of ours it knows, if it says.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// `current` is the key of whoever does not say which theirs is.
    pub(crate) fn subscription(self, current: &str) -> PushSubscription {
        PushSubscription {
            endpoint: PushEndpoint::new(self.endpoint),
            p256dh: self.keys.p256dh,
            auth: self.keys.auth,
            key: self.key.unwrap_or_else(|| current.to_owned()),
        }
    }
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenSettings {
    messages: Option<PushChoice>,
    shows_text: Option<bool>,
}

impl WrittenSettings {
    pub(crate) fn change(&self) -> PushSettingsChange {
        PushSettingsChange { messages: self.messages, shows_text: self.shows_text }
    }
}
