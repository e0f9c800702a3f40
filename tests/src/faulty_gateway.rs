//! A stand-in for API Gateway's `@connections` that can fail.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::TestStack;

/// A proxy for `@connections` whose faults depend on the connection id. Never answers `hangs-...`, and answers
/// `refuses-429-...` with that status. Passes every other request on to the gateway of the stack behind it.
pub struct FaultyGateway {
    address: String,
    stack: StackAddress,
    serving: JoinHandle<()>,
}

/// The address of the stack's own gateway, and a client for it.
type StackAddress = Arc<OnceLock<(String, reqwest::Client)>>;

impl Drop for FaultyGateway {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FaultyGateway {
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let stack = StackAddress::default();
        let router = Router::new().route("/@connections/{id}", any(answer)).with_state(stack.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it is served") });
        Self { address, stack, serving }
    }

    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn set_stack(&self, stack: &TestStack) {
        let behind = (stack.url("/local/live/@connections"), stack.http.clone());
        self.stack.set(behind).expect("one house");
    }
}

async fn answer(State(stack): State<StackAddress>, Path(id): Path<String>, method: Method, body: Bytes) -> Response {
    if id.starts_with("hangs-") {
        return pending().await;
    }
    if let Some(status) = id.strip_prefix("refuses-").and_then(|rest| rest.split('-').next()) {
        let status: StatusCode = status.parse().expect("a status");
        return (status, [("x-amzn-errortype", "RefusedException")], "{}").into_response();
    }
    let (url, http) = stack.get().expect("a house behind it");
    let asked = http.request(method, format!("{url}/{id}")).body(body).send().await.expect("an answer");
    let mut response = asked.status().into_response();
    let kind = asked.headers().get("x-amzn-errortype").cloned();
    response.headers_mut().extend(kind.map(|kind| (HeaderName::from_static("x-amzn-errortype"), kind)));
    response
}
