#![doc = include_str!("../README.md")]

use fetch_conversation::FetchConversationFunction;
use lambda_http::{Error, run, service_fn};
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    let limits = runtime::sending_limits()?;
    runtime.warm_up().await?;
    let function = &FetchConversationFunction::new(&runtime, limits);
    run(service_fn(|request| function.handle(request))).await
}
