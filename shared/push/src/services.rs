use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::PushSubscription;
use http::Uri;
use p256::PublicKey;
use thiserror::Error;
use web_push::SubscriptionInfo;

use crate::dns_name::is_dns_name;

/// The allow-list of push services.
///
/// A browser supplies the URL of its push service, so an attacker can supply any URL. Without an allow-list, pushes
/// could be sent to servers that only this network reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushServices {
    hosts: Vec<HostRule>,
    /// The origins of push services on this machine, such as `http://127.0.0.1:8090`.
    local: Vec<String>,
    /// Whether a new subscription's host is resolved to check its address.
    are_looked_up: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostRule {
    Exactly(String),
    /// Every host below a domain, as in `.notify.windows.com`.
    Below(String),
}

/// The push services of Google, Mozilla, Apple and Microsoft, which all current browsers use.
const WELL_KNOWN: [&str; 7] = [
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    ".push.services.mozilla.com",
    "web.push.apple.com",
    ".push.apple.com",
    ".notify.windows.com",
];

/// The name of the well-known push services in a setting.
const ALL_KNOWN: &str = "known";

/// The error for a setting that does not name push services.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidPushServices {
    #[error(
        "`{0}` is neither a host such as push.example.com, nor all below one such as .push.example.com, nor `known`"
    )]
    NotAHost(String),
    #[error("a local push service is at http://127.0.0.1:<port> or http://[::1]:<port>")]
    NotLocal,
}

/// The reason why nothing is pushed to a browser. Its text is a sentence for the member of staff who uses the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    #[error(
        "The address at which this browser takes notifications cannot be used. Turn notifications off and on again."
    )]
    Address,
    #[error(
        "This browser takes notifications through a push service that is not allowed here. Your administrator can allow it."
    )]
    Service,
    #[error(
        "The keys with which this browser takes notifications cannot be used. Turn notifications off and on again."
    )]
    Keys,
    #[error("This browser's push service is inside a private network. Notifications are not sent there.")]
    PrivateNetwork,
}

/// A subscription with an allowed URL and valid keys.
#[derive(Clone)]
pub struct AllowedEndpoint {
    pub(crate) address: Uri,
    pub(crate) origin: String,
    pub(crate) service: String,
    /// The subscription in the form that the encryption accepts.
    pub(crate) info: SubscriptionInfo,
    pub(crate) key: String,
    pub(crate) is_local: bool,
}

impl AllowedEndpoint {
    /// Returns the origin of the subscription's push service, such as `https://fcm.googleapis.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the entry on the allow-list that covers the subscription. One entry can cover many origins.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the public VAPID key that the subscription was created with.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for AllowedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admitted({})", self.origin)
    }
}

impl PushServices {
    /// Returns an allow-list with the push services of Google, Mozilla, Apple and Microsoft.
    #[must_use]
    pub fn well_known() -> Self {
        Self::from_hosts(WELL_KNOWN.iter().filter_map(|host| HostRule::read(host)).collect())
    }

