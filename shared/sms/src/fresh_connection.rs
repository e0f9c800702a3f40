use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// An interceptor that opens a new connection for each request, for requests that must not be retried.
///
/// The other side may have closed an idle connection, above all while a function was frozen between two invocations.
/// Other requests are then retried. A message that was written to such a connection would have an unknown outcome.
#[derive(Debug)]
pub(crate) struct FreshConnection;

impl Intercept for FreshConnection {
    fn name(&self) -> &'static str {
        "OwnConnection"
    }

    /// Runs after signing: the header concerns only this connection, and proxies remove it.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("connection", "close");
        Ok(())
    }
}
