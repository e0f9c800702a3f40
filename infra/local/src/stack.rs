use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use domain::OptOutManagement;
use domain::{Clock, Retention, Scheme, SendingLimits};
use push::{PushServices, Pusher};
use runtime::{Configuration, Runtime};
use sms::SmsProvider;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

use crate::carrier::{Carrier, DeliveryOutcome};
use crate::connect::Connect;
use crate::functions::{Functions, ORIGIN_SECRET};
use crate::gateway::ApiGateway;
use crate::issuer::Issuer;
use crate::metrics::MetricCounts;
use crate::push_keys::PushKeys;
use crate::queue::Queue;
use crate::secret::Secret;
use crate::socket::{SocketGateway, SocketLimits};
use crate::stream::StreamReaders;
use crate::table::{CreateOutcome, TABLE, Table};
use crate::table_endpoint::TableEndpoint;
use crate::{calls, demo, gateway, handset, invoke, issuer, site, socket, table_endpoint};

/// The options for [`Stack::start`].
#[derive(Clone)]
pub struct StackOptions {
    /// The port to listen on. 0 selects any free port.
    pub port: u16,
    pub data: DataLocation,
    /// Whether to add the demo's conversations and appointments.
    pub demo: bool,
    /// The time limits of WebSockets.
    pub sockets: SocketLimits,
    /// Push services on this machine to allow, besides those of the known browsers: `http://127.0.0.1:<port>`.
    pub push_services: Vec<String>,
    /// The server for `@connections`, instead of the local gateway: `http://127.0.0.1:<port>`.
    pub connections: Option<String>,
    /// The service that sends messages.
    pub sms: SmsProvider,
    /// The rate limits of sending, and the countries to send to.
    pub limits: SendingLimits,
    /// The outcome of messages to numbers for which none was configured.
    pub fate: DeliveryOutcome,
    /// The party that handles opt-out keywords and acknowledges them.
    pub opt_outs: OptOutManagement,
    /// The number of minutes without a request after which a session ends.
    pub idle_minutes: Option<u16>,
    /// The value of the origin secret, as if CloudFront sent it. If it is `None`, the functions do not require it.
    pub origin_secret: Option<String>,
    pub clock: Clock,
}

/// The location of the data.
#[derive(Clone, Debug)]
pub enum DataLocation {
    In(PathBuf),
    InMemory,
}

/// A running local stack.
pub struct Stack {
    address: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    sockets: SocketGateway,
    readers: StreamReaders,
    table: Table,
}

/// The parts of the stack that its routes share.
#[derive(Clone)]
pub(crate) struct StackParts {
    pub(crate) functions: Arc<Functions>,
    pub(crate) gateway: ApiGateway,
    pub(crate) sockets: SocketGateway,
    pub(crate) carrier: Carrier,
    pub(crate) connect: Connect,
    pub(crate) issuer: Issuer,
    pub(crate) sign_in_secret: Secret,
    pub(crate) origin_secret: Option<Secret>,
    /// The push keys, in the format of the deployment's secret.
    pub(crate) push_keys: PushKeys,
    pub(crate) push_retries: Queue,
    pub(crate) metrics: MetricCounts,
    pub(crate) table: TableEndpoint,
    pub(crate) store: Store,
    pub(crate) origins: Arc<[String]>,
    ready: Arc<AtomicBool>,
}

