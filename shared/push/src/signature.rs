//! VAPID signatures (RFC 8292), each for one push service.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer;
use serde_json::json;
use web_push::VapidSignature;

use crate::keys::VapidKey;

/// The validity of a signature: half of the longest that RFC 8292 allows.
const LIFETIME_SECS: u64 = 12 * 60 * 60;
/// The age at which a signature is replaced. No push then arrives with a signature that is about to expire.
const RENEWED_AFTER_SECS: u64 = LIFETIME_SECS / 2;

/// A cache of signatures by origin, key and contact. Signing costs as much as encrypting a push. The cache uses a
/// signature for six hours.
#[derive(Default)]
pub(crate) struct SignatureCache {
    cache: Mutex<HashMap<[String; 3], CachedSignature>>,
}

struct CachedSignature {
    signature: VapidSignature,
    at: Timestamp,
}

impl SignatureCache {
    /// Returns a cached or a new signature. Concurrent callers wait for the same one.
    pub(crate) fn signature_for(&self, origin: &str, key: &VapidKey, subject: &str, now: Timestamp) -> VapidSignature {
        /// More than the number of push service origins. Microsoft's service has many host names.
        const MAX_SIGNATURES: usize = 256;
        let mut made = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let place = [origin, &key.public, subject].map(str::to_owned);
        if let Some(known) = made.get(&place)
            && (known.at..known.at.plus_secs(RENEWED_AFTER_SECS)).contains(&now)
        {
            return known.signature.clone();
        }
        let signature = sign(origin, key, subject, now);
        if made.len() >= MAX_SIGNATURES {
            made.clear();
        }
        made.insert(place, CachedSignature { signature: signature.clone(), at: now });
        signature
    }
}

/// Signs a JSON Web Token with ES256.
fn sign(origin: &str, key: &VapidKey, subject: &str, now: Timestamp) -> VapidSignature {
    let header = json!({"typ": "JWT", "alg": "ES256"});
    let claims = json!({"aud": origin, "exp": now.plus_secs(LIFETIME_SECS).as_secs(), "sub": subject});
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature: Signature = key.private.sign(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
    VapidSignature { auth_t: format!("{signed}.{signature}"), auth_k: key.point.clone() }
}

#[cfg(test)]
mod tests {
    use domain::Randomness;
    use p256::ecdsa::signature::Verifier;

    use super::*;
    use crate::VapidKeys;

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn keys(byte: u8) -> VapidKeys {
        VapidKeys::parse(&VapidKeys::generate(&Randomness::new(move || [byte; 32]), "mailto:push@example.com")).unwrap()
    }

    fn token(signatures: &SignatureCache, origin: &str, keys: &VapidKeys, now: Timestamp) -> String {
        let key = keys.key(keys.current()).unwrap();
        signatures.signature_for(origin, key, keys.subject(), now).auth_t
    }

    #[test]
    fn a_token_says_for_whom_until_when_and_from_whom_and_its_signature_holds() {
        let keys = keys(7);
        let token = token(&SignatureCache::default(), "https://push.example.com", &keys, now());
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let part = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&part(claims)).unwrap();
        assert_eq!(claims, json!({"aud": "https://push.example.com", "exp": 43200, "sub": "mailto:push@example.com"}));
        let signature = Signature::from_slice(&part(signature)).unwrap();
        let signed = token.rsplit_once('.').unwrap().0;
        let ours = keys.key(keys.current()).unwrap().private.verifying_key();
        assert!(ours.verify(signed.as_bytes(), &signature).is_ok());
        assert_eq!(part(header), br#"{"alg":"ES256","typ":"JWT"}"#);
    }

    #[test]
    fn one_signature_serves_an_origin_and_a_key_for_half_of_its_time() {
        let signatures = SignatureCache::default();
        let (one, other) = (keys(7), keys(8));
        let first = token(&signatures, "https://a.example", &one, now());
        assert_eq!(token(&signatures, "https://a.example", &one, now().plus_secs(RENEWED_AFTER_SECS - 1)), first);
        assert_ne!(token(&signatures, "https://b.example", &one, now()), first);
        assert_ne!(token(&signatures, "https://a.example", &other, now()), first);
        assert_ne!(token(&signatures, "https://a.example", &one, now().plus_secs(RENEWED_AFTER_SECS)), first);
    }
}
