//! The identity provider of a deployment: its settings from the secret, its metadata and its keys, all cached.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use domain::{Clock, Timestamp};
use https::HttpsClient;
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use tokio::sync::{Mutex, MutexGuard};

use crate::CACHE_SECS;
use crate::attempt::SignInAttempt;
use crate::end_session;
use crate::exchange::{self, CLIENT_REFUSED};
use crate::failure::SignInFailure;
use crate::id_token::{ExpectedClaims, IdToken, VerifiedPerson};
use crate::keys::KeyCache;
use crate::provider::IdentityProvider;
use crate::settings::Settings;

/// The timeout of a request to the provider. A sign-in makes up to three requests within API Gateway's limit of 30 s.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum size of a response, in bytes. Discovery documents and key sets have some kilobytes.
const LARGEST_ANSWER: usize = 512 * 1024;

/// The client of the identity provider.
pub(crate) struct Issuer {
    secrets: Client,
    secret: String,
    https: HttpsClient,
    clock: Clock,
    cache: Mutex<IssuerCache>,
    keys: KeyCache,
}

/// The cached values with the time at which they were read.
#[derive(Default)]
struct IssuerCache {
    settings: Option<(Arc<Settings>, Timestamp)>,
    provider: Option<(Arc<IdentityProvider>, Timestamp)>,
    /// Whether the secret may have been replaced since it was read.
    is_doubted: bool,
}

impl Issuer {
    pub(crate) fn new(secrets: Client, secret: String, clock: Clock) -> Self {
        let https = HttpsClient::new(TIMEOUT, LARGEST_ANSWER);
        Self { secrets, secret, https, clock, cache: Mutex::default(), keys: KeyCache::default() }
    }

    pub(crate) async fn settings(&self) -> Result<Arc<Settings>, SignInFailure> {
        Ok(self.settings_and_cache().await?.0)
    }

    /// Returns the provider's authorization URL, to which a browser is redirected for an attempt.
    pub(crate) async fn address(&self, attempt: &SignInAttempt) -> Result<String, SignInFailure> {
        let (settings, provider) = self.provider().await?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let mut address = provider.authorization_endpoint.clone();
        let mut query = address.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &settings.callback())
            .append_pair("scope", "openid email")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        if attempt.again {
            // Both parameters make the provider ask for credentials, since a provider may support only one of them.
            // With `max_age`, the provider must also return `auth_time` (OpenID Connect Core 1.0, section 3.1.2.1).
            query.append_pair("prompt", "login").append_pair("max_age", "0");
        }
        drop(query);
        Ok(address.into())
    }

    /// Returns the URL at which a browser ends its session with the provider. Returns `None` if the provider has no
    /// such endpoint.
    pub(crate) async fn end_session_address(&self) -> Result<Option<String>, SignInFailure> {
        let (settings, provider) = self.provider().await?;
        Ok(provider.end_session_endpoint.as_ref().map(|endpoint| end_session::address(endpoint, &settings)))
    }

    /// Exchanges a code for a user whose identity is verified.
    pub(crate) async fn person(&self, code: &str, attempt: &SignInAttempt) -> Result<VerifiedPerson, SignInFailure> {
        let (settings, provider) = self.provider().await?;
        let (endpoint, authentication) = (&provider.token_endpoint, provider.authentication);
        let token = exchange::id_token(&self.https, endpoint, authentication, &settings, code, attempt).await;
        if token.as_ref().is_err_and(|failure| *failure == CLIENT_REFUSED) {
            self.cache.lock().await.is_doubted = true;
        }
        let token = token?;
        let token = IdToken::read(&token)?;
        let now = self.clock.now();
        self.keys.have_signed(&self.https, &provider.jwks_uri, &token, now).await?;
        let (issuer, client_id) = (&settings.issuer, &settings.client_id);
        token.person(&ExpectedClaims { issuer, client_id, nonce: &attempt.nonce, now })
    }

    async fn provider(&self) -> Result<(Arc<Settings>, Arc<IdentityProvider>), SignInFailure> {
        let (settings, mut known) = self.settings_and_cache().await?;
        let now = self.clock.now();
        if let Some((provider, since)) = &known.provider
            && now < since.plus_secs(CACHE_SECS)
        {
            return Ok((settings, provider.clone()));
        }
        let provider = Arc::new(IdentityProvider::discover(&self.https, &settings.issuer).await?);
        known.provider = Some((provider.clone(), now));
        Ok((settings, provider))
    }

    /// Returns the settings and the locked cache.
    ///
    /// Reads the secret again if it may have been replaced. If the secret has not changed, the provider's metadata
    /// stays cached.
    async fn settings_and_cache(&self) -> Result<(Arc<Settings>, MutexGuard<'_, IssuerCache>), SignInFailure> {
        let mut known = self.cache.lock().await;
        let now = self.clock.now();
        if let Some((settings, since)) = &known.settings
            && now < since.plus_secs(CACHE_SECS)
            && !known.is_doubted
        {
            return Ok((settings.clone(), known));
        }
        let settings = Arc::new(Settings::read(&self.secrets, &self.secret).await?);
        if known.settings.as_ref().is_none_or(|(before, _)| *before != settings) {
            known.provider = None;
        }
        known.settings = Some((settings.clone(), now));
        known.is_doubted = false;
        Ok((settings, known))
    }
}
