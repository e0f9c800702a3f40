//! ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.7).
//!
//! `openidconnect` verifies the signatures. The claims are parsed here, since the types of `openidconnect` reject
//! tokens because of claims that are not used.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Login, Timestamp};
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use store::ProviderIdentity;

use crate::failure::{SignInFailure, rejected};

/// The accepted signature algorithms. Only the provider has the private keys for them. HMAC is not accepted, because
/// this client has its secret too.
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

/// How far the provider's clock may be ahead, in seconds.
const SKEW_SECS: u64 = 5 * 60;

/// An ID token with an accepted signature algorithm. Its signature is not verified yet.
pub(crate) struct IdToken<'a> {
    /// The signed part: header and claims, as received.
    signed: &'a str,
    header: Header,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

/// The header of a token (RFC 7515, section 4.1).
#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<IgnoredAny>,
    /// The extensions that a recipient must support. This code supports none, so a token with this field is rejected.
    crit: Option<IgnoredAny>,
}

/// The values that the claims must match.
pub(crate) struct ExpectedClaims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Timestamp,
}

/// A user whose identity the provider has confirmed.
pub(crate) struct VerifiedPerson {
    pub(crate) identity: ProviderIdentity,
    /// The logins to look up in the directory, in this order.
    ///
    /// The subject comes first, since a provider never gives it to another user. The email address follows only if the
    /// provider has verified it, since users can claim any address at some providers.
    pub(crate) logins: Vec<Login>,
    /// When the user last entered their credentials. `None` if the token does not contain the time.
    pub(crate) authenticated: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    sub: String,
    exp: f64,
    iat: f64,
    nonce: String,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    auth_time: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Some(Vec<String>),
}

impl<'a> IdToken<'a> {
    /// Parses a token and checks its header. Does not verify the signature.
    pub(crate) fn read(token: &'a str) -> Result<Self, SignInFailure> {
        let malformed = rejected("the ID token is none");
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| malformed)?;
        let token = Self { signed, header, claims: decoded(claims)?, signature: decoded(signature)? };
        if token.header.is_understood() {
            Ok(token)
        } else {
            Err(rejected("the ID token is not of a kind that counts"))
        }
    }

    /// Returns whether one of these keys signed the token.
    pub(crate) fn is_signed_by(&self, keys: &CoreJsonWebKeySet) -> bool {
        let Header { alg, kid, .. } = &self.header;
        let named = |id: Option<&str>| kid.is_none() || kid.as_deref() == id;
        let mut candidates = keys.keys().iter().filter(|key| named(key.key_id().map(|id| id.as_str())));
        // A key states its purpose, and `openidconnect` rejects a key for another purpose.
        candidates.any(|key| key.verify_signature(alg, self.signed.as_bytes(), &self.signature).is_ok())
    }

    /// Checks the claims and returns the user of the token. Callers must verify the token's signature first.
    pub(crate) fn person(&self, expected: &ExpectedClaims) -> Result<VerifiedPerson, SignInFailure> {
        let claims: Claims =
            serde_json::from_slice(&self.claims).map_err(|_| rejected("the ID token lacks what it must say"))?;
        claims.check(expected)?;
        let subject = Login::subject(&claims.sub).ok();
        let email = claims.verified_email().and_then(|email| Login::email(email).ok());
        let authenticated = claims.authenticated();
        let identity = ProviderIdentity { issuer: claims.iss, subject: claims.sub };
        Ok(VerifiedPerson { identity, logins: subject.into_iter().chain(email).collect(), authenticated })
    }
}

impl Header {
    fn is_understood(&self) -> bool {
        let kind = self.typ.as_ref().map(|typ| typ.to_ascii_lowercase());
        let kind = kind.as_ref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
        // Rejects other tokens that the provider signs with the same key (RFC 8725, section 3.11).
        let is_of_kind = kind.is_none_or(|kind| kind == "jwt" || kind == "jose");
        is_of_kind && self.cty.is_none() && self.crit.is_none() && SIGNATURES.contains(&self.alg)
    }
}

impl Claims {
    fn check(&self, expected: &ExpectedClaims) -> Result<(), SignInFailure> {
        let audience = match &self.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Some(some) => some,
        };
        // A token that is also for another application could be replayed here by that application.
        if audience.is_empty() || audience.iter().any(|one| one != expected.client_id) {
            return Err(rejected("the ID token is for another client"));
        }
        if self.azp.as_ref().is_some_and(|party| party != expected.client_id) {
            return Err(rejected("the ID token was given to another client"));
        }
        if self.iss != expected.issuer {
            return Err(rejected("the ID token is of another issuer"));
        }
        if self.nonce != expected.nonce {
            return Err(rejected("the ID token is of another sign-in"));
        }
        let (issued, expires) = (since_epoch(self.iat)?, since_epoch(self.exp)?);
        let now = Duration::from_millis(expected.now.as_millis());
        if expires <= now || issued > now + Duration::from_secs(SKEW_SECS) {
            return Err(rejected("the ID token is of another time"));
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return Err(rejected("the ID token names nobody"));
        }
        Ok(())
    }

    /// Returns `auth_time`. Some providers write numbers as strings.
    fn authenticated(&self) -> Option<Timestamp> {
        let text = self.auth_time.as_str().and_then(|text| text.parse().ok());
        let since = since_epoch(self.auth_time.as_f64().or(text)?).ok()?;
        Some(Timestamp::from_millis(u64::try_from(since.as_millis()).ok()?))
    }

    /// Returns the email address if it is verified. Some providers write `true` as a string.
    fn verified_email(&self) -> Option<&str> {
        let verified = self.email_verified == Value::Bool(true) || self.email_verified == "true";
        self.email.as_str().filter(|_| verified)
    }
}

/// Parses a `NumericDate`, which may have a fraction (RFC 7519, section 2).
fn since_epoch(seconds: f64) -> Result<Duration, SignInFailure> {
    Duration::try_from_secs_f64(seconds).map_err(|_| rejected("the ID token is of no time"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(&json!({})), URL_SAFE_NO_PAD.encode("signature"))
    }

    #[test]
    fn only_a_token_of_a_kind_that_counts_is_looked_at() {
        for header in [
            json!({"alg": "RS256"}),
            json!({"alg": "ES256", "typ": "JWT", "kid": "1", "x5t": "a"}),
            json!({"alg": "EdDSA", "typ": "application/jwt"}),
        ] {
            assert!(IdToken::read(&token(&header)).is_ok(), "{header}");
        }
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "HS256"}),
            json!({"alg": "another"}),
            json!({"typ": "JWT"}),
            json!({"alg": "RS256", "typ": "at+jwt"}),
            json!({"alg": "RS256", "typ": "logout+jwt"}),
            json!({"alg": "RS256", "cty": "JWT"}),
            json!({"alg": "RS256", "crit": ["exp"]}),
        ] {
            assert!(IdToken::read(&token(&header)).is_err(), "{header}");
        }
        for malformed in ["", ".", "..", "a.b.c", "e30.e30", "\u{e9}.\u{e9}.\u{e9}"] {
            assert!(IdToken::read(malformed).is_err(), "{malformed}");
        }
    }
}
