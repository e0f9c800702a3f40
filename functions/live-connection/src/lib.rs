#![doc = include_str!("../README.md")]

use domain::Clock;
use lambda_runtime::Diagnostic;
use live::{CloseError, Sockets};
use runtime::Runtime;
use serde_json::{Value, json};
use store::{Connection, ConnectionId, ConnectionOwner, OpenOutcome, Store, StoreError};
use thiserror::Error;

/// Records opened and closed WebSocket connections, and answers messages from pages.
pub struct LiveConnectionFunction {
    store: Store,
    sockets: Sockets,
    clock: Clock,
}

/// The reason why an event was not handled.
#[derive(Debug, Error)]
pub enum FunctionError {
    #[error("it is no event of a WebSocket API")]
    NotAnEvent,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NotClosed(#[from] CloseError),
}

/// The error that Lambda reports for the function.
impl From<FunctionError> for Diagnostic {
    fn from(failed: FunctionError) -> Self {
        let error_type = match failed {
            FunctionError::NotAnEvent => "NotAnEvent",
            FunctionError::Store(_) => "Store",
            FunctionError::NotClosed(_) => "NotClosed",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}

impl LiveConnectionFunction {
    /// `endpoint` is the URL of the WebSocket API's `@connections` endpoint.
    #[must_use]
    pub fn new(runtime: &Runtime, endpoint: &str) -> Self {
        Self { store: runtime.store(), sockets: Sockets::new(&runtime.aws, endpoint), clock: runtime.clock.clone() }
    }

    /// Handles an event of the WebSocket API and returns its response.
    pub async fn handle(&self, event: &Value) -> Result<Value, FunctionError> {
        let id = word(event, "connectionId").and_then(|id| id.parse().ok());
        let id: ConnectionId = id.ok_or(FunctionError::NotAnEvent)?;
        // Without the authorizer's context, the session is unknown, so the event is ignored.
        let Some(holder) = web::socket_holder(event) else {
            tracing::error!("a WebSocket connection has no authorizer context");
            return Ok(status(401));
        };
        match word(event, "eventType") {
            Some("CONNECT") => self.connect(event, id, holder).await,
            Some("DISCONNECT") => {
                self.store.delete_connection(&holder.company, &id).await?;
                Ok(status(200))
            }
            Some("MESSAGE") => self.take(event, &id, &holder).await,
            _ => Err(FunctionError::NotAnEvent),
        }
    }

    async fn connect(&self, event: &Value, id: ConnectionId, holder: ConnectionOwner) -> Result<Value, FunctionError> {
        if !web::own_handshake(event) {
            tracing::warn!("a WebSocket handshake from another origin was refused");
            return Ok(status(400));
        }
        let now = self.clock.now();
        if holder.ends <= now {
            return Ok(status(401));
        }
        let connection = Connection { id, holder, since: now };
        let holder = &connection.holder;
        Ok(match self.store.open_connection(&connection).await? {
            OpenOutcome::Open => status(200),
            OpenOutcome::SessionOver => status(401),
            OpenOutcome::TooMany => {
                tracing::info!(company = %holder.company, staff = %holder.staff, "a session has reached its limit of WebSockets");
                status(429)
            }
        })
    }

    /// Handles a message from a page. The only supported message is `ping`, which is answered with `pong`.
    async fn take(&self, event: &Value, id: &ConnectionId, holder: &ConnectionOwner) -> Result<Value, FunctionError> {
        let body = event.get("body").and_then(Value::as_str).unwrap_or_default();
        let frame: Option<Value> = serde_json::from_str(body).ok();
        if frame.as_ref().and_then(|frame| frame.get("action")).and_then(Value::as_str) != Some("ping") {
            tracing::info!(bytes = body.len(), "an unknown frame was dropped");
            return Ok(status(200));
        }
        if holder.ends <= self.clock.now() {
            self.sockets.close(id).await?;
            self.store.delete_connection(&holder.company, id).await?;
            return Ok(status(200));
        }
        Ok(json!({"statusCode": 200, "body": "pong"}))
    }
}

fn word<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    event.get("requestContext")?.get(name)?.as_str()
}

fn status(code: u16) -> Value {
    json!({"statusCode": code})
}
