#![doc = include_str!("../README.md")]

mod conversation_changes;
mod regions;

use std::time::Duration;

use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::{Clock, CompanyId, Timestamp};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use lambda_runtime::Diagnostic;
use live::{Frame, PostOutcome, Sockets, frames};
use regions::RegionCache;
use runtime::Runtime;
use serde_json::Value;
use store::{Change, CompanyChanges, Connection, ConnectionId, Store, StoreError, StreamBatch};
use tokio::time::Instant;
use views::Viewer;

/// Sends changes to all open pages, and closes the WebSockets of sessions that have ended.
pub struct LiveUpdatesFunction {
    store: Store,
    sockets: Sockets,
    clock: Clock,
    regions: RegionCache,
}

/// The number of a conversation's newest entries that are checked for notification rows that look different.
const NEWEST: usize = 10;

/// How long the frames of a batch are posted to connections.
///
/// By then, every page has refreshed its content twice. The function still has time to close connections before its
/// timeout (`Timeout` in `infra/template.yaml`).
const POSTED_WITHIN: Duration = Duration::from_secs(10);

/// The maximum number of connections that are closed at once.
const CLOSED_AT_A_TIME: usize = 64;

impl LiveUpdatesFunction {
    /// `endpoint` is the URL of the WebSocket API's `@connections` endpoint.
    #[must_use]
    pub fn new(runtime: &Runtime, endpoint: &str) -> Self {
        Self {
            store: runtime.store(),
            sockets: Sockets::new(&runtime.aws, endpoint),
            clock: runtime.clock.clone(),
            regions: RegionCache::default(),
        }
    }

    /// Handles a batch of the table's stream.
    ///
    /// Returns a partial batch response. The records of a company fail if a request to DynamoDB fails, and are then
    /// delivered again. The records of all other companies succeed.
    pub async fn handle(&self, event: &Value) -> Result<DynamoDbEventResponse, Diagnostic> {
        let records = event["Records"].as_array().ok_or_else(|| Diagnostic {
            error_type: "NotABatch".to_owned(),
            error_message: "the event is no batch of a table's stream".to_owned(),
        })?;
        let batch = StreamBatch::read(records);
        for (record, reason) in &batch.invalid {
            tracing::error!(record, %reason, "a record of the stream was dropped");
        }
        let deadline = Instant::now() + POSTED_WITHIN;
        let mut response = DynamoDbEventResponse::default();
        for (company, changes) in batch.companies {
            if let Err(error) = self.update_company(&company, &changes, deadline).await {
                tracing::error!(%company, records = changes.records.len(), %error, "live updates of a company failed");
                response.batch_item_failures.extend(changes.records.into_iter().map(failed));
            }
        }
        Ok(response)
    }

