//! The identity provider's signing keys.

use domain::Timestamp;
use https::HttpsClient;
use openidconnect::core::CoreJsonWebKeySet;
use tokio::sync::Mutex;

use crate::failure::{SignInFailure, rejected, unavailable};
use crate::id_token::IdToken;
use crate::{CACHE_SECS, provider};

/// A cache of the provider's signing keys.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<CachedKeySet>);

#[derive(Default)]
struct CachedKeySet {
    address: String,
    keys: CoreJsonWebKeySet,
    requested_at: Option<Timestamp>,
}

/// The shortest time between two fetches of the keys, in seconds, even if the first failed.
const PAUSE_SECS: u64 = 30;

impl KeyCache {
    /// Checks that the provider signed the token, and fails otherwise. `address` is the provider's JWKS URI.
    ///
    /// Fetches the keys again before failing, since the provider may have changed them.
    pub(crate) async fn have_signed(
        &self,
        https: &HttpsClient,
        address: &str,
        token: &IdToken<'_>,
        now: Timestamp,
    ) -> Result<(), SignInFailure> {
        let mut seen = self.0.lock().await;
        if seen.address != address {
            *seen = CachedKeySet { address: address.to_owned(), ..CachedKeySet::default() };
        }
        let not_asked_for = |secs| seen.requested_at.is_none_or(|requested_at| now >= requested_at.plus_secs(secs));
        // The keys are fetched again when the cache expires, even if the token matches. The provider may have withdrawn
        // the key.
        if token.is_signed_by(&seen.keys) && !not_asked_for(CACHE_SECS) {
            return Ok(());
        }
        if not_asked_for(PAUSE_SECS) {
            seen.requested_at = Some(now);
            let keys = provider::get(https, address).await;
            seen.keys = keys.ok_or(unavailable("the issuer cannot be asked for its keys"))?;
        }
        if token.is_signed_by(&seen.keys) { Ok(()) } else { Err(rejected("the issuer did not sign the ID token")) }
    }
}
