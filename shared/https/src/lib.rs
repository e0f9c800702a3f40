#![doc = include_str!("../README.md")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use thiserror::Error;
use tokio::sync::OnceCell;

type Body = Full<Bytes>;

/// Why there is no answer: the rest of a sentence that an address begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAnswered {
    #[error("is not an address")]
    NotAnAddress,
    #[error("cannot be asked: this system has no root certificates that can be read")]
    NoRoots,
    #[error("is not reached")]
    NotReached,
    #[error("takes too long to answer")]
    TooLate,
    #[error("answers too much, or stops")]
    NotRead,
}

/// A client that keeps its connections.
#[derive(Debug)]
pub struct Https {
    // The system's roots are read with the first request, not at every start of a function.
    client: OnceCell<Client<HttpsConnector<HttpConnector>, Body>>,
    patience: Duration,
    largest_answer: usize,
}

impl Https {
    /// Waits so long for a whole answer, of so many bytes at most.
    #[must_use]
    pub fn new(patience: Duration, largest_answer: usize) -> Self {
        Self { client: OnceCell::new(), patience, largest_answer }
    }

    /// Asks once. Also without TLS where the address says so, as the local stack's do: whoever takes
    /// addresses from others checks them first.
    pub async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NotAnswered> {
        let client = self.client.get_or_try_init(|| async { client() }).await?;
        let answered = async {
            let response = client.request(request.map(|body| Full::new(body.into()))).await;
            let (parts, body) = response.map_err(|_| NotAnswered::NotReached)?.into_parts();
            let body = Limited::new(body, self.largest_answer).collect().await;
            let body = body.map_err(|_| NotAnswered::NotRead)?;
            Ok(Response::from_parts(parts, body.to_bytes().into()))
        };
        tokio::time::timeout(self.patience, answered).await.unwrap_or(Err(NotAnswered::TooLate))
    }
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Body>, NotAnswered> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring::default_provider())
        .map_err(|_| NotAnswered::NoRoots)?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}
