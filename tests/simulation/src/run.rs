use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::invariants::{Invariant, Observations, Violation, judge};
use crate::scenario::Scenario;
use crate::world::World;

/// A story that was played.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened, a line each.
    pub trace: Vec<String>,
    /// The texts that the SMS service took: the step, and when.
    pub accepted: Vec<(usize, u64)>,
    pub seen: Observations,
    pub broken: Vec<Violation>,
}

/// In simulated time: far above what any story takes.
const MAX_DURATION: Duration = Duration::from_hours(2 * 365 * 24);

/// Plays a story in a world of its own, and judges it. The same story is the same run, to the letter.
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
    let world = Box::pin(World::open(story)).await?;
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

/// Does something with each seed, on all cores, for as long as it says that it wants to go on.
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
