#![doc = include_str!("../README.md")]

use dispatch_push::DispatchPushFunction;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use push::{PushServices, Pusher};
use runtime::Runtime;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    let services = PushServices::from_setting(&runtime::push_services())?;
    runtime.warm_up().await?;
    let pusher = Pusher::new(runtime.clock.clone());
    let function =
        DispatchPushFunction::new(&runtime, services, pusher, runtime::push_secret()?, runtime::push_retries()?);
    let function = &function;
    run(service_fn(|event: LambdaEvent<Value>| async move { function.handle(&event.payload).await })).await
}
