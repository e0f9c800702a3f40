use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Randomness;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{InvalidContact, VapidContact};

/// The VAPID keys, which sign pushes (RFC 8292).
///
/// New subscriptions use the current key. Earlier keys are kept for browsers that have not renewed their subscriptions
/// since.
pub struct VapidKeys {
    stored: StoredKeys,
    keys: Vec<VapidKey>,
}

pub(crate) struct VapidKey {
    pub(crate) private: SigningKey,
    /// The public key as an uncompressed point, of which `public` is the base64url form.
    pub(crate) point: Vec<u8>,
    pub(crate) public: String,
}

/// The JSON of the secret.
#[derive(Clone, Serialize, Deserialize)]
struct StoredKeys {
    /// The contact for push services: an `https:` or `mailto:` address.
    subject: String,
    keys: Vec<StoredKey>,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    /// The private key: 32 bytes in base64url.
    private: String,
}

/// The error for an invalid secret. Its text does not contain any of the secret's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidKeys {
    #[error("the push keys are not JSON of the form {{\"subject\":\"mailto:…\",\"keys\":[{{\"private\":\"…\"}}]}}")]
    NotWritten,
    #[error("the push keys' subject is neither a mailto: nor an https: address")]
    Subject,
    #[error("there is no push key")]
    None,
    #[error("push key {0} is not a private key on P-256, of 32 bytes in base64url")]
    NotAKey(usize),
}

/// The largest number of keys after a rotation, including the new one.
const MAX_KEYS: usize = 5;

impl VapidKeys {
    /// Parses a secret.
    ///
    /// `{"subject": "mailto:…" | "https://…", "keys": [{"private": "<32 bytes in base64url>"}]}`, current key first. A
    /// subject that some push services reject is accepted, because the others still accept pushes.
    pub fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let written: StoredKeys = serde_json::from_str(text).map_err(|_| InvalidKeys::NotWritten)?;
        if !is_contact(&written.subject) {
            return Err(InvalidKeys::Subject);
        }
        if written.keys.is_empty() {
            return Err(InvalidKeys::None);
        }
        let read =
            |(place, key): (usize, &StoredKey)| VapidKey::read(&key.private).ok_or(InvalidKeys::NotAKey(place + 1));
        let keys = written.keys.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { stored: written, keys })
    }

    /// Returns a secret with one new key.
    #[must_use]
    pub fn generate(randomness: &Randomness, subject: &str) -> String {
        let written = StoredKeys { subject: subject.to_owned(), keys: vec![StoredKey::new(randomness)] };
        written.to_string()
    }

    /// Returns the secret with another contact and the same keys. Subscriptions stay valid.
    #[must_use]
    pub fn with_contact(&self, contact: &VapidContact) -> String {
        StoredKeys { subject: contact.to_string(), ..self.stored.clone() }.to_string()
    }

    /// Returns the contact, or an error if some push services reject it.
    pub fn contact(&self) -> Result<VapidContact, InvalidContact> {
        self.stored.subject.parse()
    }

    /// Returns the secret with a new current key.
    ///
    /// Browsers renew their subscriptions when the portal is next opened in them. Until then, pushes to them are signed
    /// with the earlier key.
    #[must_use]
    pub fn rotated(&self, randomness: &Randomness) -> String {
        let mut written = self.stored.clone();
        written.keys.insert(0, StoredKey::new(randomness));
        written.keys.truncate(MAX_KEYS);
        written.to_string()
    }

    /// Returns the current public key in base64url. Browsers use it as the `applicationServerKey` of new subscriptions.
    #[must_use]
    pub fn current(&self) -> &str {
        self.keys.first().map_or("", |key| &key.public)
    }

    /// Returns whether a public key belongs to one of these keys.
    #[must_use]
    pub fn has(&self, public: &str) -> bool {
        self.key(public).is_some()
    }

    pub(crate) fn key(&self, public: &str) -> Option<&VapidKey> {
        let public = public.trim_end_matches('=');
        self.keys.iter().find(|key| key.public == public)
    }

    pub(crate) fn subject(&self) -> &str {
        &self.stored.subject
    }
}