    /// Parses a setting: hosts, and suffixes that begin with a dot, separated by commas.
    ///
    /// The setting replaces the well-known push services, unless it contains `known`. An empty setting means `known`.
    pub fn from_setting(setting: &str) -> Result<Self, InvalidPushServices> {
        let names: Vec<_> = setting.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Ok(Self::well_known());
        }
        let mut hosts = Vec::new();
        for name in names {
            if name == ALL_KNOWN {
                hosts.extend(Self::well_known().hosts);
            } else {
                hosts.push(HostRule::read(name).ok_or_else(|| InvalidPushServices::NotAHost(name.to_owned()))?);
            }
        }
        Ok(Self::from_hosts(hosts))
    }

    fn from_hosts(hosts: Vec<HostRule>) -> Self {
        Self { hosts, local: Vec::new(), are_looked_up: true }
    }

    /// Turns off the DNS check of new subscriptions, for simulations, which open no connections.
    #[must_use]
    pub fn that_are_not_looked_up(self) -> Self {
        Self { are_looked_up: false, ..self }
    }

    /// Adds a push service on this machine without TLS, at `http://127.0.0.1:<port>` or `http://[::1]:<port>`. For the
    /// local stack only.
    pub fn and_local(mut self, origin: &str) -> Result<Self, InvalidPushServices> {
        let port = origin.strip_prefix("http://127.0.0.1:").or_else(|| origin.strip_prefix("http://[::1]:"));
        let port = port.and_then(|port| port.parse::<u16>().ok().filter(|number| number.to_string() == port));
        if port.is_none_or(|port| port == 0) {
            return Err(InvalidPushServices::NotLocal);
        }
        self.local.push(origin.to_owned());
        Ok(self)
    }

    /// Checks a subscription's URL and keys. The addresses behind its host are checked when the client connects.
    pub fn check_endpoint(&self, subscription: &PushSubscription) -> Result<AllowedEndpoint, EndpointError> {
        let (address, origin, service) = self.address(subscription.endpoint.as_str())?;
        let point = decoded(&subscription.p256dh).ok_or(EndpointError::Keys)?;
        let auth = decoded(&subscription.auth).ok_or(EndpointError::Keys)?;
        if auth.len() != 16 || !is_a_point(&point) {
            return Err(EndpointError::Keys);
        }
        let [p256dh, auth] = [point, auth].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let info = SubscriptionInfo::new(subscription.endpoint.as_str(), &p256dh, &auth);
        let is_local = self.local.contains(&origin);
        Ok(AllowedEndpoint { address, origin, service, info, key: subscription.key.clone(), is_local })
    }

    /// Checks a new subscription like [`Self::check_endpoint`], and also resolves its host.
    ///
    /// The member of staff then learns at once that the host has a private address. A host that cannot be resolved now
    /// is accepted, because it may be resolved later.
    pub async fn check_new_endpoint(&self, subscription: &PushSubscription) -> Result<AllowedEndpoint, EndpointError> {
        /// The time-out of the DNS query. A user waits for the result.
        const TIMEOUT: Duration = Duration::from_secs(2);
        let admitted = self.check_endpoint(subscription)?;
        if self.are_looked_up && !admitted.is_local {
            let host = admitted.address.host().unwrap_or_default();
            let is_public = tokio::time::timeout(TIMEOUT, https::is_public(host)).await;
            if is_public == Ok(Some(false)) {
                return Err(EndpointError::PrivateNetwork);
            }
        }
        Ok(admitted)
    }

    /// Parses a subscription's URL. Returns it with its origin and its entry on the allow-list.
    ///
    /// Uses the parser of the HTTP client, so that both read a URL in the same way.
    fn address(&self, text: &str) -> Result<(Uri, String, String), EndpointError> {
        // The largest length of a URL: longer than that of any push service, and much shorter than the largest DynamoDB
        // item.
        const MAX_LENGTH: usize = 2048;
        if text.len() > MAX_LENGTH || !text.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'\\') {
            return Err(EndpointError::Address);
        }
        let address: Uri = text.parse().map_err(|_| EndpointError::Address)?;
        let (Some(scheme), Some(authority)) = (address.scheme_str(), address.authority()) else {
            return Err(EndpointError::Address);
        };
        let authority = authority.as_str().to_ascii_lowercase();
        let origin = format!("{scheme}://{authority}");
        if self.local.contains(&origin) {
            return Ok((address, origin.clone(), origin));
        }
        if scheme != "https" || authority.contains('@') {
            return Err(EndpointError::Address);
        }
        let host = match authority.split_once(':') {
            None | Some((_, "443")) => authority.split(':').next().unwrap_or_default(),
            Some(_) => return Err(EndpointError::Address),
        };
        let service = self.hosts.iter().find(|known| known.is(host)).ok_or(EndpointError::Service)?;
        let (HostRule::Exactly(service) | HostRule::Below(service)) = service;
        Ok((address, format!("https://{host}"), service.clone()))
    }
}

