//! The command-line tool of the simulation. `simulation --help` lists the options, and the README explains it.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use simulation::{Invariant, Scenario, play, shrink};

/// Runs scenarios and reports the violated invariants, each with the shortest scenario that shows it.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run, beginning at --from.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run only this seed, and print its scenario and everything that happened.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Succeed only if this invariant fails, and stop when it does, for example `CarriedOnce`.
    #[arg(long)]
    fails: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match (arguments.seed, &arguments.fails) {
        (Some(seed), _) => replay(seed),
        (None, Some(invariant)) => look_for(invariant, &arguments),
        (None, None) => play_all(&arguments),
    }
}

fn replay(seed: u64) -> ExitCode {
    let story = Scenario::from_seed(seed);
    let run = play(&story);
    eprintln!("{story}\n{}", run.trace.join("\n"));
    if run.broken.is_empty() {
        eprintln!("\nEverything holds.");
        return ExitCode::SUCCESS;
    }
    for broken in run.broken {
        eprintln!("\nNot so: {}: {}", broken.invariant, broken.shown_by);
    }
    ExitCode::FAILURE
}

fn play_all(arguments: &Arguments) -> ExitCode {
    let began = Instant::now();
    let (events, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    simulation::each_seed(arguments.from..arguments.from + arguments.seeds, |seed| {
        let run = play(&Scenario::from_seed(seed));
        events.fetch_add(run.trace.len() as u64, Ordering::Relaxed);
        if let (Some(broken), Ok(mut failed)) = (run.broken.first(), failed.lock()) {
            failed.push((seed, broken.invariant));
        }
        true
    });
    let (took, events) = (began.elapsed().as_secs_f64(), events.into_inner());
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let (seeds, events) = (arguments.seeds as f64 / took, events as f64 / took);
    eprintln!("{} seeds in {took:.1} s: {seeds:.1} seeds a second, {events:.0} events a second", arguments.seeds);
    let mut failed = failed.into_inner().unwrap_or_default();
    failed.sort_unstable();
    // One failing seed of each invariant is enough.
    for invariant in Invariant::ALL {
        let of: Vec<_> = failed.iter().filter(|(_, broken)| *broken == invariant).map(|(seed, _)| *seed).collect();
        let Some(seed) = of.first() else { continue };
        let story = shrink(&Scenario::from_seed(*seed), |story| is_broken(story, invariant));
        let run = play(&story);
        let shown_by =
            run.broken.iter().find(|broken| broken.invariant == invariant).map(|broken| broken.shown_by.as_str());
        eprintln!("\nNot so in {} seeds ({of:?}): {invariant}: {}", of.len(), shown_by.unwrap_or_default());
        eprintln!("\n{story}\n{}", run.trace.join("\n"));
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn look_for(invariant: &str, arguments: &Arguments) -> ExitCode {
    let Some(invariant) = Invariant::ALL.into_iter().find(|it| format!("{it:?}") == invariant) else {
        eprintln!("There is no such claim. There are: {:?}", Invariant::ALL);
        return ExitCode::FAILURE;
    };
    let found = Mutex::new(None);
    simulation::each_seed(arguments.from..arguments.from + arguments.seeds, |seed| {
        let broken = is_broken(&Scenario::from_seed(seed), invariant);
        if let (true, Ok(mut found)) = (broken, found.lock()) {
            found.get_or_insert(seed);
        }
        !broken
    });
    let Some(seed) = found.into_inner().unwrap_or_default() else {
        eprintln!("So in all of {} seeds: {invariant}", arguments.seeds);
        return ExitCode::FAILURE;
    };
    eprintln!(
        "Not so in seed {seed}: {invariant}\n{}",
        shrink(&Scenario::from_seed(seed), |story| is_broken(story, invariant))
    );
    ExitCode::SUCCESS
}

fn is_broken(story: &Scenario, invariant: Invariant) -> bool {
    play(story).broken.iter().any(|broken| broken.invariant == invariant)
}