impl fmt::Debug for VapidKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} and {} earlier)", self.current(), self.keys.len().saturating_sub(1))
    }
}

impl VapidKey {
    fn read(private: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(private.trim_end_matches('=')).ok()?;
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        let private = SigningKey::from_slice(&bytes).ok()?;
        let point = private.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        let public = URL_SAFE_NO_PAD.encode(&point);
        Some(Self { private, point, public })
    }
}

impl StoredKey {
    fn new(randomness: &Randomness) -> Self {
        let mut bytes = randomness.bytes();
        // The chance that 32 random bytes are not below the curve's order is about one in four thousand million.
        while SigningKey::from_slice(&bytes).is_err() {
            bytes = randomness.bytes();
        }
        Self { private: URL_SAFE_NO_PAD.encode(bytes) }
    }
}

impl fmt::Display for StoredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

fn is_contact(subject: &str) -> bool {
    let address = subject.strip_prefix("mailto:").or_else(|| subject.strip_prefix("https://"));
    address.is_some_and(|address| !address.is_empty() && address.bytes().all(|b| b.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    fn randomness() -> Randomness {
        let count = AtomicU8::new(1);
        Randomness::new(move || [count.fetch_add(1, Ordering::Relaxed); 32])
    }

    /// The example of RFC 8292 contains only a public key. This pair is from RFC 8291, appendix A.
    #[test]
    fn a_public_key_is_computed_from_its_private_one() {
        let secret = r#"{"subject":"mailto:push@example.com","keys":[{"private":"yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"}]}"#;
        let public = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        let keys = VapidKeys::parse(secret).unwrap();
        assert_eq!(keys.current(), public);
        assert!(keys.has(public) && keys.has(&format!("{public}=")) && !keys.has(""));
    }

    #[test]
    fn a_rotated_key_is_the_current_one_and_the_earlier_ones_are_known_for_a_while() {
        let randomness = randomness();
        let mut keys = VapidKeys::parse(&VapidKeys::generate(&randomness, "https://example.com/contact")).unwrap();
        let first = keys.current().to_owned();
        for earlier in 1..MAX_KEYS {
            keys = VapidKeys::parse(&keys.rotated(&randomness)).unwrap();
            assert!(keys.has(&first) && keys.current() != first, "after {earlier} rotations");
        }
        assert!(!VapidKeys::parse(&keys.rotated(&randomness)).unwrap().has(&first));
    }

    #[test]
    fn a_secret_that_is_none_is_refused_without_showing_it() {
        let key = |private: &str| format!(r#"{{"subject":"mailto:a@example.com","keys":[{{"private":"{private}"}}]}}"#);
        for (bad, why) in [
            ("secret".to_owned(), InvalidKeys::NotWritten),
            (r#"{"subject":"a@example.com","keys":[]}"#.to_owned(), InvalidKeys::Subject),
            (r#"{"subject":"mailto:a@example.com","keys":[]}"#.to_owned(), InvalidKeys::None),
            (key("secret"), InvalidKeys::NotAKey(1)),
            (key(&URL_SAFE_NO_PAD.encode([0; 32])), InvalidKeys::NotAKey(1)),
            (key(&URL_SAFE_NO_PAD.encode([0xff; 32])), InvalidKeys::NotAKey(1)),
        ] {
            assert_eq!(VapidKeys::parse(&bad).unwrap_err(), why, "{bad}");
            assert!(!why.to_string().contains("secret"));
        }
        let keys = VapidKeys::parse(&VapidKeys::generate(&randomness(), "mailto:a@example.com")).unwrap();
        assert!(!format!("{keys:?}").contains(&keys.stored.keys[0].private));
    }
}
