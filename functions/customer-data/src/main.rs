#![doc = include_str!("../README.md")]

use customer_data::CustomerDataFunction;
use lambda_http::{Error, run, service_fn};
use runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::on_lambda()?;
    runtime.warm_up().await?;
    let function = &CustomerDataFunction::new(&runtime);
    run(service_fn(|request| function.handle(request))).await
}
