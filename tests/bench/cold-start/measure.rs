//! Measures runs of a contestant, and computes the medians of many runs.

use std::time::{Duration, Instant};

use crate::contestant::{BenchmarkEnvironment, BenchmarkTarget};
use crate::emulator::Emulator;
use crate::quota::{CpuCgroup, PERIOD};
use crate::scene::Fixture;

/// The durations and the memory of one run.
pub(crate) struct Run {
    ready: Duration,
    first: Duration,
    warm: Vec<Duration>,
    peak_kb: u64,
}

/// The medians of many runs.
#[derive(Clone, Copy)]
pub(crate) struct MedianTimings {
    pub(crate) ready_ms: f64,
    pub(crate) first_ms: f64,
    pub(crate) both_ms: f64,
    pub(crate) warm_ms: f64,
    pub(crate) peak_mb: f64,
}

/// Starts a contestant, invokes it once and then `warm` times more, and ends it. The quota applies from the first
/// invocation on, as on Lambda, where a function starts with a whole core.
pub(crate) async fn run(
    contestant: &BenchmarkTarget,
    mut with: BenchmarkEnvironment<'_>,
    scene: &Fixture,
    warm: usize,
    quota: Option<&CpuCgroup>,
) -> Run {
    let mut emulator = Emulator::start().await;
    with.runtime_api = emulator.address.to_string();
    let started = Instant::now();
    let mut child = contestant.start(&with);
    let process = child.id().unwrap();
    let waiting = Duration::from_mins(1);
    let ready = tokio::time::timeout(waiting, emulator.ready());
    let ready = ready.await.unwrap_or_else(|_| panic!("{} never asks for an event", contestant.name));
    if let Some(quota) = quota {
        quota.hold(process);
    }
    let mut took = Vec::with_capacity(warm + 1);
    for n in 0..=warm {
        let event = contestant.asked.event(scene, n);
        // In production there is time between invocations, in which the next period of the quota begins.
        if quota.is_some() {
            tokio::time::sleep(2 * PERIOD).await;
        }
        let begun = Instant::now();
        let (done, answer) = emulator.invoke(event).await;
        took.push(done - begun);
        assert!(contestant.asked.is_done_by(&answer, n), "{}, {n}: {answer}", contestant.name);
        emulator.ready().await;
    }
    let peak_kb = peak_kb(process);
    child.kill().await.unwrap();
    let first = took.remove(0);
    Run { ready: ready - started, first, warm: took, peak_kb }
}

fn peak_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

impl MedianTimings {
    pub(crate) fn medians_of(runs: &[Run]) -> Self {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        #[allow(clippy::cast_precision_loss, reason = "a figure to read")]
        let mb = |kb: u64| kb as f64 / 1024.0;
        Self {
            ready_ms: median(runs.iter().map(|run| ms(run.ready))),
            first_ms: median(runs.iter().map(|run| ms(run.first))),
            both_ms: median(runs.iter().map(|run| ms(run.ready + run.first))),
            warm_ms: median(runs.iter().flat_map(|run| run.warm.iter().map(|warm| ms(*warm)))),
            peak_mb: median(runs.iter().map(|run| mb(run.peak_kb))),
        }
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
