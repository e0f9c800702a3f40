#![doc = include_str!("../README.md")]

use authorize::AuthorizeFunction;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::Runtime;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    let function = AuthorizeFunction::new(&runtime);
    let function = &function;
    tokio::join!(runtime.open_table(), function.warm_up());
    run(service_fn(|event: LambdaEvent<Value>| async move { function.handle(&event.payload).await })).await
}
