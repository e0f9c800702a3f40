//! A program that the benchmark compares: a process on the first core that sends push notifications.
//!
//! Its argument is a file with the subscriptions and the payload. The program prints `ready`. Then it reads a number,
//! sends that number of messages, and prints `done` when all are answered. The program repeats this until its input
//! ends.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub(crate) struct BenchmarkProcess {
    pub(crate) name: &'static str,
    process: Child,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

/// The duration and the CPU time of one run of a contestant.
#[derive(Clone, Copy)]
pub(crate) struct RunTiming {
    pub(crate) wall: Duration,
    /// The CPU time of the contestant, and that of the push service on the other core.
    pub(crate) own: Duration,
    pub(crate) service: Duration,
}

impl BenchmarkProcess {
    /// Starts `command`, a program with its arguments. The program trusts only the authority of `certificate`.
    pub(crate) async fn start(name: &'static str, command: &[&str], stage: &Path, certificate: &Path) -> Self {
        let mut process = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .args(command)
            .arg(stage)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("SSL_CERT_FILE", certificate)
            .env("NODE_EXTRA_CA_CERTS", certificate)
            .env("REQUESTS_CA_BUNDLE", certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let told = process.stdin.take().unwrap();
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut contestant = Self { name, process, told, says };
        contestant.says("ready").await;
        contestant
    }

    /// Makes the contestant send a number of messages.
    pub(crate) async fn send(&mut self, messages: usize) -> RunTiming {
        let process = self.process.id().unwrap().to_string();
        let (own, service, began) = (processor_time(&process), processor_time("self"), Instant::now());
        self.told.write_all(format!("{messages}\n").as_bytes()).await.unwrap();
        self.says("done").await;
        let wall = began.elapsed();
        let since = |process: &str, before: Duration| processor_time(process).checked_sub(before).unwrap();
        RunTiming { wall, own: since(&process, own), service: since("self", service) }
    }

    async fn says(&mut self, what: &str) {
        let line = self.says.next_line().await.unwrap();
        assert_eq!(line.as_deref(), Some(what), "{} has failed", self.name);
    }
}

/// Returns the CPU time of all threads in user and kernel mode, in steps of 10 ms.
fn processor_time(process: &str) -> Duration {
    const TICK_MS: u64 = 10;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The fields after the program's name, which can contain any characters.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * TICK_MS)
}
