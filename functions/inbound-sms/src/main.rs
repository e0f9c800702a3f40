#![doc = include_str!("../README.md")]

use domain::OptOutManagement;
use inbound_sms::InboundSmsFunction;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::Runtime;
use serde_json::Value;
use sms::SmsProvider;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.open_table().await;
    let managed =
        if runtime::self_managed_opt_outs()? { OptOutManagement::ByUs } else { OptOutManagement::ByTheService };
    let function = InboundSmsFunction::new(&runtime, managed, &SmsProvider::from_settings(runtime::sms_setting)?);
    let function = &function;
    run(service_fn(|event: LambdaEvent<Value>| async move { function.handle(&event.payload).await })).await
}
