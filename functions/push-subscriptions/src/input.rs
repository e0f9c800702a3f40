//! Parses the bodies of requests from a browser and from the settings page.

use domain::{PushEndpoint, PushPreference, PushSubscription, SubscriptionId};
use serde::Deserialize;
use store::PushSettingsChange;

/// A push subscription: the result of `PushSubscription.toJSON()`, the push key that it was created with, and what it
/// replaces.
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
    /// Returns the public key that the browser subscribed with, if the request contains the key.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the id of the subscription that this one replaces.
    ///
    /// The browser sends the id of that subscription, or its endpoint.
    pub(crate) fn replaces(&self) -> Option<SubscriptionId> {
        let replaces = self.replaces.as_ref()?;
        Some(replaces.parse().unwrap_or_else(|_| PushEndpoint::new(replaces.clone()).id()))
    }

    /// Returns whether the request contains the endpoint of the replaced subscription. Only the browser that had the
    /// subscription knows its endpoint.
    pub(crate) fn renews(&self) -> bool {
        self.replaces.as_ref().is_some_and(|replaces| replaces.parse::<SubscriptionId>().is_err())
    }

    /// Returns whether the member of staff has just turned notifications on.
    pub(crate) fn is_turned_on(&self) -> bool {
        self.turned_on
    }

    /// Returns the subscription. `current` is the key to use if the request contains no key.
    pub(crate) fn subscription(self, current: &str) -> PushSubscription {
        PushSubscription {
            endpoint: PushEndpoint::new(self.endpoint),
            p256dh: self.keys.p256dh,
            auth: self.keys.auth,
            key: self.key.unwrap_or_else(|| current.to_owned()),
        }
    }
}

/// A change of the settings. A field that is left out keeps its value.
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
