use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::invariants::{Invariant, Observations, Violation, judge};
use crate::scenario::Scenario;
use crate::world::Simulation;

/// The result of running a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    /// The trace, one line for each event.
    pub trace: Vec<String>,
    /// The inbound messages that the SMS service accepted: the step and the time.
    pub accepted: Vec<(usize, u64)>,
    pub seen: Observations,
    pub broken: Vec<Violation>,
}

/// The maximum simulated time, far above that of any scenario.
const MAX_DURATION: Duration = Duration::from_hours(2 * 365 * 24);

/// Runs a scenario in a new stack and checks the invariants. The same scenario always gives the same trace.
#[must_use]
pub fn play(story: &Scenario) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let run = match runtime {
        Ok(runtime) => runtime.block_on(played(story)),
        Err(error) => Err(error.into()),
    };
    run.unwrap_or_else(|error| Run {
        trace: Vec::new(),
        accepted: Vec::new(),
        seen: Observations::default(),
        broken: vec![Violation { invariant: Invariant::Ends, shown_by: format!("{error:#}") }],
    })
}

async fn played(story: &Scenario) -> anyhow::Result<Run> {
    let world = Box::pin(Simulation::open(story)).await?;
    let played = tokio::time::timeout(MAX_DURATION, Box::pin(world.play())).await;
    let seen = match played.map_err(anyhow::Error::from).flatten() {
        Ok(()) => world.observe().await,
        Err(error) => Err(error),
    };
    world.close();
    let (trace, accepted) = (world.trace.lines(), world.accepted());
    Ok(match seen {
        Ok(seen) => Run { broken: judge(&story.steps, &accepted, &seen), trace, accepted, seen },
        Err(error) => Run {
            broken: vec![Violation { invariant: Invariant::Ends, shown_by: format!("{error:#}") }],
            seen: Observations::default(),
            trace,
            accepted,
        },
    })
}

/// Calls `of` with each seed, on all cores, until `of` returns `false`.
pub fn each_seed(seeds: Range<u64>, of: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(seeds.start);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if !of(seed) {
                        next.store(seeds.end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}
