use std::pin::Pin;
use std::time::Duration;

use domain::{Clock, Timestamp};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use https::{HttpsClient, HttpsError};
use web_push::{ContentEncoding, WebPushError, WebPushMessageBuilder};

use crate::signature::SignatureCache;
use crate::{AllowedEndpoint, EndpointError, VapidKeys};

/// A client that encrypts, signs and sends pushes.
pub struct Pusher {
    way: Transport,
    signatures: SignatureCache,
    clock: Clock,
}

/// The transport of requests to push services.
enum Transport {
    Dialled {
        services: Box<HttpsClient>,
        /// The client for push services on this machine, whose addresses are not public.
        local: Box<HttpsClient>,
    },
    Carried(Box<dyn Fn(Request<Vec<u8>>) -> ResponseFuture + Send + Sync>),
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<()>, HttpsError>> + Send>>;

/// A push to a browser.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    /// The content of the push, of at most 3,052 bytes.
    pub payload: &'a [u8],
    /// How long the push service stores the push for a browser that is not connected.
    pub ttl_secs: u32,
    /// The topic of the push, which replaces a stored push of the same topic. At most 32 characters of base64url.
    pub topic: Option<&'a str>,
}

/// The result of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// The push service accepted the push.
    Delivered,
    /// The subscription does not exist any more.
    Gone,
    /// The push service is unavailable or overloaded. Contains the wait before a retry, if the push service specified
    /// one.
    Later(Option<Duration>),
    /// The push service did not answer in time. The push is retried.
    TimedOut,
    /// The push service rejected the request, with this status. A retry would be rejected too.
    Refused(u16),
    /// The push was not sent. Contains the reason.
    NotAdmitted(EndpointError),
}

/// The longest wait for the head of the response. A push to a slower push service is retried later.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The largest response in bytes. Only its status and its `Retry-After` are used.
const LARGEST_ANSWER: usize = 16 * 1024;

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");

impl Pusher {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let local = Box::new(HttpsClient::new(TIMEOUT, LARGEST_ANSWER));
        let services = Box::new(HttpsClient::new(TIMEOUT, LARGEST_ANSWER).public_only());
        Self { way: Transport::Dialled { services, local }, signatures: SignatureCache::default(), clock }
    }

    /// Creates a client that sends its requests through a function, such as a simulation. The function must enforce
    /// [`TIMEOUT`].
    pub fn carried_by<F>(carry: impl Fn(Request<Vec<u8>>) -> F + Send + Sync + 'static, clock: Clock) -> Self
    where
        F: Future<Output = Result<Response<()>, HttpsError>> + Send + 'static,
    {
        let carry = Box::new(move |request| Box::pin(carry(request)) as ResponseFuture);
        Self { way: Transport::Carried(carry), signatures: SignatureCache::default(), clock }
    }

    /// Sends a push once, signed with the key of the subscription. That key must be among `keys`.
    pub async fn push(&self, to: &AllowedEndpoint, keys: &VapidKeys, push: &Push<'_>) -> PushOutcome {
        let request = match self.request(to, keys, push) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let answered = match &self.way {
            Transport::Dialled { local, .. } if to.is_local => local.send(request).await,
            Transport::Dialled { services, .. } => services.send(request).await,
            Transport::Carried(carry) => carry(request).await,
        };
        match answered {
            Ok(answer) => outcome(answer.status(), answer.headers(), self.clock.now()),
            Err(HttpsError::NotAnAddress) => PushOutcome::NotAdmitted(EndpointError::Address),
            Err(HttpsError::NotPublic) => PushOutcome::NotAdmitted(EndpointError::PrivateNetwork),
            Err(HttpsError::TooLate) => PushOutcome::TimedOut,
            Err(HttpsError::NoRoots | HttpsError::NotReached | HttpsError::NotRead) => PushOutcome::Later(None),
        }
    }

    fn request(
        &self,
        to: &AllowedEndpoint,
        keys: &VapidKeys,
        push: &Push<'_>,
    ) -> Result<Request<Vec<u8>>, PushOutcome> {
        let unusable = PushOutcome::NotAdmitted(EndpointError::Keys);
        let key = keys.key(&to.key).ok_or_else(|| unusable.clone())?;
        let signature = self.signatures.signature_for(&to.origin, key, keys.subject(), self.clock.now());
        let mut message = WebPushMessageBuilder::new(&to.info);
        message.set_payload(ContentEncoding::Aes128Gcm, push.payload);
        message.set_vapid_signature(signature);
        let payload = match message.build().map(|message| message.payload) {
            Ok(Some(payload)) => payload,
            Err(WebPushError::PayloadTooLarge) => return Err(PushOutcome::Refused(413)),
            Ok(None) | Err(_) => return Err(unusable),
        };
        let mut request = Request::post(to.address.clone())
            .header(TTL, push.ttl_secs)
            .header(URGENCY, "high")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, payload.content_encoding.to_str());
        if let Some(topic) = push.topic {
            request = request.header(TOPIC, topic);
        }
        // For `aes128gcm`, these headers are only the signature.
        for (_, value) in payload.crypto_headers {
            request = request.header(AUTHORIZATION, value);
        }
        request.body(payload.content).map_err(|_| PushOutcome::NotAdmitted(EndpointError::Address))
    }
}

