#![doc = include_str!("../README.md")]

use lambda_http::{Error, run, service_fn};
use push::PushServices;
use push_subscriptions::PushSubscriptionsFunction;
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    let services = PushServices::from_setting(&runtime::push_services())?;
    let secret = runtime::push_secret()?;
    let days = runtime::push_days()?;
    runtime.open_table().await;
    let function = &PushSubscriptionsFunction::new(&runtime, services, secret, days);
    run(service_fn(|request| function.handle(request))).await
}
