#![doc = include_str!("../README.md")]

use std::sync::Arc;

use lambda_http::{Error, run, service_fn};
use list_conversations::ListConversations;
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.open_table().await;
    domain::read_numbering_plans();
    let function = Arc::new(ListConversations::new(&runtime));
    run(service_fn(|request| {
        let function = function.clone();
        async move { function.handle(request).await }
    }))
    .await
}
