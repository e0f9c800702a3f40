#![doc = include_str!("../README.md")]

use domain::OptOutManagement;
use heartbeat::HeartbeatFunction;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::Runtime;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.open_table().await;
    let managed =
        if runtime::self_managed_opt_outs()? { OptOutManagement::ByUs } else { OptOutManagement::ByTheService };
    let function = HeartbeatFunction::new(&runtime, runtime::inbound_topic()?, managed);
    let function = &function;
    run(service_fn(|event: LambdaEvent<Value>| async move { function.handle(&event.payload).await })).await
}
