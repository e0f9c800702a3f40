#![doc = include_str!("../README.md")]

use lambda_http::{Error, run, service_fn};
use runtime::Runtime;
use sign_in::SignInFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = &SignInFunction::new(&Runtime::on_lambda()?, runtime::sign_in_secret()?);
    function.warm_up().await;
    run(service_fn(|request| function.handle(request))).await
}
