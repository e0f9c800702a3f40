//! The token endpoint, which exchanges an authorization code for an ID token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use https::HttpsClient;
use openidconnect::url::form_urlencoded;
use serde::Deserialize;

use crate::attempt::SignInAttempt;
use crate::failure::{SignInFailure, rejected, unavailable};
use crate::settings::Settings;

/// The method by which the client secret is sent (OpenID Connect Core 1.0, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuthentication {
    Basic,
    Post,
}

impl ClientAuthentication {
    /// Chooses from the methods that an issuer supports. Prefers the header, also if the issuer lists no method.
    pub(crate) fn choose(supported: Option<&[String]>) -> Self {
        let takes = |way| supported.is_some_and(|ways| ways.iter().any(|known| known == way));
        if takes("client_secret_post") && !takes("client_secret_basic") { Self::Post } else { Self::Basic }
    }
}

/// The used fields of the token endpoint's response.
#[derive(Deserialize)]
struct TokenResponse {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
}

/// The failure for an issuer that rejected the client's credentials. The usual cause is a client secret that has
/// expired or was replaced.
pub(crate) const CLIENT_REFUSED: SignInFailure = unavailable("the issuer does not take us for its client");

/// Exchanges a code for an ID token. Makes one HTTP request.
pub(crate) async fn id_token(
    https: &HttpsClient,
    endpoint: &str,
    authentication: ClientAuthentication,
    settings: &Settings,
    code: &str,
    attempt: &SignInAttempt,
) -> Result<String, SignInFailure> {
    let request = request(endpoint, authentication, settings, code, attempt);
    let request = request.map_err(|_| unavailable("the issuer's token endpoint is not an address"))?;
    let answer = https.ask(request).await;
    let answer = answer.map_err(|_| unavailable("the issuer's token endpoint did not answer"))?;
    if !answer.status().is_success() {
        return Err(failure_from(answer.status(), answer.body()));
    }
    let tokens: Option<TokenResponse> = serde_json::from_slice(answer.body()).ok();
    let tokens = tokens.ok_or(unavailable("the issuer's token endpoint answered something else"))?;
    tokens.id_token.ok_or(rejected("the issuer gave no ID token"))
}

/// Builds the token request (RFC 6749, sections 2.3.1 and 4.1.3, and RFC 7636, section 4.5).
fn request(
    endpoint: &str,
    authentication: ClientAuthentication,
    settings: &Settings,
    code: &str,
    attempt: &SignInAttempt,
) -> http::Result<Request<Vec<u8>>> {
    let callback = settings.callback();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &callback)
        .append_pair("code_verifier", &attempt.verifier);
    let mut request = Request::post(endpoint)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (client, secret) = (&settings.client_id, &settings.client_secret);
    if authentication == ClientAuthentication::Basic && !secret.is_empty() {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret)));
        request = request.header(AUTHORIZATION, format!("Basic {pair}"));
    } else {
        form.append_pair("client_id", client);
        if !secret.is_empty() {
            form.append_pair("client_secret", secret);
        }
    }
    request.body(form.finish().into_bytes())
}

/// Returns the failure for an error response. The browser may have sent an invalid code. A rejected client means that
/// the deployment's settings are wrong.
fn failure_from(status: StatusCode, body: &[u8]) -> SignInFailure {
    let error = serde_json::from_slice(body).map(|refusal: TokenError| refusal.error);
    match (status, error.as_deref()) {
        (_, Ok("invalid_client" | "unauthorized_client" | "unsupported_grant_type" | "invalid_scope")) => {
            CLIENT_REFUSED
        }
        (_, Ok("invalid_grant")) => rejected("the issuer does not take the code"),
        (StatusCode::UNAUTHORIZED, _) => CLIENT_REFUSED,
        (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS, _) => {
            unavailable("the issuer's token endpoint wants to be asked later")
        }
        (status, _) if status.is_client_error() => rejected("the issuer does not take the request with the code"),
        _ => unavailable("the issuer's token endpoint answered something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_sent_in_the_header_unless_the_issuer_takes_it_in_the_body_only() {
        let of = |ways: &[&str]| {
            ClientAuthentication::choose(Some(&ways.iter().map(|way| (*way).to_owned()).collect::<Vec<_>>()))
        };
        assert_eq!(ClientAuthentication::choose(None), ClientAuthentication::Basic);
        assert_eq!(of(&["client_secret_post"]), ClientAuthentication::Post);
        for ways in [&["client_secret_post", "client_secret_basic"][..], &["private_key_jwt"], &[]] {
            assert_eq!(of(ways), ClientAuthentication::Basic, "{ways:?}");
        }
    }
}
