//! The open WebSockets of API Gateway, as functions reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;

use crate::clock::SimulatedTime;

/// The prefix of the connection ids of witnesses. Witnesses are never disconnected, and record whether everything is
/// announced.
pub(crate) const WITNESS: &str = "witness";

/// The time after which API Gateway closes a WebSocket.
const MAX_LIFETIME: Duration = Duration::from_hours(2);

#[derive(Clone)]
pub(crate) struct Sockets {
    time: SimulatedTime,
    open: Arc<Mutex<BTreeMap<String, ReceivedFrames>>>,
}

/// The content that a page received over its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceivedFrames {
    /// Frames and responses, in the order in which they arrived.
    pub(crate) html: Vec<String>,
    /// Whether the page may have missed a frame.
    pub(crate) missed: bool,
    opened: Duration,
}

impl Sockets {
    pub(crate) fn new(time: SimulatedTime) -> Self {
        Self { time, open: Arc::default() }
    }

    pub(crate) fn open(&self, connection: &str) {
        let opened = self.time.passed();
        self.connections().insert(connection.to_owned(), ReceivedFrames { opened, ..ReceivedFrames::default() });
    }

    /// Closes a connection. Returns the content that its page received.
    pub(crate) fn cut_off(&self, connection: &str) -> Option<ReceivedFrames> {
        self.connections().remove(connection)
    }

    /// Records the response to a page's refresh.
    pub(crate) fn record_refresh(&self, connection: &str, html: String) {
        if let Some(shown) = self.connections().get_mut(connection) {
            shown.html.push(html);
        }
    }

    /// Records that a page may have missed a frame.
    pub(crate) fn misses(&self, connection: &str) {
        if let Some(shown) = self.connections().get_mut(connection) {
            shown.missed = true;
        }
    }

    /// Answers `PostToConnection` and `DeleteConnection`.
    pub(crate) fn answer(&self, method: &str, connection: &str, body: &[u8]) -> StatusCode {
        let mut connections = self.connections();
        if method == "DELETE" {
            return if connections.remove(connection).is_some() { StatusCode::NO_CONTENT } else { StatusCode::GONE };
        }
        match connections.get_mut(connection) {
            Some(shown) => {
                shown.html.push(String::from_utf8_lossy(body).into_owned());
                StatusCode::OK
            }
            None => StatusCode::GONE,
        }
    }

    /// Returns the open connections.
    fn connections(&self) -> MutexGuard<'_, BTreeMap<String, ReceivedFrames>> {
        let now = self.time.passed();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id, shown| id.starts_with(WITNESS) || now < shown.opened + MAX_LIFETIME);
        open
    }
}
