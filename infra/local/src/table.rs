//! DynamoDB: dynoxide, embedded, with the table that `infra/template.yaml` defines.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use dynoxide::Database;
use store::{EXPIRES_AT, PK, RECENT, RECENT_PK, RECENT_SK, SK};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Data;

/// The table's name here.
pub const TABLE: &str = "switchboard";

pub(crate) struct Table {
    database: Database,
    address: SocketAddr,
    served: JoinHandle<()>,
    swept: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

/// DynamoDB promises no more than days; here what has expired is gone within a minute.
const SWEEP: Duration = Duration::from_mins(1);

impl Table {
    pub(crate) async fn open(data: &Data) -> anyhow::Result<Self> {
        let database = match data {
            Data::InMemory => Database::memory(),
            Data::In(folder) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
                Database::new(&folder.join("table.sqlite").to_string_lossy())
            }
        };
        let database = database.map_err(|error| anyhow!("the data cannot be opened: {error}"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), async {
            let _ = stopped.await;
        });
        let served = tokio::spawn(async {
            if let Err(error) = serving.await {
                tracing::error!(error, "the table's server ended");
            }
        });
        let swept = tokio::spawn(sweep(database.clone()));
        Ok(Self { database, address, served, swept, stop: Some(stop) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the table, unless it is there from an earlier run.
    pub(crate) async fn create(&self, client: &Client) -> anyhow::Result<Created> {
        let there = client.list_tables().send().await.context("asking for the tables")?;
        if there.table_names().iter().any(|name| name == TABLE) {
            return Ok(Created::Earlier);
        }
        definition(client.create_table())?.send().await.context("the table cannot be made")?;
        let ttl = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build()?;
        client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await?;
        Ok(Created::Now)
    }

    /// Does something with much to write faster, at the price that a crash meanwhile loses it.
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

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    Now,
    Earlier,
}

async fn sweep(database: Database) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::error!(%error, "what has expired was not deleted");
        }
    }
}

/// The table's keys and its index. A test holds what comes of it against `infra/template.yaml`.
///
/// The stream is left out: nothing reads it yet, and dynoxide keeps every record of one for ever,
/// each making the next write slower.
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
        .global_secondary_indexes(recent))
}
