#![doc = include_str!("../README.md")]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use live_updates::LiveUpdatesFunction;
use runtime::Runtime;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.warm_up().await?;
    let function = LiveUpdatesFunction::new(&runtime, &runtime::live_endpoint()?);
    let function = &function;
    run(service_fn(|event: LambdaEvent<Value>| async move { function.handle(&event.payload).await })).await
}