fn outcome(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> PushOutcome {
    match status.as_u16() {
        200..=299 => PushOutcome::Delivered,
        404 | 410 => PushOutcome::Gone,
        // Microsoft's push service sends 406 instead of 429.
        406 | 408 | 425 | 429 | 500..=599 => PushOutcome::Later(retry_after(headers, now)),
        refused => PushOutcome::Refused(refused),
    }
}

/// Parses `Retry-After`, which is a number of seconds or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(Duration::from_secs(secs));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    let until = u64::try_from(until).ok()?;
    Some(Duration::from_millis(until.saturating_sub(now.as_millis())))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::{PushEndpoint, PushSubscription, Randomness};
    use ece::EcKeyComponents;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::PushServices;

    fn clock() -> Clock {
        Clock::new(|| Timestamp::from_millis(784_111_700_000))
    }

    fn keys() -> VapidKeys {
        VapidKeys::parse(&VapidKeys::generate(&Randomness::new(|| [7; 32]), "mailto:push@example.com")).unwrap()
    }

    /// Returns a browser's key pair, its authentication secret and its subscription.
    fn browser(endpoint: &str, keys: &VapidKeys) -> (EcKeyComponents, [u8; 16], PushSubscription) {
        let (pair, auth) = ece::generate_keypair_and_auth_secret().unwrap();
        let subscription = PushSubscription {
            endpoint: PushEndpoint::new(endpoint.to_owned()),
            p256dh: URL_SAFE_NO_PAD.encode(pair.pub_as_raw().unwrap()),
            auth: URL_SAFE_NO_PAD.encode(auth),
            key: keys.current().to_owned(),
        };
        (pair.raw_components().unwrap(), auth, subscription)
    }

    const PUSH: Push<'_> = Push { payload: b"hello", ttl_secs: 60, topic: Some("topic_-1") };

    /// Pushes once to a service that returns this answer. Also returns the request that it received.
    async fn pushed(answer: &'static [u8]) -> (PushOutcome, Vec<u8>, EcKeyComponents, [u8; 16]) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let service = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_whole(&request) {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request stops");
            }
            stream.write_all(answer).await.unwrap();
            request
        });
        let services = PushServices::well_known().and_local(&origin).unwrap();
        let (components, auth, subscription) = browser(&format!("{origin}/push/1"), &keys());
        let to = services.check_endpoint(&subscription).unwrap();
        let outcome = Pusher::new(clock()).push(&to, &keys(), &PUSH).await;
        (outcome, service.await.unwrap(), components, auth)
    }

    fn parts(request: &[u8]) -> Option<(String, &[u8])> {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some((String::from_utf8(request[..end].to_vec()).unwrap().to_lowercase(), &request[end + 4..]))
    }

    fn is_whole(request: &[u8]) -> bool {
        let Some((head, body)) = parts(request) else { return false };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        body.len() >= length.parse().unwrap()
    }

    /// RFC 8291, section 5: a browser's key pair and secret, and an encrypted message.
    ///
    /// Our own messages have a random salt, key and padding. So the decryption is tested here, and `tests/push`
    /// decrypts with another implementation, which has produced this example byte for byte.
    #[test]
    fn the_example_of_the_standard_is_read() {
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let private = decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
        let public = decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let auth = decoded("BTBZMqHH6r4Tts7J_aSIgg");
        let body = decoded(concat!(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz",
            "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        ));
        let read = ece::decrypt(&EcKeyComponents::new(private, public), &auth, &body).unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), "When I grow up, I want to be a watermelon");
    }

    #[tokio::test]
    async fn only_the_browser_can_read_what_is_pushed() {
        let (outcome, request, components, auth) = pushed(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(outcome, PushOutcome::Delivered);
        let (head, body) = parts(&request).unwrap();
        assert_eq!(ece::decrypt(&components, &auth, body).unwrap(), b"hello");
        assert!(ece::decrypt(&components, &[0; 16], body).is_err());
        for line in
            ["post /push/1 http/1.1", "ttl: 60", "urgency: high", "topic: topic_-1", "content-encoding: aes128gcm"]
        {
            assert!(head.lines().any(|there| there == line), "{line} in\n{head}");
        }
        let signed = head.lines().find_map(|line| line.strip_prefix("authorization: vapid t=")).unwrap();
        assert!(signed.ends_with(&format!(", k={}", keys().current().to_lowercase())), "{signed}");
    }

    #[tokio::test]
    async fn what_a_push_service_answers_says_what_is_to_be_done() {
        let later = |secs| PushOutcome::Later(Some(Duration::from_secs(secs)));
        let answers: [(&[u8], PushOutcome); 13] = [
            (b"HTTP/1.1 200 OK\r\n\r\n", PushOutcome::Delivered),
            (b"HTTP/1.1 202 Accepted\r\ncontent-length: 1000000\r\n\r\nmuch", PushOutcome::Delivered),
            (b"HTTP/1.1 404 Not Found\r\n\r\n", PushOutcome::Gone),
            (b"HTTP/1.1 410 Gone\r\n\r\n", PushOutcome::Gone),
            (b"HTTP/1.1 429 Too Many\r\nretry-after: 120\r\n\r\n", later(120)),
            (b"HTTP/1.1 429 Too Many\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", later(77)),
            (b"HTTP/1.1 503 No\r\nretry-after: soon\r\n\r\n", PushOutcome::Later(None)),
            (b"HTTP/1.1 500 No\r\n\r\n", PushOutcome::Later(None)),
            (b"not HTTP at all\r\n\r\n", PushOutcome::Later(None)),
            (b"", PushOutcome::Later(None)),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", PushOutcome::Refused(403)),
            (b"HTTP/1.1 413 Too Large\r\n\r\n", PushOutcome::Refused(413)),
            (b"HTTP/1.1 307 Elsewhere\r\nlocation: http://169.254.169.254/\r\n\r\n", PushOutcome::Refused(307)),
        ];
        for (answer, expected) in answers {
            assert_eq!(pushed(answer).await.0, expected, "{}", String::from_utf8_lossy(answer));
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_to_a_browser_that_knows_another_key_or_that_is_too_large() {
        let (_, _, mut subscription) = browser("https://fcm.googleapis.com/fcm/send/1", &keys());
        let services = PushServices::well_known();
        let large = Push { payload: &[b'x'; 3053], ..PUSH };
        let to = services.check_endpoint(&subscription).unwrap();
        assert_eq!(Pusher::new(clock()).push(&to, &keys(), &large).await, PushOutcome::Refused(413));
        subscription.key = subscription.p256dh.clone();
        let to = services.check_endpoint(&subscription).unwrap();
        let outcome = Pusher::new(clock()).push(&to, &keys(), &PUSH).await;
        assert_eq!(outcome, PushOutcome::NotAdmitted(EndpointError::Keys));
    }
}
