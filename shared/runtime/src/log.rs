use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to the standard output as JSON. Lambda forwards it to CloudWatch.
///
/// The filter is a level, or levels by target. A filter by the fields of spans would add a regular expression engine,
/// which nothing here needs.
pub(crate) fn begin() {
    let wanted = env::var("RUST_LOG").or_else(|_| env::var("AWS_LAMBDA_LOG_LEVEL")).ok();
    let targets = wanted.and_then(|wanted| wanted.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(LevelFilter::TRACE)
        .with_current_span(false)
        // CloudWatch adds the time.
        .without_time()
        .finish()
        .with(targets.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)))
        .init();
}
