//! How fast the functions start, compared with others that do the same read. `tests/bench/cold-start/run` builds them
//! all and runs this. `tests/bench/README.md` has the figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "it prints figures, and has failed if it cannot go on"
)]

mod contestant;
mod costs;
mod emulator;
mod measure;
mod quota;
mod report;
mod scene;
mod table;
mod tls;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser;
use contestant::{BenchmarkEnvironment, BenchmarkTarget, Task};
use costs::{MeasuredCapacity, MeasuredDurations};
use measure::{MedianTimings, Run};
use quota::CpuCgroup;
use scene::Fixture;
use tests::TestStack;
use tls::CertificateAuthority;

#[derive(Parser)]
struct Arguments {
    /// How often to start each function.
    #[arg(long, default_value_t = 21)]
    starts: usize,
    /// How often to invoke each function once it is warm.
    #[arg(long, default_value_t = 50)]
    warm: usize,
    /// Another build of `fetch-conversation` to measure: `NAME=PROGRAM`.
    #[arg(long, value_name = "NAME=PROGRAM")]
    also: Vec<String>,
    /// Measure only the functions whose name contains this, and the empty function `bare`.
    #[arg(long)]
    only: Option<String>,
    /// The folder in which `cargo lambda build` has left the functions. Without it, nothing is measured.
    #[arg(long)]
    built: Option<PathBuf>,
    /// The option that `cargo bench` passes to each benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The addresses at which the contestants reach AWS, all with TLS or all without.
struct Endpoints {
    reads: String,
    writes: String,
    /// Has an SMS service, secrets and open pages beside the table.
    stack: String,
}

/// The data that the contestants read, the endpoints that they use, and the files that they need.
struct BenchmarkSetup {
    scene: Fixture,
    stack_scene: Fixture,
    plain: Endpoints,
    tls: Endpoints,
    roots: PathBuf,
    path: OsString,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let Some(built) = &arguments.built else {
        println!("How fast the functions start: run tests/bench/cold-start/run, which builds what is measured.");
        return;
    };
    let contestants = contestants(&arguments, built);
    // The folder is in memory if possible, so that the speed of the disk does not count.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let stack = TestStack::open_in(&folder.path().join("stack")).await;
    let scene = Fixture::set_up(&stack).await;
    stack.close().await;
    let stack = TestStack::open().await;
    let stack_scene = Fixture::set_up(&stack).await;
    let pages = Fixture::pages(&stack).await;
    let stage = set(folder.path(), &stack, scene, stack_scene).await;
    let (starts, warm) = (arguments.starts, arguments.warm);

    report::sizes(&contestants);
    let figures = compete(&contestants, &stage, &stage.plain, starts, warm, None).await;
    report::print("Plain HTTP, a whole core", &contestants, &figures);
    let figures = compete(&contestants, &stage, &stage.tls, starts, warm, None).await;
    report::print("TLS, a whole core", &contestants, &figures);
    let mut measured = Vec::new();
    let rust = contestants.iter().position(|contestant| contestant.asked == Task::Query);
    for mb in [128_u32, 256, 512] {
        let Some(quota) = CpuCgroup::of_memory(mb.into()) else {
            println!("\nControl groups cannot be made here: run it as root for the figures with a part of a core.");
            return;
        };
        // The others are compared at the smallest memory only.
        let contestants = if mb == 128 { &contestants[..] } else { &contestants[..rust.unwrap_or(contestants.len())] };
        // Fewer runs, because a part of a core is slow.
        let figures =
            compete(contestants, &stage, &stage.tls, starts.div_ceil(3), warm.div_ceil(3), Some(&quota)).await;
        report::print(
            &format!("TLS, from the first invocation on the part of a core of {mb} MB"),
            contestants,
            &figures,
        );
        measured.extend(measured_with(mb, contestants, &figures));
    }
    costs::print(&MeasuredCapacity::in_a_stack().await, &measured);
    drop(pages);
    stack.close().await;
}

async fn set(folder: &Path, stack: &TestStack, scene: Fixture, stack_scene: Fixture) -> BenchmarkSetup {
    let reads = table::serve_copy(&folder.join("stack"), &folder.join("reads")).await;
    let writes = table::serve_copy(&folder.join("stack"), &folder.join("writes")).await;
    let stack = stack.url("").trim_start_matches("http://").parse().unwrap();
    let authority = CertificateAuthority::new();
    let tls = Endpoints {
        reads: secure(authority.terminate(reads).await),
        writes: secure(authority.terminate(writes).await),
        stack: secure(authority.terminate(stack).await),
    };
    let plain = [reads, writes, stack].map(|server| format!("http://localhost:{}", server.port()));
    let [reads, writes, stack] = plain;
    let roots = folder.join("roots.pem");
    authority.write(&roots, &std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default());
    #[allow(clippy::disallowed_methods, reason = "Node is where this process finds it")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    BenchmarkSetup { scene, stack_scene, plain: Endpoints { reads, writes, stack }, tls, roots, path }
}

fn secure(server: std::net::SocketAddr) -> String {
    format!("https://localhost:{}", server.port())
}

/// Runs the contestants alternately, so that the machine's other load affects all of them alike.
async fn compete(
    contestants: &[BenchmarkTarget],
    stage: &BenchmarkSetup,
    endpoints: &Endpoints,
    starts: usize,
    warm: usize,
    quota: Option<&CpuCgroup>,
) -> Vec<MedianTimings> {
    let mut runs: Vec<Vec<Run>> = contestants.iter().map(|_| Vec::new()).collect();
    // The first round only fills the file caches.
    for turn in 0..=starts {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            let (endpoint, scene) = match contestant.asked {
                Task::Reply | Task::Browsers | Task::ShowChange | Task::PushChange => {
                    (&endpoints.stack, &stage.stack_scene)
                }
                Task::Inbound | Task::Call | Task::Receipt | Task::Socket => (&endpoints.writes, &stage.scene),
                _ => (&endpoints.reads, &stage.scene),
            };
            let with =
                BenchmarkEnvironment { runtime_api: String::new(), endpoint, roots: &stage.roots, path: &stage.path };
            let run = measure::run(contestant, with, scene, warm, quota).await;
            if turn > 0 {
                runs.push(run);
            }
        }
    }
    runs.iter().map(|runs| MedianTimings::medians_of(runs)).collect()
}

