//! API Gateway's open WebSockets, as far as functions can reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;

use crate::clock::SimulatedTime;

/// How the ids of those connections begin that are never cut off, and see whether everything is announced.
pub(crate) const WITNESS: &str = "witness";

/// API Gateway closes every WebSocket after this.
const LONGEST: Duration = Duration::from_hours(2);

#[derive(Clone)]
pub(crate) struct Sockets {
    time: SimulatedTime,
    open: Arc<Mutex<BTreeMap<String, PageContent>>>,
}

/// What a page behind a connection was given to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageContent {
    /// In the order in which it came: frames, and what was asked for.
    pub(crate) html: Vec<String>,
    /// Whether a frame may not have reached it.
    pub(crate) missed: bool,
    opened: Duration,
}

impl Sockets {
    pub(crate) fn new(time: SimulatedTime) -> Self {
        Self { time, open: Arc::default() }
    }

    pub(crate) fn open(&self, connection: &str) {
        let opened = self.time.passed();
        self.connections().insert(connection.to_owned(), PageContent { opened, ..PageContent::default() });
    }

    /// Gives what reached its page.
    pub(crate) fn cut_off(&self, connection: &str) -> Option<PageContent> {
        self.connections().remove(connection)
    }

    /// What its page asked for has come.
    pub(crate) fn record_refresh(&self, connection: &str, html: String) {
        if let Some(shown) = self.connections().get_mut(connection) {
            shown.html.push(html);
        }
    }

    /// A frame may not reach it.
    pub(crate) fn misses(&self, connection: &str) {
        if let Some(shown) = self.connections().get_mut(connection) {
            shown.missed = true;
        }
    }

    /// What API Gateway answers to `PostToConnection` and `DeleteConnection`.
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

    /// Those that are open now.
    fn connections(&self) -> MutexGuard<'_, BTreeMap<String, PageContent>> {
        let now = self.time.passed();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id, shown| id.starts_with(WITNESS) || now < shown.opened + LONGEST);
        open
    }
}
