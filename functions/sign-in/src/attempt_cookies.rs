use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Scheme, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use crate::attempt::SignInAttempt;
use crate::back;

/// Stores sign-in attempts in the browser. Each attempt has its own cookie, which scripts cannot read.
///
/// Several tabs can then sign in at once, and a visitor without a session cannot make the table grow.
///
/// The cookies are signed. A forged attempt could otherwise choose the parameters of the requests to the provider.
#[derive(Clone, Copy)]
pub(crate) struct AttemptCookies<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) key: &'a [u8],
}

/// The prefix of the cookies' names. The rest of a name is the `state` of its attempt.
const NAME: &str = "switchboard-signing-in-";

/// How long an attempt is valid, in seconds. This is enough time to find a phone for a second factor.
const SECS: u64 = 15 * 60;

/// The maximum number of attempts that a browser keeps. API Gateway rejects requests with several kilobytes of cookies.
const MAX_ATTEMPTS: usize = 5;

impl AttemptCookies<'_> {
    /// Returns the `Set-Cookie` header that stores an attempt.
    pub(crate) fn set_cookie(&self, attempt: &SignInAttempt) -> String {
        let SignInAttempt { state, nonce, verifier, again, back, begun_secs } = attempt;
        let kept = format!("{begun_secs}.{nonce}.{verifier}.{again}.{}", URL_SAFE_NO_PAD.encode(back));
        let signature = self.mac(state, &kept).map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        self.set(state, &format!("{kept}.{}", signature.unwrap_or_default()), SECS)
    }

    /// Returns the `Set-Cookie` header that deletes an attempt. An attempt is valid for one callback.
    pub(crate) fn clear_cookie(&self, attempt: &SignInAttempt) -> String {
        self.set(&attempt.state, "", 0)
    }

    /// Returns the `Set-Cookie` headers that delete a browser's oldest attempts, to make room for one more.
    pub(crate) fn clear_oldest(&self, headers: &HeaderMap) -> Vec<String> {
        let cookies = web::cookies(headers).flat_map(|cookies| cookies.split(';'));
        let mut kept: Vec<_> = cookies.filter_map(|cookie| self.started_at(cookie)).collect();
        kept.sort_unstable_by(|one, other| other.cmp(one));
        kept.iter().skip(MAX_ATTEMPTS - 1).map(|(_, state)| self.set(state, "", 0)).collect()
    }

    /// Returns the attempt with the `state` of a callback, if this browser began the attempt within the last 15
    /// minutes.
    pub(crate) fn find(&self, headers: &HeaderMap, state: &str, now: Timestamp) -> Option<SignInAttempt> {
        let cookie = web::cookie(&self.name(state), web::cookies(headers))?;
        let (kept, signature) = cookie.rsplit_once('.')?;
        self.mac(state, kept)?.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let mut parts = kept.split('.').map(str::to_owned);
        let (begun, nonce, verifier) = (parts.next()?, parts.next()?, parts.next()?);
        let again = parts.next()?.parse().ok()?;
        let back = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        let (state, back) = (state.to_owned(), back::page(Some(&back)).to_owned());
        let attempt = SignInAttempt { state, nonce, verifier, again, back, begun_secs: begun.parse().ok()? };
        (now.as_secs() < attempt.begun_secs.saturating_add(SECS)).then_some(attempt)
    }

    /// Returns the HMAC of a cookie's value under a state. HMAC takes keys of any length.
    fn mac(&self, state: &str, kept: &str) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.key).ok()?;
        Some(mac.chain_update(format!("switchboard attempt {state} {kept}")))
    }

    fn name(&self, state: &str) -> String {
        web::cookie_name(self.scheme, &format!("{NAME}{state}"))
    }

    fn set(&self, state: &str, value: &str, seconds: u64) -> String {
        web::set_cookie(self.scheme, &format!("{NAME}{state}"), value, seconds)
    }

    /// Parses an attempt cookie into its start time (Unix seconds) and its state. Returns `None` for any other cookie.
    fn started_at<'c>(&self, cookie: &'c str) -> Option<(u64, &'c str)> {
        let (name, value) = cookie.trim().split_once('=')?;
        let state = name.strip_prefix(&self.name(""))?;
        let is_state = state.len() == 64 && state.bytes().all(|byte| byte.is_ascii_hexdigit());
        let begun = value.split('.').next().and_then(|begun| begun.parse().ok()).unwrap_or_default();
        is_state.then_some((begun, state))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use domain::Randomness;
    use http::HeaderValue;
    use http::header::COOKIE;

    use super::*;

    const COOKIES: AttemptCookies = AttemptCookies { scheme: Scheme::Https, key: b"a key" };

    fn now() -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }

    fn randomness() -> Randomness {
        let next = AtomicU8::new(0);
        Randomness::new(move || [next.fetch_add(1, Ordering::Relaxed); 32])
    }

    fn sent_back(cookies: &[String]) -> HeaderMap {
        let pairs: Vec<_> = cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap())])
    }

    #[test]
    fn a_callback_is_of_an_attempt_that_this_browser_began() {
        let randomness = randomness();
        let [one, other] = [(); 2].map(|()| SignInAttempt::new(&randomness, now(), true, Some("/messages.html")));
        let headers = sent_back(&[COOKIES.set_cookie(&one), COOKIES.set_cookie(&other)]);
        for attempt in [one, other] {
            assert_eq!(COOKIES.find(&headers, &attempt.state, now()), Some(attempt.clone()));
            assert_eq!(COOKIES.find(&headers, &attempt.state, now().plus_secs(SECS)), None);
            let others = AttemptCookies { key: b"another key", ..COOKIES };
            assert_eq!(others.find(&headers, &attempt.state, now()), None);
        }
        assert_eq!(COOKIES.find(&headers, "another", now()), None);
        assert_eq!(COOKIES.find(&headers, "", now()), None);
    }

    #[test]
    fn an_attempt_that_was_changed_or_renamed_is_none() {
        let attempt = SignInAttempt::new(&randomness(), now(), false, None);
        let cookie = COOKIES.set_cookie(&attempt);
        let other = "f".repeat(64);
        let renamed = cookie.replacen(&attempt.state, &other, 1);
        assert_eq!(COOKIES.find(&sent_back(&[renamed]), &other, now()), None);
        let (pair, _) = cookie.split_once(';').unwrap();
        for at in pair.find('=').unwrap() + 1..pair.len() {
            let mut changed = pair.to_owned();
            changed.replace_range(at..=at, if &pair[at..=at] == "0" { "1" } else { "0" });
            assert_eq!(COOKIES.find(&sent_back(&[changed]), &attempt.state, now()), None, "{at}");
        }
    }

    #[test]
    fn only_the_newest_attempts_are_kept() {
        let randomness = randomness();
        let begun: Vec<_> =
            (0..8).map(|secs| SignInAttempt::new(&randomness, now().plus_secs(secs), false, None)).collect();
        let mut cookies: Vec<_> = begun.iter().map(|attempt| COOKIES.set_cookie(attempt)).collect();
        cookies.rotate_left(3);
        cookies.push("a=b".to_owned());
        cookies.push(format!("{}=9999999999", COOKIES.name("made-up")));
        let oldest: Vec<_> = begun[..4].iter().rev().map(|attempt| COOKIES.clear_cookie(attempt)).collect();
        assert_eq!(COOKIES.clear_oldest(&sent_back(&cookies)), oldest);
        assert!(COOKIES.clear_oldest(&sent_back(&cookies[..4])).is_empty());
    }
}