    /// Posts a company's changes to its connections. Then closes the connections whose sessions have ended, and
    /// connections that are too slow. Closing comes last, so that it delays no page.
    async fn update_company(
        &self,
        company: &CompanyId,
        changes: &CompanyChanges,
        deadline: Instant,
    ) -> Result<(), StoreError> {
        let mut after = None;
        let mut rendered: Option<Vec<Frame>> = None;
        let mut over = Vec::new();
        loop {
            let page = self.store.connections(company, after.as_ref()).await?;
            if !page.items.is_empty() {
                let now = self.clock.now();
                let (ended, open): (Vec<_>, Vec<_>) = page
                    .items
                    .into_iter()
                    .partition(|connection| connection.holder.ends <= now || is_over(connection, &changes.changes));
                over.extend(ended.into_iter().map(|connection| connection.id));
                if rendered.is_none() {
                    rendered = Some(self.frames(company, &changes.changes).await?);
                }
                if let Some(frames) = rendered.as_ref().filter(|frames| !frames.is_empty()) {
                    over.extend(self.post(company, &open, frames, deadline).await?);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let closing = stream::iter(over).map(|id| async move { self.close(company, &id).await });
        closing.buffer_unordered(CLOSED_AT_A_TIME).try_collect().await
    }

    /// Renders the frames once, for all pages of the company.
    async fn frames(&self, company: &CompanyId, changes: &[Change]) -> Result<Vec<Frame>, StoreError> {
        let mut pieces = conversation_changes::erasure_fragments(changes);
        pieces.extend(conversation_changes::appointments(changes));
        let touched = conversation_changes::by_conversation(changes);
        if touched.is_empty() {
            return Ok(frames(pieces));
        }
        let now = self.clock.now();
        let Some(region) = self.regions.region_of(&self.store, company, now).await? else {
            tracing::warn!(%company, "a change of an unknown company was ignored");
            return Ok(frames(pieces));
        };
        let viewer = Viewer { region, now };
        let mut feed = None;
        for (conversation, touched) in touched {
            // The read is consistent. A replica that is behind the stream may lack a new conversation or contain older
            // items. `None` means that the conversation was erased or is past the retention, so no page shows it.
            let thread = self.store.thread_now(company, conversation, NEWEST, now).await?;
            let Some(thread) = thread else { continue };
            let rows = conversation_changes::notifications(&touched, &thread, &viewer);
            if !rows.is_empty() {
                // Only the feed contains the number of the customer's further entries.
                if feed.is_none() {
                    feed = Some(self.store.recent_feed(company, now).await?);
                }
                pieces.extend(
                    feed.iter().filter_map(|feed| conversation_changes::recent(conversation, feed, &thread, &viewer)),
                );
            }
            pieces.extend(conversation_changes::fragments(conversation, &touched, rows, &thread, &viewer));
        }
        Ok(frames(pieces))
    }

    /// Posts frames to connections. Returns the connections that are too slow and must be closed.
    async fn post(
        &self,
        company: &CompanyId,
        open: &[Connection],
        frames: &[Frame],
        deadline: Instant,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let began = self.clock.now();
        let mut refused = 0;
        let mut late = 0;
        let mut too_slow = Vec::new();
        for (connection, posted) in self.sockets.post(open, frames, deadline).await {
            match posted {
                PostOutcome::Delivered => {}
                PostOutcome::Gone if is_opening(connection, began) => {}
                PostOutcome::Gone => self.store.delete_connection(company, &connection.id).await?,
                // The connection is closed, so that later batches do not wait for it. The page connects again and
                // fetches what it missed.
                PostOutcome::TooSlow => too_slow.push(connection.id.clone()),
                PostOutcome::TooLate => late += 1,
                PostOutcome::Refused(code) => {
                    refused += 1;
                    if refused == 1 {
                        tracing::warn!(%company, code, "a frame was rejected; the page's next refresh shows the change");
                    }
                }
            }
        }
        if late > 0 {
            tracing::warn!(%company, pages = late, "frames were dropped after the deadline; the pages' next refresh shows the change");
        }
        Ok(too_slow)
    }

    async fn close(&self, company: &CompanyId, connection: &ConnectionId) -> Result<(), StoreError> {
        if let Err(error) = self.sockets.close(connection).await {
            // The connection is no longer in the table, so it receives no more frames. API Gateway closes it later.
            tracing::warn!(%company, %error, "a connection could not be closed");
        }
        self.store.delete_connection(company, connection).await
    }
}

/// Returns whether the changes end the session of a connection.
fn is_over(connection: &Connection, changes: &[Change]) -> bool {
    let holder = &connection.holder;
    changes.iter().any(|change| match change {
        Change::SessionEnded { session, .. } => *session == holder.session,
        Change::StaffSignedOut { staff, before, .. } => {
            *staff == holder.staff && before.is_none_or(|before| holder.began < before)
        }
        Change::Event { .. }
        | Change::Head { .. }
        | Change::OptOut { .. }
        | Change::Block { .. }
        | Change::Person { .. }
        | Change::Erased { .. }
        | Change::Appointment { .. }
        | Change::PushTest { .. }
        | Change::BrowserAdded { .. } => false,
    })
}

fn failed(record: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(record);
    failure
}

/// Returns whether a connection may still be opening.
///
/// A connection is stored before `$connect` is answered, and API Gateway accepts posts only after that. Its page
/// fetches what it missed when the connection opens.
fn is_opening(connection: &Connection, now: Timestamp) -> bool {
    const TAKES_SECS: u64 = 30;
    now < connection.since.plus_secs(TAKES_SECS)
}
