//! The identity provider: what it says of itself, and what it says of a person.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use chrono::{DateTime, Utc};
use domain::{Clock, Login, Timestamp};
use https::{Https, NotAnswered};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
};
use tokio::sync::Mutex;

use crate::attempt::Attempt;
use crate::failure::{Failure, refused, unavailable};
use crate::settings::Settings;

type Provider =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Signatures that only the provider can make: HMAC is made with a secret that we have too.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The function waits for up to three answers within the gateway's 30 s.
const PATIENCE: Duration = Duration::from_secs(5);

/// Discovery documents and key sets have some kilobytes.
const LARGEST_ANSWER: usize = 512 * 1024;

/// For how long the secret and the provider's keys are taken to be what they were.
const KNOWN_FOR_SECS: u64 = 10 * 60;

pub(crate) struct Issuer {
    secrets: Client,
    secret: String,
    https: Https,
    clock: Clock,
    known: Mutex<Option<(Arc<Provider>, Timestamp)>>,
}

impl Issuer {
    pub(crate) fn new(secrets: Client, secret: String, clock: Clock) -> Self {
        Self { secrets, secret, https: Https::new(PATIENCE, LARGEST_ANSWER), clock, known: Mutex::default() }
    }

    /// Where to send a browser. `again` asks for the password even of somebody whom the provider
    /// still knows.
    pub(crate) async fn address(&self, attempt: &Attempt, again: bool) -> Result<String, Failure> {
        let provider = self.provider().await?;
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let mut request = provider
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state.clone()),
                move || Nonce::new(nonce.clone()),
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (address, _, _) = request.url();
        Ok(address.into())
    }

    /// The logins of the person that a code is for.
    pub(crate) async fn logins(&self, code: String, attempt: &Attempt) -> Result<Vec<Login>, Failure> {
        let provider = self.provider().await?;
        let logins = async {
            let tokens = self.exchange(&provider, code, attempt).await?;
            let token = tokens.id_token().ok_or(refused("the issuer gave no ID token"))?;
            let clock = self.clock.clone();
            let verifier =
                provider.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || utc(clock.now()));
            let claims = token.claims(&verifier, &Nonce::new(attempt.nonce.clone()));
            Ok(logins(claims.map_err(|_| refused("the ID token is not valid"))?))
        };
        let logins = logins.await;
        if logins.is_err() {
            // The provider's keys or our secret may have changed since they were read.
            *self.known.lock().await = None;
        }
        logins
    }

    async fn exchange(
        &self,
        provider: &Provider,
        code: String,
        attempt: &Attempt,
    ) -> Result<CoreTokenResponse, Failure> {
        let exchange = provider.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.map_err(|_| unavailable("the issuer names no token endpoint"))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let tokens = exchange.request_async(&Asked(&self.https)).await;
        tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidGrant => {
                refused("the issuer does not take the code")
            }
            // A secret that has expired or was replaced, most of all.
            RequestTokenError::ServerResponse(_) => unavailable("the issuer does not take us for its client"),
            RequestTokenError::Request(_) => unavailable("the issuer's token endpoint did not answer"),
            _ => unavailable("the issuer's token endpoint answered something else"),
        })
    }

    async fn provider(&self) -> Result<Arc<Provider>, Failure> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((provider, since)) = known.as_ref()
            && now < since.plus_secs(KNOWN_FOR_SECS)
        {
            return Ok(provider.clone());
        }
        let provider = Arc::new(self.discover().await?);
        *known = Some((provider.clone(), now));
        Ok(provider)
    }

    async fn discover(&self) -> Result<Provider, Failure> {
        let settings = Settings::read(&self.secrets, &self.secret).await?;
        let issuer = IssuerUrl::new(settings.issuer).map_err(|_| unavailable("the issuer is not an address"))?;
        let back = RedirectUrl::new(format!("{}/api/sign-in/callback", settings.portal));
        let back = back.map_err(|_| unavailable("the portal is not an origin"))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &Asked(&self.https)).await;
        let metadata = metadata.map_err(|_| unavailable("the issuer cannot be asked what it is"))?;
        let secret = Some(settings.client_secret).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(settings.client_id), secret);
        Ok(client.set_redirect_uri(back))
    }
}

/// The client, as `openidconnect` wants one.
struct Asked<'a>(&'a Https);

impl<'c> AsyncHttpClient<'c> for Asked<'_> {
    type Error = NotAnswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotAnswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.0.ask(request))
    }
}

/// The subject, which nobody else can ever have, before an address, and that only if the provider
/// vouches for it: with some, people can claim any.
fn logins(claims: &CoreIdTokenClaims) -> Vec<Login> {
    let subject = Login::subject(claims.subject()).ok();
    let verified = claims.email_verified() == Some(true);
    let email = claims.email().filter(|_| verified).and_then(|email| Login::email(email).ok());
    subject.into_iter().chain(email).collect()
}

fn utc(moment: Timestamp) -> DateTime<Utc> {
    i64::try_from(moment.as_millis()).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
}
