//! Checks that the identity provider is the one in the secret.

use serde::Deserialize;

use crate::doctor::Finding;
use crate::doctor::http::get;

const CHECK: &str = "issuer";

/// The discovery document of an issuer (OpenID Connect Discovery 1.0, section 3), with the fields that are checked.
#[derive(Deserialize)]
struct IssuerMetadata {
    issuer: String,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
}

pub(crate) async fn check(issuer: &str) -> Finding {
    let address = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
    let document = match get(&address).await {
        Ok(answer) if answer.status() == 200 => answer.into_body(),
        Ok(answer) => {
            let says = format!("{address} responds with {}", answer.status().as_u16());
            return Finding::wrong(CHECK, says, "correct the secret's `issuer`");
        }
        Err(why) => {
            return Finding::wrong(
                CHECK,
                format!("{address} {why}"),
                "correct the secret's `issuer`, or repair the issuer",
            );
        }
    };
    let Ok(metadata) = serde_json::from_slice::<IssuerMetadata>(&document) else {
        return Finding::wrong(
            CHECK,
            format!("{address} is not a discovery document"),
            "correct the secret's `issuer`",
        );
    };
    if metadata.issuer != issuer {
        return Finding::wrong(
            CHECK,
            format!("the secret's `issuer` is {issuer}, but its discovery document has {}", metadata.issuer),
            "set the secret's `issuer` to the value in the discovery document, character by character",
        );
    }
    if metadata.code_challenge_methods_supported.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
        return Finding::wrong(CHECK, format!("{issuer} does not support PKCE with S256"), "turn it on at the issuer");
    }
    Finding::ok(CHECK, format!("{issuer} responds"))
}