impl HostRule {
    /// Parses a host or a suffix. Returns `None` if it is not a name in the public DNS, such as an IP address in any
    /// notation.
    fn read(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if !is_dns_name(name.strip_prefix('.').unwrap_or(&name)) {
            return None;
        }
        let below = name.starts_with('.');
        Some(if below { Self::Below(name) } else { Self::Exactly(name) })
    }

    fn is(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => host == name,
            // The host must be a valid name on its own, whatever a resolver would accept.
            Self::Below(suffix) => {
                host.ends_with(suffix.as_str()) && Self::read(host).is_some() && !host.starts_with('.')
            }
        }
    }
}

/// Decodes base64url, with or without padding: browsers write none, but some libraries do.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const MAX_LENGTH: usize = 128;
    if text.len() > MAX_LENGTH { None } else { URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok() }
}

/// Returns whether bytes are an uncompressed point on P-256. Invalid keys must not reach the encryption.
fn is_a_point(bytes: &[u8]) -> bool {
    bytes.len() == 65 && bytes.first() == Some(&4) && PublicKey::from_sec1_bytes(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use domain::PushEndpoint;

    use super::*;

    /// From RFC 8291, appendix A.
    const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn subscription(endpoint: &str, p256dh: &str, auth: &str) -> PushSubscription {
        PushSubscription {
            endpoint: PushEndpoint::new(endpoint.to_owned()),
            p256dh: p256dh.to_owned(),
            auth: auth.to_owned(),
            key: String::new(),
        }
    }

    fn allowed_service(services: &PushServices, endpoint: &str) -> Result<String, EndpointError> {
        services.check_endpoint(&subscription(endpoint, POINT, AUTH)).map(|admitted| admitted.origin)
    }

    #[test]
    fn every_browsers_push_service_is_known() {
        for (endpoint, origin) in [
            ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
            ("https://FCM.googleapis.com:443/fcm/send/abc", "https://fcm.googleapis.com"),
            ("https://updates.push.services.mozilla.com/wpush/v2/gAA", "https://updates.push.services.mozilla.com"),
            ("https://web.push.apple.com/QFz", "https://web.push.apple.com"),
            ("https://wns2-by3p.notify.windows.com/w/?token=BQ%3d", "https://wns2-by3p.notify.windows.com"),
        ] {
            assert_eq!(allowed_service(&PushServices::well_known(), endpoint).as_deref(), Ok(origin), "{endpoint}");
        }
    }

    #[test]
    fn no_spelling_leads_elsewhere() {
        let long = format!("https://fcm.googleapis.com/{}", "x".repeat(2048));
        for (endpoint, why) in [
            ("", EndpointError::Address),
            ("/fcm/send", EndpointError::Address),
            ("fcm.googleapis.com", EndpointError::Address),
            ("http://fcm.googleapis.com/x", EndpointError::Address),
            ("ftp://fcm.googleapis.com/x", EndpointError::Address),
            ("https://fcm.googleapis.com:8443/x", EndpointError::Address),
            ("https://fcm.googleapis.com:/x", EndpointError::Address),
            ("https://fcm.googleapis.com:0443/x", EndpointError::Address),
            ("https://u:p@fcm.googleapis.com/x", EndpointError::Address),
            ("https://u:p@10.0.0.1/.push.services.mozilla.com/", EndpointError::Address),
            ("https://fcm.googleapis.com@127.0.0.1/", EndpointError::Address),
            ("https://127.0.0.1#@fcm.googleapis.com/", EndpointError::Address),
            ("https://127.0.0.1\\@fcm.googleapis.com/", EndpointError::Address),
            ("https://fcm.googleapis.com /x", EndpointError::Address),
            ("https://fcm.googleapis.com\n/x", EndpointError::Address),
            ("https://fcm.googleapıs.com/x", EndpointError::Address),
            (&long, EndpointError::Address),
            ("https://127.0.0.1/x.google.com/", EndpointError::Service),
            ("https://2130706433/", EndpointError::Service),
            ("https://0x7f.1/", EndpointError::Service),
            ("https://0177.0.0.1/", EndpointError::Service),
            ("https://[::1]/", EndpointError::Address),
            ("https://[::ffff:127.0.0.1]/", EndpointError::Address),
            ("https://localhost/", EndpointError::Service),
            ("https://fcm.googleapis.com./x", EndpointError::Service),
            ("https://evilfcm.googleapis.com/x", EndpointError::Service),
            ("https://fcm.googleapis.com.evil.example/x", EndpointError::Service),
            ("https://notify.windows.com/x", EndpointError::Service),
            ("https://.notify.windows.com/x", EndpointError::Service),
            ("https://evil-notify.windows.com/x", EndpointError::Service),
            ("https://a..notify.windows.com/x", EndpointError::Service),
            ("https://a%2f.notify.windows.com/x", EndpointError::Address),
            ("http://127.0.0.1:8090/x", EndpointError::Address),
        ] {
            assert_eq!(allowed_service(&PushServices::well_known(), endpoint), Err(why), "{endpoint}");
        }
    }

    #[test]
    fn only_keys_that_can_be_encrypted_for_are_admitted() {
        let endpoint = "https://fcm.googleapis.com/fcm/send/abc";
        let admit = |point: &str, auth: &str| {
            PushServices::well_known().check_endpoint(&subscription(endpoint, point, auth)).is_ok()
        };
        assert!(admit(POINT, AUTH) && admit(&format!("{POINT}="), &format!("{AUTH}==")));
        let off_the_curve = format!("{}5", &POINT[..POINT.len() - 1]);
        let infinity = "A".repeat(87);
        let compressed = URL_SAFE_NO_PAD.encode([2; 33]);
        for bad in ["", "x", &off_the_curve, &infinity, &compressed, &POINT[..80], &"B".repeat(5000)] {
            assert!(!admit(bad, AUTH), "{bad}");
        }
        for bad in ["", "BTBZMqHH6r4Tts7J_aSI", "BTBZMqHH6r4Tts7J/aSIgg", "BTBZMqHH6r4Tts7J_aSIggAA"] {
            assert!(!admit(POINT, bad), "{bad}");
        }
    }

    #[test]
    fn a_setting_replaces_the_known_ones_or_adds_to_them() {
        let only = PushServices::from_setting("push.example.com, .push.example.org").unwrap();
        assert!(allowed_service(&only, "https://push.example.com/x").is_ok());
        assert!(allowed_service(&only, "https://a.push.example.org/x").is_ok());
        assert!(allowed_service(&only, "https://fcm.googleapis.com/x").is_err());
        let more = PushServices::from_setting("known,push.example.com").unwrap();
        assert!(allowed_service(&more, "https://push.example.com/x").is_ok());
        assert!(allowed_service(&more, "https://fcm.googleapis.com/x").is_ok());
        assert_eq!(PushServices::from_setting(" "), Ok(PushServices::well_known()));
        for bad in
            ["localhost", "com", "127.0.0.1", "0x7f.1", "[::1]", "https://push.example.com", "*.example.com", "a.-b.c"]
        {
            assert_eq!(PushServices::from_setting(bad), Err(InvalidPushServices::NotAHost(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn a_local_one_is_allowed_at_its_very_port_only() {
        let local = PushServices::well_known().and_local("http://127.0.0.1:8090").unwrap();
        let local = local.and_local("http://[::1]:8092").unwrap();
        assert_eq!(allowed_service(&local, "http://127.0.0.1:8090/x").as_deref(), Ok("http://127.0.0.1:8090"));
        assert_eq!(allowed_service(&local, "http://[::1]:8092/x").as_deref(), Ok("http://[::1]:8092"));
        for other in
            ["http://127.0.0.1:8091/x", "http://127.0.0.1/x", "https://127.0.0.1:8090/x", "http://localhost:8090/x"]
        {
            assert!(allowed_service(&local, other).is_err(), "{other}");
        }
        for bad in [
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:+1",
            "http://10.0.0.1:80",
            "http://127.0.0.1:80/x",
        ] {
            assert_eq!(PushServices::well_known().and_local(bad), Err(InvalidPushServices::NotLocal), "{bad}");
        }
    }
}
