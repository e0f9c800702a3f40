use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Logs to the standard output, which Lambda hands to CloudWatch, as JSON.
///
/// What is logged is a level, or levels by target. The filter that could tell spans apart by their
/// fields brings a regular expression engine, of which nothing here has a use.
pub(crate) fn begin() {
    let wanted = env::var("RUST_LOG").or_else(|_| env::var("AWS_LAMBDA_LOG_LEVEL")).ok();
    let targets = wanted.and_then(|wanted| wanted.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(LevelFilter::TRACE)
        .with_current_span(false)
        // CloudWatch adds the time itself.
        .without_time()
        .finish()
        .with(targets.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)))
        .init();
}
