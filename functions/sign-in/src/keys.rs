//! The keys that the identity provider signs with.

use domain::Timestamp;
use https::Https;
use openidconnect::core::CoreJsonWebKeySet;
use tokio::sync::Mutex;

use crate::failure::{SignInFailure, rejected, unavailable};
use crate::id_token::IdToken;
use crate::{CACHE_SECS, provider};

/// The keys as they were last seen.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<CachedKeySet>);

#[derive(Default)]
struct CachedKeySet {
    address: String,
    keys: CoreJsonWebKeySet,
    requested_at: Option<Timestamp>,
}

/// After a fetch the keys are not fetched again for so long, even if it failed.
const PAUSE_SECS: u64 = 30;

impl KeyCache {
    /// Refuses a token that the provider has not signed. The keys, which are at an address of its, are asked for once more
    /// before that: they may have changed.
    pub(crate) async fn have_signed(
        &self,
        https: &Https,
        address: &str,
        token: &IdToken<'_>,
        now: Timestamp,
    ) -> Result<(), SignInFailure> {
        let mut seen = self.0.lock().await;
        if seen.address != address {
            *seen = CachedKeySet { address: address.to_owned(), ..CachedKeySet::default() };
        }
        let not_asked_for = |secs| seen.requested_at.is_none_or(|asked| now >= asked.plus_secs(secs));
        // A key that the provider has taken back counts no longer than anything else that is known of it.
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
