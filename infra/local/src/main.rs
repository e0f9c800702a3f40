#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, reason = "the addresses are for the person who started it")]

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use local::{DataLocation, DeliveryOutcome, OptOutManagement, SocketLimits, Stack, StackOptions};
use sms::{EndUserMessagingSettings, SmsProvider};
use tracing_subscriber::EnvFilter;

/// Run Switchboard on this machine: the portal, its functions, a table, a carrier and a customer's phone.
#[derive(Parser)]
#[command(name = "switchboard")]
struct Arguments {
    /// The port of the loopback interface to listen on.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The directory where data is kept between runs.
    #[arg(long, value_name = "DIR", default_value = ".switchboard")]
    data: PathBuf,
    /// Keep data in memory only. The data is lost when the process ends.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Start with companies, lines and staff only, without messages.
    #[arg(long)]
    no_demo: bool,
    /// A push service on this machine that may be sent notifications, besides those of the known browsers. Can be
    /// repeated.
    #[arg(long, value_name = "ORIGIN")]
    push_service: Vec<String>,
    /// Let Switchboard acknowledge opt-outs. The carrier does not handle STOP and similar keywords
    #[arg(long)]
    self_managed_opt_outs: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let data = if arguments.memory { DataLocation::InMemory } else { DataLocation::In(arguments.data) };
    let options = StackOptions {
        port: arguments.port,
        data,
        demo: !arguments.no_demo,
        sockets: SocketLimits::default(),
        push_services: arguments.push_service,
        connections: None,
        sms: SmsProvider::EndUserMessaging(EndUserMessagingSettings::default()),
        limits: runtime::sending_limits()?,
        fate: DeliveryOutcome::Delivered,
        idle_minutes: None,
        origin_secret: None,
        opt_outs: if arguments.self_managed_opt_outs { OptOutManagement::ByUs } else { OptOutManagement::ByTheService },
        clock: runtime::wall_clock(),
    };
    let stack = Box::pin(Stack::start(options)).await?;
    let address = stack.address();
    println!(
        "Switchboard is running.

  Portal            {address}/
  A customer's phone  {address}/handset
  Lambda Invoke     {address}/2015-03-31/functions/<name>/invocations
  DynamoDB          {address}/   table {table}
                    aws dynamodb scan --table-name {table} --endpoint-url {address} --region local

Stop it with Ctrl-C.",
        table = local::TABLE,
    );
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
    stack.stop().await;
    Ok(())
}
