use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Gives each request a connection of its own, for those that are made once. One that has waited may have been closed by
/// the other side, most of all under a function that was frozen between two requests. Whatever else is asked is then
/// asked again; but of a message that was written to it nobody would know whether it went out.
#[derive(Debug)]
pub(crate) struct FreshConnection;

impl Intercept for FreshConnection {
    fn name(&self) -> &'static str {
        "OwnConnection"
    }

    /// After the request was signed: the header is about this connection, and whoever passes it on takes it off.
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
