//! The figures, as tables for a README.

use std::fs;

use crate::contestant::{BenchmarkTarget, Task};
use crate::measure::MedianTimings;

pub(crate) fn print(what: &str, contestants: &[BenchmarkTarget], figures: &[MedianTimings]) {
    let of = |wanted: Task| {
        let found = contestants.iter().zip(figures).find(|(contestant, _)| contestant.asked == wanted);
        found.map_or(f64::NAN, |(_, figures)| figures.both_ms)
    };
    let (bare, query) = (of(Task::Nothing), of(Task::Query));
    println!("\n{what}\n");
    println!("| | ready ms | first ms | both ms | of the bare | quicker than Node | warm ms | peak MB |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (contestant, MedianTimings { ready_ms, first_ms, both_ms, warm_ms, peak_mb }) in contestants.iter().zip(figures)
    {
        println!(
            "| {} | {ready_ms:.1} | {first_ms:.1} | {both_ms:.1} | {:.1} | {:.1} | {warm_ms:.2} | {peak_mb:.1} |",
            contestant.name,
            both_ms / bare,
            query / both_ms,
        );
    }
}

pub(crate) fn sizes(contestants: &[BenchmarkTarget]) {
    println!("\n| | zip MB |\n| --- | ---: |");
    for contestant in contestants {
        let Some(zip) = contestant.zip.as_ref().and_then(|zip| fs::metadata(zip).ok()) else { continue };
        #[allow(clippy::cast_precision_loss, reason = "a figure to read")]
        let mb = zip.len() as f64 / 1e6;
        println!("| {} | {mb:.2} |", contestant.name);
    }
}
