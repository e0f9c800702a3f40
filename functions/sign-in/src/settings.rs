use aws_sdk_secretsmanager::Client;
use serde::Deserialize;

use crate::failure::{SignInFailure, unavailable};

/// What a deployment keeps in its secret about signing in, as JSON.
#[derive(PartialEq, Eq, Deserialize)]
pub(crate) struct Settings {
    /// As ID tokens name it; `/.well-known/openid-configuration` is under it.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Empty for a public client, which PKCE alone protects.
    #[serde(default)]
    pub(crate) client_secret: String,
    /// The portal's origin; the issuer leads back to its `/api/sign-in/callback`.
    pub(crate) portal: String,
    /// What attempts are signed with. Secrets that were written before there was one have none.
    #[serde(default)]
    attempt_key: String,
}

impl Settings {
    pub(crate) async fn read(secrets: &Client, secret: &str) -> Result<Self, SignInFailure> {
        let found = secrets.get_secret_value().secret_id(secret).send().await;
        let found = found.map_err(|_| unavailable("the secret cannot be read"))?;
        let settings = found.secret_string().and_then(|settings| serde_json::from_str(settings).ok());
        settings.ok_or_else(|| unavailable("the secret is not of the shape that is documented"))
    }

    /// Falls back to the client's secret. If both are empty, cookies of attempts can be forged; that lets nobody sign in.
    pub(crate) fn attempt_key(&self) -> &[u8] {
        let key = if self.attempt_key.is_empty() { &self.client_secret } else { &self.attempt_key };
        key.as_bytes()
    }

    /// Where the issuer leads back to after it has ended its own session.
    pub(crate) fn signed_out(&self) -> String {
        format!("{}/sign-in.html", self.portal)
    }

    /// Where the issuer leads back to.
    pub(crate) fn callback(&self) -> String {
        format!("{}/api/sign-in/callback", self.portal)
    }
}
