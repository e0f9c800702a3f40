//! DynamoDB: dynoxide, embedded, with the table that `infra/template.yaml` defines.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use dynoxide::Database;
use rusqlite::Connection;
use store::{EXPIRES_AT, PK, RECENT, RECENT_PK, RECENT_SK, SK};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::DataLocation;
use crate::stream::WriteSignal;

/// The name of the table in the local stack.
pub const TABLE: &str = "switchboard";

pub(crate) struct Table {
    database: Database,
    write_signal: WriteSignal,
    address: SocketAddr,
    served: JoinHandle<()>,
    swept: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

/// The interval at which the local table deletes expired items. DynamoDB deletes them within days.
const SWEEP: Duration = Duration::from_mins(1);

impl Table {
    pub(crate) async fn open(data: &DataLocation) -> anyhow::Result<Self> {
        let file = match data {
            DataLocation::InMemory => shared_memory(),
            DataLocation::In(folder) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
                folder.join("table.sqlite").to_string_lossy().into_owned()
            }
        };
        let database = Database::new(&file).map_err(|error| anyhow!("the data cannot be opened: {error}"))?;
        trim_the_stream(&file).context("the stream of the data cannot be kept short")?;
        let written = WriteSignal::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), async {
            let _ = stopped.await;
        });
        let served = tokio::spawn(async {
            if let Err(error) = serving.await {
                tracing::error!(error, "the table's server stopped");
            }
        });
        let swept = tokio::spawn(sweep(database.clone(), written.clone()));
        Ok(Self { database, write_signal: written, address, served, swept, stop: Some(stop) })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn write_signal(&self) -> &WriteSignal {
        &self.write_signal
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates the table, unless an earlier run has created it.
    pub(crate) async fn create(&self, client: &Client) -> anyhow::Result<CreateOutcome> {
        let there = client.list_tables().send().await.context("asking for the tables")?;
        if there.table_names().iter().any(|name| name == TABLE) {
            self.add_stream(client).await.context("the table from an earlier run gets no stream")?;
            return Ok(CreateOutcome::Earlier);
        }
        make(client).await?;
        Ok(CreateOutcome::Now)
    }

    /// Adds a stream to a table that an earlier version created without one.
    async fn add_stream(&self, client: &Client) -> anyhow::Result<()> {
        let described = client.describe_table().table_name(TABLE).send().await?;
        if described.table().is_none_or(|table| table.stream_specification().is_none()) {
            client.update_table().table_name(TABLE).stream_specification(stream()?).send().await?;
        }
        Ok(())
    }

    /// Runs `work` with faster writes. A crash during `work` loses the writes.
    pub(crate) async fn loading<T>(&self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        self.database.enable_bulk_loading().map_err(|error| anyhow!("{error}"))?;
        let done = work.await;
        self.database.disable_bulk_loading().map_err(|error| anyhow!("{error}"))?;
        Ok(done)
    }

    pub(crate) async fn close(mut self) {
        self.swept.abort();
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.served).await;
    }
}

pub(crate) async fn make(client: &Client) -> anyhow::Result<()> {
    definition(client.create_table())?.send().await.context("the table cannot be made")?;
    let ttl = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build()?;
    client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CreateOutcome {
    Now,
    Earlier,
}

async fn sweep(database: Database, written: WriteSignal) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        match swept {
            Ok(Ok(1..)) => written.notify(),
            Ok(Err(error)) => tracing::error!(%error, "expired items were not deleted"),
            Ok(Ok(0)) | Err(_) => {}
        }
    }
}

fn stream() -> anyhow::Result<StreamSpecification> {
    Ok(StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages).build()?)
}

/// Returns the name of a new database in memory, which ceases to exist when its last connection closes.
///
/// Unlike `:memory:`, the name lets a second connection open the same database.
fn shared_memory() -> String {
    static TABLES: AtomicU64 = AtomicU64::new(0);
    format!("file:/switchboard-{}?vfs=memdb", TABLES.fetch_add(1, Ordering::Relaxed))
}

/// Limits the length of the stream, so that writes stay as fast as with an empty stream.
///
/// dynoxide never deletes a stream record, and scans all of them for the next number: after 12,000 records a write
/// takes sixteen times as long. A second connection adds an index for that number, and a trigger that deletes, with
/// each new record, the one that was written 10,000 records before. DynamoDB deletes records after 24 hours. The
/// numbers still rise: they are never below the clock.
fn trim_the_stream(file: &str) -> rusqlite::Result<()> {
    Connection::open(Path::new(file))?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_records_in_order
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         CREATE TRIGGER IF NOT EXISTS stream_records_trimmed AFTER INSERT ON _stream_records
             BEGIN DELETE FROM _stream_records WHERE id <= NEW.id - 10000; END;",
    )
}

/// Sets the table's keys and index. A test compares the created table with `infra/template.yaml`.
fn definition(table: CreateTableFluentBuilder) -> anyhow::Result<CreateTableFluentBuilder> {
    let attribute =
        |name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let recent = GlobalSecondaryIndex::builder()
        .index_name(RECENT)
        .key_schema(key(RECENT_PK, KeyType::Hash)?)
        .key_schema(key(RECENT_SK, KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()?;
    Ok(table
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(PK)?)
        .attribute_definitions(attribute(SK)?)
        .attribute_definitions(attribute(RECENT_PK)?)
        .attribute_definitions(attribute(RECENT_SK)?)
        .key_schema(key(PK, KeyType::Hash)?)
        .key_schema(key(SK, KeyType::Range)?)
        .global_secondary_indexes(recent)
        .stream_specification(stream()?))
}
