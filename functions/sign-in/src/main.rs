#![doc = include_str!("../README.md")]

use std::sync::Arc;

use lambda_http::{Error, run, service_fn};
use runtime::Runtime;
use sign_in::SignInFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = Arc::new(SignInFunction::new(&Runtime::on_lambda()?, runtime::sign_in_secret()?));
    function.warm_up().await;
    run(service_fn(|request| {
        let function = function.clone();
        async move { function.handle(request).await }
    }))
    .await
}
