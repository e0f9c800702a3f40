#![doc = include_str!("../README.md")]

use lambda_http::{Error, run, service_fn};
use list_notifications::ListNotificationsFunction;
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.warm_up().await?;
    let function = &ListNotificationsFunction::new(&runtime);
    run(service_fn(|request| function.handle(request))).await
}
