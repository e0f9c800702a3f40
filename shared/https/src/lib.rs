#![doc = include_str!("../README.md")]

mod egress_policy;

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
pub use egress_policy::is_public;
use egress_policy::{EgressPolicy, NoPublicAddress, Resolver};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use thiserror::Error;
use tokio::sync::OnceCell;

type Body = Full<Bytes>;
type PooledClient = Client<HttpsConnector<HttpConnector<Resolver>>, Body>;

/// The reason why a request has no answer. Its text follows the URL in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HttpsError {
    #[error("is not an address")]
    NotAnAddress,
    #[error("is in a private network")]
    NotPublic,
    #[error("cannot be requested: this system has no readable root certificates")]
    NoRoots,
    #[error("is unreachable")]
    NotReached,
    #[error("does not respond in time")]
    TooLate,
    #[error("sends a response that is too large or incomplete")]
    NotRead,
}

/// An HTTPS client with a connection pool.
#[derive(Debug)]
pub struct HttpsClient {
    // Reads the system's root certificates with the first request, not at every start of a function.
    client: OnceCell<PooledClient>,
    patience: Duration,
    largest_answer: usize,
    reach: EgressPolicy,
}

/// The largest head of a response, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

impl HttpsClient {
    /// Creates a client that waits `patience` for a whole response, of at most `largest_answer` bytes.
    #[must_use]
    pub fn new(patience: Duration, largest_answer: usize) -> Self {
        Self { client: OnceCell::new(), patience, largest_answer, reach: EgressPolicy::Anywhere }
    }

    /// Restricts connections to public addresses, whatever a name resolves to.
    #[must_use]
    pub fn public_only(self) -> Self {
        Self { reach: EgressPolicy::PublicAddresses, ..self }
    }

    /// Sends a request once and returns the whole response.
    ///
    /// Sends without TLS if the URL begins with `http:`, as URLs of the local stack do. Callers must first check URLs
    /// from other parties.
    pub async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpsError> {
        let answered = async {
            let (parts, body) = self.begin(request).await?.into_parts();
            let body = Limited::new(body, self.largest_answer).collect().await;
            let body = body.map_err(|_| HttpsError::NotRead)?;
            Ok(Response::from_parts(parts, body.to_bytes().into()))
        };
        tokio::time::timeout(self.patience, answered).await.unwrap_or(Err(HttpsError::TooLate))
    }

    /// Sends a request once, like `ask`, and returns only the head of the response.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<()>, HttpsError> {
        /// The time for which the rest of the body is read, so that the connection can be reused.
        const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);
        let begun = tokio::time::timeout(self.patience, self.begin(request)).await;
        let (parts, body) = begun.unwrap_or(Err(HttpsError::TooLate))?.into_parts();
        let mut body = Limited::new(body, self.largest_answer);
        let rest = async { while let Some(Ok(_)) = body.frame().await {} };
        // If the body has not ended, the connection is closed instead.
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
        Ok(Response::from_parts(parts, ()))
    }

    async fn begin(&self, request: Request<Vec<u8>>) -> Result<Response<Incoming>, HttpsError> {
        if !self.reach.allows_host(request.uri().host().ok_or(HttpsError::NotAnAddress)?) {
            return Err(HttpsError::NotPublic);
        }
        let client = self.client.get_or_try_init(|| async { client(self.reach) }).await?;
        let response = client.request(request.map(|body| Full::new(body.into()))).await;
        response.map_err(|error| if is_not_public(&error) { HttpsError::NotPublic } else { HttpsError::NotReached })
    }
}

fn client(reach: EgressPolicy) -> Result<PooledClient, HttpsError> {
    let mut dialled = HttpConnector::new_with_resolver(Resolver::new(reach));
    dialled.enforce_http(false);
    dialled.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring::default_provider())
        .map_err(|_| HttpsError::NoRoots)?
        .https_or_http()
        .enable_http1()
        .wrap_connector(dialled);
    let mut client = Client::builder(TokioExecutor::new());
    Ok(client.http1_max_buf_size(LARGEST_HEAD).pool_timer(TokioTimer::new()).build(connector))
}

fn is_not_public(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<NoPublicAddress>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Starts a server that answers each request with these bytes. Returns its port and the count of its connections.
    async fn server(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(1..) = stream.read(&mut bytes).await {
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (port, connections)
    }

    fn request_to(host: &str, port: u16) -> Request<Vec<u8>> {
        Request::post(format!("http://{host}:{port}/")).body(b"hello".to_vec()).unwrap()
    }

    const TIMEOUT: Duration = Duration::from_secs(5);
    const EMPTY: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_name_or_an_address_of_a_private_network_is_not_even_dialled() {
        let (port, connections) = server(EMPTY).await;
        let guarded = HttpsClient::new(TIMEOUT, 1024).public_only();
        for host in ["localhost", "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001"] {
            assert_eq!(guarded.send(request_to(host, port)).await.unwrap_err(), HttpsError::NotPublic, "{host}");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 0);
        let open = HttpsClient::new(TIMEOUT, 1024);
        assert_eq!(open.send(request_to("localhost", port)).await.unwrap().status(), 201);
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_a_redirect_is_not_followed() {
        let (elsewhere, followed) = server(EMPTY).await;
        let redirect =
            format!("HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:{elsewhere}/\r\ncontent-length: 2\r\n\r\nno");
        let (port, connections) = server(redirect.leak().as_bytes()).await;
        let https = HttpsClient::new(TIMEOUT, 1024);
        for _ in 0..3 {
            assert_eq!(https.send(request_to("127.0.0.1", port)).await.unwrap().status(), 307);
        }
        assert_eq!((connections.load(Ordering::Relaxed), followed.load(Ordering::Relaxed)), (1, 0));
    }

    #[tokio::test]
    async fn what_comes_after_the_head_of_an_answer_is_not_waited_for() {
        let (port, _) = server(b"HTTP/1.1 201 Created\r\ncontent-length: 1000000\r\n\r\nslow").await;
        let https = HttpsClient::new(TIMEOUT, 1024);
        let sent = tokio::time::timeout(TIMEOUT, https.send(request_to("127.0.0.1", port))).await.unwrap();
        assert_eq!(sent.unwrap().status(), 201);
        let long: &[u8] = format!("HTTP/1.1 201 Created\r\nx: {}", "x".repeat(2 * LARGEST_HEAD)).leak().as_bytes();
        let (port, _) = server(long).await;
        assert_eq!(https.send(request_to("127.0.0.1", port)).await.unwrap_err(), HttpsError::NotReached);
    }
}
