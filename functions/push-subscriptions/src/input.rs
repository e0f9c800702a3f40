//! What a browser or a settings page sends.

use domain::{PushEndpoint, PushPreference, PushSubscription, SubscriptionId};
use serde::Deserialize;
use store::PushSettingsChange;

/// What `PushSubscription.toJSON()` gives, the key that it was made with, and how it came about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionInput {
    endpoint: String,
    keys: KeysInput,
    key: Option<String>,
    replaces: Option<String>,
    #[serde(default)]
    turned_on: bool,
}

#[derive(Deserialize)]
struct KeysInput {
    p256dh: String,
    auth: String,
}

impl SubscriptionInput {
    /// Which key of ours it knows, if it says.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The subscription that it takes the place of: named by its id, or by its endpoint if that is all
    /// that the browser knows of it.
    pub(crate) fn replaces(&self) -> Option<SubscriptionId> {
        let replaces = self.replaces.as_ref()?;
        Some(replaces.parse().unwrap_or_else(|_| PushEndpoint::new(replaces.clone()).id()))
    }

    /// Whether that is named by its endpoint, which only the browser that had it knows.
    pub(crate) fn renews(&self) -> bool {
        self.replaces.as_ref().is_some_and(|replaces| replaces.parse::<SubscriptionId>().is_err())
    }

    /// Whether somebody has turned it on just now.
    pub(crate) fn is_turned_on(&self) -> bool {
        self.turned_on
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
pub(crate) struct SettingsInput {
    messages: Option<PushPreference>,
    shows_text: Option<bool>,
}

impl SettingsInput {
    pub(crate) fn change(&self) -> PushSettingsChange {
        PushSettingsChange { messages: self.messages, shows_text: self.shows_text }
    }
}
