use domain::{Scheme, TokenHash};
use http::HeaderMap;
use http::header::COOKIE;
use sha2::{Digest, Sha256};

const SESSION: &str = "switchboard";

/// Returns the name of a cookie of the portal.
///
/// With TLS, the name has the prefix `__Host-`: browsers then require `Secure` and `Path=/`, and never share the cookie
/// with another host of the domain. Without TLS, the cookie can have neither the prefix nor `Secure`: Safari accepts no
/// `Secure` cookie from `http://localhost`.
#[must_use]
pub fn cookie_name(scheme: Scheme, name: &str) -> String {
    match scheme {
        Scheme::Https => format!("__Host-{name}"),
        Scheme::Http => name.to_owned(),
    }
}

/// Returns the `Set-Cookie` value for a cookie that scripts cannot read and other sites cannot use.
///
/// `SameSite` is `Lax`, because users arrive from the identity provider's site and from links in emails.
#[must_use]
pub fn set_cookie(scheme: Scheme, name: &str, value: &str, seconds: u64) -> String {
    let name = cookie_name(scheme, name);
    let secure = if scheme == Scheme::Https { "Secure; " } else { "" };
    format!("{name}={value}; Path=/; {secure}HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// Returns the name of the cookie with the session token.
#[must_use]
pub fn session_cookie_name(scheme: Scheme) -> String {
    cookie_name(scheme, SESSION)
}

/// Returns the `Set-Cookie` value that starts a session in a browser.
#[must_use]
pub fn session_cookie(scheme: Scheme, token: &str, seconds: u64) -> String {
    set_cookie(scheme, SESSION, token, seconds)
}

/// Returns the `Set-Cookie` value that ends a session in a browser.
#[must_use]
pub fn clear_session_cookie(scheme: Scheme) -> String {
    session_cookie(scheme, "", 0)
}

/// Returns the session token from a request's cookies.
pub fn session_token<'a>(scheme: Scheme, cookies: impl IntoIterator<Item = &'a str>) -> Option<String> {
    cookie(&session_cookie_name(scheme), cookies)
}

/// Returns the value of a cookie. API Gateway passes cookies separately, or joined in one header.
pub fn cookie<'a>(wanted: &str, cookies: impl IntoIterator<Item = &'a str>) -> Option<String> {
    cookies
        .into_iter()
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, value)| *name == wanted && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Returns the `Cookie` headers of an HTTP request.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok())
}

/// Returns the hash of a token, which is stored in the table.
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
        assert_eq!(session_token(Scheme::Https, ["a=b; __Host-switchboard=t0ken; c=d"]), wanted);
        assert_eq!(session_token(Scheme::Https, ["a=b", "__Host-switchboard=t0ken"]), wanted);
        assert_eq!(session_token(Scheme::Https, ["a=b", "switchboard=t0ken", "__Host-switchboard="]), None);
        assert_eq!(session_token(Scheme::Http, ["__Host-switchboard=other", "switchboard=t0ken"]), wanted);
    }

    #[test]
    fn cookies_are_secure_and_of_this_host_only_wherever_there_is_tls() {
        assert_eq!(
            session_cookie(Scheme::of_origin("https://sms.example.com"), "t0ken", 60),
            "__Host-switchboard=t0ken; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(
            session_cookie(Scheme::of_origin("http://localhost:8080"), "t0ken", 60),
            "switchboard=t0ken; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(Scheme::of_origin(""), Scheme::Https);
    }
}