fn measured_with(mb: u32, contestants: &[BenchmarkTarget], figures: &[MedianTimings]) -> Option<MeasuredDurations> {
    let warm = |asked: Task| {
        let found = contestants.iter().zip(figures).find(|(contestant, _)| contestant.asked == asked);
        found.map(|(_, figures)| figures.warm_ms)
    };
    Some(MeasuredDurations {
        memory_mb: mb.into(),
        inbound_ms: warm(Task::Inbound)?,
        refresh_ms: warm(Task::RefreshAgain)?,
        authorize_ms: warm(Task::Authorize)?,
        show_ms: warm(Task::ShowChange)?,
        push_ms: warm(Task::PushChange)?,
        connect_ms: warm(Task::Socket)?,
        bell_ms: warm(Task::Browsers)?,
    })
}

fn contestants(arguments: &Arguments, built: &Path) -> Vec<BenchmarkTarget> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/cold-start");
    let function = |name: &str, asked| BenchmarkTarget {
        name: name.to_owned(),
        program: built.join(name).join("bootstrap"),
        arguments: vec![],
        zip: Some(built.join(name).join("bootstrap.zip")),
        asked,
    };
    let mut all = vec![
        function("bare", Task::Nothing),
        function("fetch-conversation", Task::Page),
        function("list-notifications", Task::RefreshAgain),
        function("list-conversations", Task::Conversations),
        function("customer-data", Task::History),
        function("authorize", Task::Authorize),
        function("inbound-sms", Task::Inbound),
        function("send-reply", Task::Reply),
        function("edit-appointment", Task::Appointment),
        function("confirmation-call", Task::Call),
        function("delivery-receipt", Task::Receipt),
        function("sign-in", Task::Session),
        function("push-subscriptions", Task::Browsers),
        function("live-connection", Task::Socket),
        function("live-updates", Task::ShowChange),
        function("dispatch-push", Task::PushChange),
        BenchmarkTarget {
            name: "Node 20, SDK 3".to_owned(),
            program: "/usr/bin/env".into(),
            arguments: vec!["node".into(), here.join("node/dist/bootstrap.mjs")],
            zip: Some(here.join("node/dist/bootstrap.zip")),
            asked: Task::Query,
        },
        BenchmarkTarget {
            name: "Python 3.11, boto3".to_owned(),
            program: here.join("python/.venv/bin/python"),
            arguments: vec![here.join("python/bootstrap.py")],
            zip: None,
            asked: Task::Query,
        },
    ];
    for also in &arguments.also {
        let (name, program) = also.split_once('=').unwrap_or_else(|| panic!("{also} is not NAME=PROGRAM"));
        all.push(BenchmarkTarget {
            name: name.to_owned(),
            program: program.into(),
            zip: Some(format!("{program}.zip").into()),
            ..function("fetch-conversation", Task::Page)
        });
    }
    if let Some(only) = &arguments.only {
        all.retain(|contestant| contestant.name == "bare" || contestant.name.contains(only.as_str()));
    }
    all
}
