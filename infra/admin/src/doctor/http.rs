//! Requests that a browser would make.

use std::time::Duration;

use http::request::Builder;
use http::{Request, Response};
use https::{Https, HttpsError};

const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 1024 * 1024;

pub(crate) async fn get(address: &str) -> Result<Response<Vec<u8>>, HttpsError> {
    ask(Request::get(address)).await
}

/// Asks for a WebSocket.
pub(crate) async fn upgrade(address: &str) -> Result<Response<Vec<u8>>, HttpsError> {
    let request = Request::get(address).header("connection", "upgrade").header("upgrade", "websocket");
    // Any 16 bytes: who has no session is answered before anything comes of them.
    ask(request.header("sec-websocket-version", "13").header("sec-websocket-key", "c3dpdGNoYm9hcmRhZG1pbg==")).await
}

async fn ask(request: Builder) -> Result<Response<Vec<u8>>, HttpsError> {
    let request = request.header("user-agent", "switchboard-admin").body(Vec::new());
    Https::new(PATIENCE, LARGEST_ANSWER).ask(request.map_err(|_| HttpsError::NotAnAddress)?).await
}
