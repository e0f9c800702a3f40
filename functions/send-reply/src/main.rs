#![doc = include_str!("../README.md")]

use lambda_http::{Error, run, service_fn};
use runtime::Runtime;
use send_reply::SendReplyFunction;
use sms::SmsProvider;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    let provider = SmsProvider::from_settings(runtime::sms_setting)?;
    let limits = runtime::sending_limits()?;
    runtime.warm_up().await?;
    let function = &SendReplyFunction::new(&runtime, &provider, limits);
    run(service_fn(|request| function.handle(request))).await
}
