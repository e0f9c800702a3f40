//! Requests that a browser would make.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The rest of a sentence about an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotAnswered(&'static str);

impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const LARGEST_ANSWER: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Follows no redirect, as the function that asks the issuer follows none.
pub(crate) async fn get(address: &str) -> Result<Answer, NotAnswered> {
    let request = Request::get(address).header("user-agent", "switchboard-admin").body(Empty::<Bytes>::new());
    let request = request.map_err(|_| NotAnswered("is not an address"))?;
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring::default_provider())
        .map_err(|_| NotAnswered("cannot be asked: this system has no root certificates that can be read"))?
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let answered = async {
        let response = client.request(request).await;
        let (parts, body) = response.map_err(|_| NotAnswered("is not reached"))?.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|_| NotAnswered("answers too much, or stops"))?.to_bytes();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    };
    tokio::time::timeout(TIMEOUT, answered).await.unwrap_or(Err(NotAnswered("takes too long to answer")))
}
