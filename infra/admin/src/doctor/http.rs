//! Sends the requests that a browser would send.

use std::time::Duration;

use http::request::Builder;
use http::{Request, Response};
use https::{HttpsClient, HttpsError};

const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 1024 * 1024;

pub(crate) async fn get(address: &str) -> Result<Response<Vec<u8>>, HttpsError> {
    ask(Request::get(address)).await
}

/// Requests a WebSocket, and returns the response to the handshake.
pub(crate) async fn upgrade(address: &str) -> Result<Response<Vec<u8>>, HttpsError> {
    let request = Request::get(address).header("connection", "upgrade").header("upgrade", "websocket");
    // Any 16 bytes do: a handshake without a session is refused before the server uses the key.
    ask(request.header("sec-websocket-version", "13").header("sec-websocket-key", "c3dpdGNoYm9hcmRhZG1pbg==")).await
}

async fn ask(request: Builder) -> Result<Response<Vec<u8>>, HttpsError> {
    let request = request.header("user-agent", "switchboard-admin").body(Vec::new());
    HttpsClient::new(TIMEOUT, LARGEST_ANSWER).ask(request.map_err(|_| HttpsError::NotAnAddress)?).await
}
