use domain::TokenHash;
use http::HeaderMap;
use http::header::COOKIE;
use sha2::{Digest, Sha256};

/// `__Host-`: kept only with Secure and Path=/, and never shared with another host of the domain.
pub const SESSION_COOKIE: &str = "__Host-switchboard";

/// The `Set-Cookie` that starts a session in a browser.
#[must_use]
pub fn session_cookie(token: &str, seconds: u64) -> String {
    format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// The `Set-Cookie` that ends it.
#[must_use]
pub fn clear_session_cookie() -> String {
    session_cookie("", 0)
}

pub fn session_token<'a>(cookies: impl IntoIterator<Item = &'a str>) -> Option<String> {
    cookie(SESSION_COOKIE, cookies)
}

/// One of the cookies as API Gateway hands them over: each on its own, or joined in the header.
pub fn cookie<'a>(wanted: &str, cookies: impl IntoIterator<Item = &'a str>) -> Option<String> {
    cookies
        .into_iter()
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, value)| *name == wanted && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// The cookies of an HTTP request.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok())
}

/// What the table keeps of a token.
#[must_use]
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash::new(hex::encode(Sha256::digest(token.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies_however_they_come() {
        let wanted = Some("t0ken".to_owned());
        assert_eq!(session_token(["a=b; __Host-switchboard=t0ken; c=d"]), wanted);
        assert_eq!(session_token(["a=b", "__Host-switchboard=t0ken"]), wanted);
        assert_eq!(session_token(["a=b", "switchboard=t0ken", "__Host-switchboard="]), None);
    }
}