impl Stack {
    /// Starts the stack, and returns when it is ready.
    ///
    /// Creates and fills the table if there is no data from an earlier run.
    pub async fn start(options: StackOptions) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("port {} cannot be listened on; choose another with --port", options.port))?;
        let port = listener.local_addr()?.port();
        let origins = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
        let aws = table_endpoint::aws(&format!("http://127.0.0.1:{port}"));
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let metrics = MetricCounts::default();
        let runtime = Runtime {
            configuration: Configuration {
                table: TABLE.to_owned(),
                retention: Retention::default(),
                portal: Scheme::of_origin(&origins[0]),
                idle_minutes: options.idle_minutes,
                origin_secret: options.origin_secret.as_ref().map(|_| ORIGIN_SECRET.to_owned()),
            },
            aws,
            clock: options.clock.clone(),
            randomness: runtime::randomness(),
            metrics: metrics.metrics(options.clock.clone()),
        };
        let table = Table::open(&options.data).await?;
        let own = || format!("http://127.0.0.1:{port}{}", socket::MANAGEMENT);
        let live = options.connections.clone().unwrap_or_else(own);
        let mut services = PushServices::well_known();
        for origin in &options.push_services {
            services = services.and_local(origin)?;
        }
        let pusher = Pusher::new(runtime.clock.clone());
        let (sms, limits) = (&options.sms, &options.limits);
        let functions = Arc::new(Functions::new(&runtime, &live, &services, pusher, sms, limits, options.opt_outs));
        let sockets =
            SocketGateway::new(functions.clone(), runtime.clock.clone(), runtime.randomness.clone(), options.sockets);
        let issuer = Issuer::new(&origins[0], runtime.clock.clone(), runtime.randomness.clone())?;
        let shared = StackParts {
            gateway: ApiGateway::new(functions.clone(), runtime.clock.clone(), options.origin_secret.is_some()),
            connect: Connect::new(functions.clone(), &runtime)?,
            sockets: sockets.clone(),
            carrier: Carrier::new(dynamodb.clone(), &functions, &runtime, options.opt_outs, options.fate),
            sign_in_secret: Secret::new(issuer.settings().to_string()),
            origin_secret: options.origin_secret.map(Secret::new),
            issuer,
            push_keys: PushKeys::open(&options.data, &runtime.randomness)?,
            push_retries: Queue::new(
                functions.clone(),
                "dispatch-push",
                runtime.clock.clone(),
                runtime.randomness.clone(),
            ),
            functions: functions.clone(),
            metrics,
            table: TableEndpoint::new(format!("http://{}/", table.address()).parse()?, table.write_signal().clone()),
            store: runtime.store(),
            origins: origins.clone().into(),
            ready: Arc::default(),
        };
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, router(shared.clone()), stopped));
        // Create the table through the server that has just started, which is how the functions reach it.
        if table.create(&dynamodb).await? == CreateOutcome::Now {
            shared.carrier.create_table().await?;
            table.loading(Box::pin(demo::fill(&shared, &runtime, options.demo))).await??;
        } else {
            issuer::unpin_all(&shared.store).await?;
        }
        let readers = StreamReaders::start(table.database(), table.write_signal(), &functions)?;
        shared.ready.store(true, Ordering::Release);
        let [address, ..] = origins;
        Ok(Self { address, stop, served, sockets, readers, table })
    }

    /// Returns the address of the stack, `http://localhost:<port>`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops the stack after the requests in progress have their responses, or after a few seconds.
    pub async fn stop(self) {
        self.sockets.close_all().await;
        let _ = self.stop.send(());
        // A browser keeps its connection open for as long as it can, so do not wait for it.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.served).await;
        drop(self.readers);
        self.table.close().await;
    }
}

fn router(shared: StackParts) -> Router {
    let only_here = invoke::router()
        .merge(issuer::router())
        .merge(handset::router())
        .merge(calls::router())
        .merge(table_endpoint::router())
        .merge(socket::management())
        .layer(axum::middleware::from_fn_with_state(shared.clone(), site::refuse_foreign_pages));
    only_here
        .route("/healthz", get(health))
        .merge(gateway::router())
        .merge(socket::router())
        .fallback(site::serve)
        .layer(axum::middleware::from_fn(site::with_headers))
        .layer(CompressionLayer::new())
        .with_state(shared)
}

async fn health(State(shared): State<StackParts>) -> (StatusCode, &'static str) {
    if shared.ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting")
    }
}

async fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let stopped = async {
        let _ = stopped.await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the server stopped");
    }
}
