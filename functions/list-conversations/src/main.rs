#![doc = include_str!("../README.md")]

use std::sync::Arc;

use lambda_http::{Error, run, service_fn};
use list_conversations::ListConversationsFunction;
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    // In parallel: opening the table waits for the network, and reading the numbering plans takes one core for a
    // moment.
    let plans = tokio::task::spawn_blocking(domain::read_numbering_plans);
    runtime.open_table().await;
    plans.await?;
    let function = Arc::new(ListConversationsFunction::new(&runtime));
    run(service_fn(|request| {
        let function = function.clone();
        async move { function.handle(request).await }
    }))
    .await
}
