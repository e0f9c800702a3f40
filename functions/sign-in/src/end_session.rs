//! The URL at which a browser ends its session with the identity provider. Without this, the next user of the computer
//! would be signed in as the previous user.

use openidconnect::url::Url;

use crate::settings::Settings;

/// Returns the provider's logout URL (OpenID Connect RP-Initiated Logout 1.0, section 2).
///
/// No ID token is kept for `id_token_hint`, so a provider may ask for confirmation.
pub(crate) fn address(endpoint: &Url, settings: &Settings) -> String {
    let mut address = endpoint.clone();
    let back = if is_cognito(&settings.issuer) { "logout_uri" } else { "post_logout_redirect_uri" };
    address.query_pairs_mut().append_pair("client_id", &settings.client_id).append_pair(back, &settings.signed_out());
    address.into()
}

/// Returns whether the provider is Amazon Cognito.
///
/// Cognito has another name for the parameter with the return URL ("Logout endpoint" in its developer guide).
fn is_cognito(issuer: &str) -> bool {
    issuer.starts_with("https://cognito-idp.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_provider_is_told_who_asks_and_the_way_back_by_the_name_that_it_has_for_it() {
        let address = |issuer: &str, endpoint: &str| {
            let settings = json!({"issuer": issuer, "client_id": "portal", "portal": "https://sms.example.com"});
            let settings: Settings = serde_json::from_value(settings).unwrap();
            address(&endpoint.parse().unwrap(), &settings)
        };
        let back = "https%3A%2F%2Fsms.example.com%2Fsign-in.html";
        assert_eq!(
            address("https://login.example.com", "https://login.example.com/logout?tenant=1"),
            format!("https://login.example.com/logout?tenant=1&client_id=portal&post_logout_redirect_uri={back}")
        );
        assert_eq!(
            address(
                "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a",
                "https://a.auth.us-east-1.amazoncognito.com/logout"
            ),
            format!("https://a.auth.us-east-1.amazoncognito.com/logout?client_id=portal&logout_uri={back}")
        );
    }
}
