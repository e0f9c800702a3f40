//! Requests to the identity provider.

use std::pin::Pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::crypto::ring;
use thiserror::Error;
use tokio::sync::OnceCell;

#[derive(Clone, Copy, Debug, Error)]
pub(crate) enum NotAnswered {
    #[error("this system has no root certificates that can be read")]
    NoRoots,
    #[error("the identity provider was not reached")]
    NotReached,
    #[error("the identity provider took too long")]
    TooLate,
    #[error("the identity provider's answer is too large or was cut off")]
    NotRead,
}

/// Discovery documents and key sets have some kilobytes.
const LARGEST_ANSWER: usize = 512 * 1024;

/// The function waits for up to three answers within the gateway's 30 s.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Follows no redirect: an issuer has no reason for one, and it could lead anywhere.
#[derive(Default)]
pub(crate) struct Http {
    // The system's roots are read at the first sign-in, not at every start.
    client: OnceCell<Client<HttpsConnector<HttpConnector>, Full<bytes::Bytes>>>,
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NotAnswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotAnswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

impl Http {
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NotAnswered> {
        let client = self.client.get_or_try_init(|| async { client() }).await?;
        let answered = async {
            let response = client.request(request.map(|body| Full::new(body.into()))).await;
            let (parts, body) = response.map_err(|_| NotAnswered::NotReached)?.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|_| NotAnswered::NotRead)?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().into()))
        };
        tokio::time::timeout(TIMEOUT, answered).await.unwrap_or(Err(NotAnswered::TooLate))
    }
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Full<bytes::Bytes>>, NotAnswered> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring::default_provider())
        .map_err(|_| NotAnswered::NoRoots)?
        // What the deployment's secret names is asked; only the local stack's issuer is not https.
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}
