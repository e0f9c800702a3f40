use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};

/// The issuer's signing key: Ed25519, new at every start.
pub(crate) struct SigningKey(CoreEdDsaPrivateSigningKey);

/// The bytes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

const ID: &str = "local";

impl SigningKey {
    pub(crate) fn new(bytes: [u8; 32]) -> anyhow::Result<Self> {
        let encoded = STANDARD.encode([&PKCS8[..], &bytes].concat());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n");
        let id = Some(JsonWebKeyId::new(ID.to_owned()));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, id).map(Self).map_err(|error| anyhow!(error))
    }

    pub(crate) fn public(&self) -> CoreJsonWebKey {
        self.0.as_verification_key()
    }

    /// Returns a signed JWT with the claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "typ": "JWT", "kid": ID})), part(claims));
        let signature = self.0.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap_or_default();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
