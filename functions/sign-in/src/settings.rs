use aws_sdk_secretsmanager::Client;
use serde::Deserialize;

use crate::failure::{SignInFailure, unavailable};

/// The sign-in settings that a deployment keeps in its secret, as JSON.
#[derive(PartialEq, Eq, Deserialize)]
pub(crate) struct Settings {
    /// The issuer, spelled as in the provider's ID tokens. The discovery document is at
    /// `/.well-known/openid-configuration` below this URL.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// The client secret. Empty for a public client, which only PKCE protects.
    #[serde(default)]
    pub(crate) client_secret: String,
    /// The portal's origin. The issuer redirects to `/api/sign-in/callback` at this origin.
    pub(crate) portal: String,
    /// The key that signs attempts. Empty in secrets that were created before this field existed.
    #[serde(default)]
    attempt_key: String,
}

impl Settings {
    /// Reads the settings from Secrets Manager.
    pub(crate) async fn read(secrets: &Client, secret: &str) -> Result<Self, SignInFailure> {
        let found = secrets.get_secret_value().secret_id(secret).send().await;
        let found = found.map_err(|_| unavailable("the secret cannot be read"))?;
        let settings = found.secret_string().and_then(|settings| serde_json::from_str(settings).ok());
        settings.ok_or_else(|| unavailable("the secret is not of the shape that is documented"))
    }

    /// Returns the key that signs attempts. Falls back to the client secret.
    ///
    /// If both are empty, attempts can be forged, but a forged attempt does not let anyone sign in.
    pub(crate) fn attempt_key(&self) -> &[u8] {
        let key = if self.attempt_key.is_empty() { &self.client_secret } else { &self.attempt_key };
        key.as_bytes()
    }

    /// Returns the URL to which the issuer redirects after it has ended its session.
    pub(crate) fn signed_out(&self) -> String {
        format!("{}/sign-in.html", self.portal)
    }

    /// Returns the URL to which the issuer redirects after a sign-in.
    pub(crate) fn callback(&self) -> String {
        format!("{}/api/sign-in/callback", self.portal)
    }
}
