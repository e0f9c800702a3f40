//! A sign-in that has begun: what the browser keeps while its person is with the identity provider.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Randomness;
use http::HeaderMap;

/// What the callback must match, and where to go then. Kept in a cookie that no script can read:
/// whoever has no session cannot make the table grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Names this attempt to the provider and back: a callback that somebody else began has another.
    pub(crate) state: String,
    /// Stands in the ID token, which so is of this attempt and no other.
    pub(crate) nonce: String,
    /// What only the browser that began can show (PKCE, RFC 7636).
    pub(crate) verifier: String,
    /// A page of the portal.
    pub(crate) back: String,
}

const COOKIE: &str = "__Host-switchboard-signing-in";

/// Long enough to find one's phone for a second factor.
const SECS: u64 = 15 * 60;

impl Attempt {
    pub(crate) fn new(randomness: &Randomness, back: Option<&str>) -> Self {
        let back = back.filter(|back| is_page(back)).unwrap_or("/");
        Self {
            state: randomness.token(),
            nonce: randomness.token(),
            verifier: randomness.token(),
            back: back.to_owned(),
        }
    }

    /// The `Set-Cookie` that keeps it. Lax, since the way back begins at the provider's site.
    pub(crate) fn cookie(&self) -> String {
        let back = URL_SAFE_NO_PAD.encode(&self.back);
        let Self { state, nonce, verifier, .. } = self;
        format!("{COOKIE}={state}.{nonce}.{verifier}.{back}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={SECS}")
    }

    /// The `Set-Cookie` that forgets it: an attempt is good for one callback.
    pub(crate) fn clear() -> String {
        format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    /// The attempt that a browser has begun, if it is the one that the callback names.
    pub(crate) fn of(headers: &HeaderMap, state: &str) -> Option<Self> {
        let kept = web::cookie(COOKIE, web::cookies(headers))?;
        let mut parts = kept.split('.').map(str::to_owned);
        let (known, nonce, verifier) = (parts.next()?, parts.next()?, parts.next()?);
        let back = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        let back = if is_page(&back) { back } else { "/".to_owned() };
        (known == state).then_some(Self { state: known, nonce, verifier, back })
    }
}

/// Whether an address is a page of this portal: nobody is sent anywhere else from here.
fn is_page(address: &str) -> bool {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let here = address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/api/");
    plain && here && address.len() <= 300
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE as HEADER;

    use super::*;

    #[test]
    fn the_way_back_is_a_page_of_this_portal_and_nothing_else() {
        for page in ["/", "/messages.html", "/conversation.html?c=0a1b"] {
            assert!(is_page(page), "{page}");
        }
        let long = format!("/{}", "x".repeat(300));
        for elsewhere in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a b", "/api/sign-out", &long]
        {
            assert!(!is_page(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_callback_is_of_the_attempt_that_this_browser_began() {
        let randomness = Randomness::new(|| [7; 32]);
        let attempt = Attempt::new(&randomness, Some("/messages.html"));
        let mut headers = HeaderMap::new();
        let cookie = attempt.cookie();
        headers.insert(HEADER, HeaderValue::from_str(cookie.split(';').next().unwrap()).unwrap());
        assert_eq!(Attempt::of(&headers, &attempt.state), Some(attempt));
        assert_eq!(Attempt::of(&headers, "another"), None);
        assert_eq!(Attempt::of(&HeaderMap::new(), ""), None);
    }
}
