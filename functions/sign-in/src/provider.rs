//! The identity provider's metadata.

use http::Request;
use http::header::ACCEPT;
use https::HttpsClient;
use openidconnect::url::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exchange::ClientAuthentication;
use crate::failure::{SignInFailure, unavailable};

/// The endpoints of an identity provider.
pub(crate) struct IdentityProvider {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: String,
    pub(crate) authentication: ClientAuthentication,
    /// The URL of the provider's signing keys.
    pub(crate) jwks_uri: String,
    /// The URL at which a browser ends its session with the provider. `None` if the provider has no such endpoint.
    pub(crate) end_session_endpoint: Option<Url>,
}

/// The fields of the discovery document that are used.
///
/// See OpenID Connect Discovery 1.0, section 3, and RP-Initiated Logout 1.0, section 2.1.
#[derive(Deserialize)]
struct ProviderMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl IdentityProvider {
    /// Fetches the discovery document of an issuer. Fails if the document contains another issuer.
    pub(crate) async fn discover(https: &HttpsClient, issuer: &str) -> Result<Self, SignInFailure> {
        let address = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
        let metadata: Option<ProviderMetadata> = get(https, &address).await;
        let metadata = metadata.filter(|metadata| metadata.issuer == issuer);
        let metadata = metadata.ok_or(unavailable("the issuer cannot be asked what it is"))?;
        let authorization_endpoint = Url::parse(&metadata.authorization_endpoint);
        let methods = metadata.token_endpoint_auth_methods_supported;
        Ok(Self {
            authorization_endpoint: authorization_endpoint
                .map_err(|_| unavailable("the issuer's authorization endpoint is not an address"))?,
            token_endpoint: metadata.token_endpoint,
            authentication: ClientAuthentication::choose(methods.as_deref()),
            jwks_uri: metadata.jwks_uri,
            end_session_endpoint: metadata.end_session_endpoint.and_then(|endpoint| Url::parse(&endpoint).ok()),
        })
    }
}

/// Fetches a JSON document from the provider. Returns `None` if the document cannot be fetched or parsed.
pub(crate) async fn get<T: DeserializeOwned>(https: &HttpsClient, address: &str) -> Option<T> {
    let request = Request::get(address).header(ACCEPT, "application/json").body(Vec::new()).ok()?;
    let answer = https.ask(request).await.ok().filter(|answer| answer.status() == 200)?;
    serde_json::from_slice(answer.body()).ok()
}
