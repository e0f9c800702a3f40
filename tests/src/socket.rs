use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::StaffClient;

/// How long a test waits for a frame before it fails.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A page's WebSocket.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
}

/// The status with which a handshake was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeRejection(pub u16);

impl StaffClient<'_> {
    /// Opens a WebSocket as a page of the portal does.
    pub async fn goes_live(&self) -> Socket {
        let shaken =
            self.open_with_headers(&[("origin", self.stack.origin()), ("sec-fetch-site", "same-origin")]).await;
        shaken.unwrap_or_else(|HandshakeRejection(status)| panic!("the WebSocket was refused: {status}"))
    }

    /// Performs a WebSocket handshake with the session's cookie and more headers.
    pub async fn open_with_headers(&self, headers: &[(&str, &str)]) -> Result<Socket, HandshakeRejection> {
        let socket = TcpSocket::new_v4().expect("a socket");
        self.shakes_hands_over(socket, headers).await
    }

    /// Opens a WebSocket whose client never reads, with the smallest receive buffer.
    pub async fn goes_live_and_reads_nothing(&self) -> Socket {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(2048).expect("a smaller buffer");
        self.shakes_hands_over(socket, &[]).await.expect("a WebSocket")
    }

    async fn shakes_hands_over(
        &self,
        socket: TcpSocket,
        headers: &[(&str, &str)],
    ) -> Result<Socket, HandshakeRejection> {
        let address = self.stack.url("/live").replace("http://", "ws://");
        let mut request = address.into_client_request().expect("an address");
        let cookie = ("cookie", self.cookie.as_str());
        for (name, value) in headers.iter().chain([&cookie]).filter(|(_, value)| !value.is_empty()) {
            let name: HeaderName = name.parse().expect("a header's name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
        }
        let host = request.uri().authority().expect("a host").as_str().parse().expect("an address");
        let stream = socket.connect(host).await.expect("a connection");
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(response)) => Err(HandshakeRejection(response.status().as_u16())),
            Err(error) => panic!("no answer to the handshake: {error}"),
        }
    }
}

impl Socket {
    /// Returns the next frame, or `None` when the socket is closed.
    pub async fn next(&mut self) -> Option<String> {
        tokio::time::timeout(TIMEOUT, async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        })
        .await
        .expect("a frame, or the end of the socket")
    }

    /// Returns the next frame that contains `words`.
    pub async fn sees(&mut self, words: &str) -> String {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("closed before {words:?} was seen"));
            if frame.contains(words) {
                return frame;
            }
        }
    }

    pub async fn sends(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("a frame is sent");
    }

    /// Returns all frames that have arrived so far.
    pub async fn everything(&mut self) -> String {
        self.sends(r#"{"action":"ping"}"#).await;
        let mut seen = String::new();
        loop {
            match self.next().await.expect("the socket is open").as_str() {
                "pong" => return seen,
                frame => seen.push_str(frame),
            }
        }
    }

    /// Returns whether the socket is open and the server answers a ping.
    pub async fn answers(&mut self) -> bool {
        if self.stream.send(Message::text(r#"{"action":"ping"}"#)).await.is_err() {
            return false;
        }
        while let Some(frame) = self.next().await {
            if frame == "pong" {
                return true;
            }
        }
        false
    }

    /// Waits until the server has closed the socket.
    pub async fn is_closed(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Drops the connection without a close frame, as a computer that loses power does.
    pub fn vanishes(self) {
        drop(self);
    }
}
