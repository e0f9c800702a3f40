//! Lambda: the functions by name. Each takes a JSON event and returns a JSON response.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use authorize::AuthorizeFunction;
use aws_types::app_name::AppName;
use confirmation_call::ConfirmationCallFunction;
use customer_data::CustomerDataFunction;
use delivery_receipt::DeliveryReceiptFunction;
use dispatch_push::DispatchPushFunction;
use domain::OptOutManagement;
use domain::SendingLimits;
use edit_appointment::EditAppointmentFunction;
use fetch_conversation::FetchConversationFunction;
use futures_util::FutureExt;
use heartbeat::HeartbeatFunction;
use inbound_sms::InboundSmsFunction;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Request, Response, service_fn};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use list_conversations::ListConversationsFunction;
use list_notifications::ListNotificationsFunction;
use live_connection::LiveConnectionFunction;
use live_updates::LiveUpdatesFunction;
use push::{PushServices, Pusher};
use push_subscriptions::PushSubscriptionsFunction;
use runtime::Runtime;
use send_reply::SendReplyFunction;
use serde_json::Value;
use sign_in::SignInFunction;
use sms::SmsProvider;
use tower::ServiceExt;

/// The name of the secret with the configuration of `sign-in`.
pub(crate) const SIGN_IN_SECRET: &str = "switchboard/sign-in";

/// The name of the origin secret, which CloudFront sends.
pub(crate) const ORIGIN_SECRET: &str = "switchboard/origin";

/// The URL of the queue of push notifications to retry.
const PUSH_RETRIES: &str = "http://sqs.local/push-retries";

/// The name of the secret with the push keys.
pub(crate) const PUSH_SECRET: &str = "switchboard/push";

/// The ARN of the topic of inbound messages.
pub(crate) const INBOUND_TOPIC: &str = "arn:aws:sns:local:000000000000:inbound-sms";

type FunctionFuture = Pin<Box<dyn Future<Output = Result<Value, Diagnostic>> + Send>>;
type Function = Box<dyn Fn(Value) -> FunctionFuture + Send + Sync>;

pub(crate) struct Functions {
    by_name: HashMap<&'static str, Function>,
}

/// Wraps a function behind API Gateway, whose handler takes a request and returns a response.
macro_rules! http_function {
    ($function:expr) => {{
        let function = $function;
        http(move |request| {
            let function = function.clone();
            async move { function.handle(request).await }
        })
    }};
}

/// Wraps a function whose handler takes the event itself.
macro_rules! event_function {
    ($function:expr) => {{
        let function = $function;
        Box::new(move |event: Value| {
            let function = function.clone();
            let answering = async move { json(function.handle(&event).await?) };
            Box::pin(answering) as FunctionFuture
        })
    }};
}

impl Functions {
    /// Builds all functions.
    ///
    /// `live` is the URL of the WebSocket API's `@connections`. `pusher` sends push notifications to `services`. `sms`
    /// sends messages, within `limits`. `managed` is the party that acknowledges opt-outs.
    pub(crate) fn new(
        runtime: &Runtime,
        live: &str,
        services: &PushServices,
        pusher: Pusher,
        sms: &SmsProvider,
        limits: &SendingLimits,
        managed: OptOutManagement,
    ) -> Self {
        let on = |name| under_its_name(runtime, name);
        let push_subscriptions = PushSubscriptionsFunction::new(
            &on("push-subscriptions"),
            services.clone(),
            PUSH_SECRET.to_owned(),
            runtime::PUSH_DAYS,
        );
        let (keys, retries) = (PUSH_SECRET.to_owned(), PUSH_RETRIES.to_owned());
        let dispatch_push = DispatchPushFunction::new(&on("dispatch-push"), services.clone(), pusher, keys, retries);
        let fetch_conversation = FetchConversationFunction::new(&on("fetch-conversation"), limits.clone());
        let edit_appointment = EditAppointmentFunction::new(&on("edit-appointment"), limits.clone());
        let heartbeat = HeartbeatFunction::new(&on("heartbeat"), INBOUND_TOPIC.to_owned(), managed);
        let by_name: [(_, Function); 16] = [
            ("authorize", event_function!(Arc::new(AuthorizeFunction::new(&on("authorize"))))),
            ("confirmation-call", event_function!(Arc::new(ConfirmationCallFunction::new(&on("confirmation-call"))))),
            ("customer-data", http_function!(Arc::new(CustomerDataFunction::new(&on("customer-data"))))),
            ("delivery-receipt", event_function!(Arc::new(DeliveryReceiptFunction::new(&on("delivery-receipt"))))),
            ("dispatch-push", event_function!(Arc::new(dispatch_push))),
            ("edit-appointment", http_function!(Arc::new(edit_appointment))),
            ("fetch-conversation", http_function!(Arc::new(fetch_conversation))),
            ("heartbeat", event_function!(Arc::new(heartbeat))),
            ("inbound-sms", event_function!(Arc::new(InboundSmsFunction::new(&on("inbound-sms"), managed, sms)))),
            ("list-conversations", http_function!(Arc::new(ListConversationsFunction::new(&on("list-conversations"))))),
            ("list-notifications", http_function!(Arc::new(ListNotificationsFunction::new(&on("list-notifications"))))),
            ("live-connection", event_function!(Arc::new(LiveConnectionFunction::new(&on("live-connection"), live)))),
            ("live-updates", event_function!(Arc::new(LiveUpdatesFunction::new(&on("live-updates"), live)))),
            ("push-subscriptions", http_function!(Arc::new(push_subscriptions))),
            ("send-reply", http_function!(Arc::new(SendReplyFunction::new(&on("send-reply"), sms, limits.clone())))),
            ("sign-in", http_function!(Arc::new(SignInFunction::new(&on("sign-in"), SIGN_IN_SECRET.to_owned())))),
        ];
        Self { by_name: by_name.into() }
    }

    /// Invokes a function. Returns `None` if there is no function of this name.
    ///
    /// A panic becomes an error of the function, as on Lambda.
    pub(crate) async fn invoke(&self, name: &str, event: Value) -> Option<Result<Value, Diagnostic>> {
        let function = self.by_name.get(name)?;
        let answered = AssertUnwindSafe(function(event)).catch_unwind().await;
        Some(match answered {
            Ok(Ok(answer)) if bytes(&answer) > LARGEST_ANSWER => {
                Err(failed("Function.ResponseSizeTooLarge", "the answer has more than 6 MB"))
            }
            Ok(answered) => answered,
            Err(_) => Err(failed("Panic", "the function panicked")),
        })
    }

    /// Invokes a function, and fails with `TimedOut` after `longest`. The function goes on, as on Lambda.
    pub(crate) async fn invoke_within(
        self: &Arc<Self>,
        longest: Duration,
        name: &'static str,
        event: Value,
    ) -> Option<Result<Value, Diagnostic>> {
        let functions = self.clone();
        let invoked = tokio::spawn(async move { functions.invoke(name, event).await });
        match tokio::time::timeout(longest, invoked).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => Some(Err(failed("Panic", "the function was ended"))),
            Err(_) => Some(Err(failed("TimedOut", "the function took longer than its caller waits"))),
        }
    }
}

/// The maximum size of a response, in bytes ("Lambda quotas": invocation payload).
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

fn failed(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}

fn bytes(answer: &Value) -> usize {
    struct CallCount(usize);
    impl Write for CallCount {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counted = CallCount(0);
    serde_json::to_writer(&mut counted, answer).map_or(usize::MAX, |()| counted.0)
}

/// Returns a runtime for one function. Requests to AWS carry the function's name, as on Lambda.
fn under_its_name(runtime: &Runtime, name: &'static str) -> Runtime {
    let mut aws = runtime.aws.clone().into_builder();
    aws.set_app_name(AppName::new(name).ok());
    Runtime {
        configuration: runtime.configuration.clone(),
        aws: aws.build(),
        clock: runtime.clock.clone(),
        randomness: runtime.randomness.clone(),
        metrics: runtime.metrics.clone().for_function(name),
    }
}

/// Builds a function from an HTTP handler. The Lambda runtime's adapter converts events and responses.
fn http<H, F>(handler: H) -> Function
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    Box::new(move |event| {
        let adapter = Adapter::from(service_fn(handler.clone()));
        Box::pin(async move {
            let request: LambdaRequest = serde_json::from_value(event).map_err(|_| Diagnostic {
                error_type: "NotARequest".to_owned(),
                error_message: "the event is not a request of an HTTP API (payload format 2.0)".to_owned(),
            })?;
            let answered = adapter.oneshot(LambdaEvent::new(request, Context::default())).await;
            match answered {
                Ok(response) => json(response),
                Err(never) => match never {},
            }
        })
    })
}

fn json(answer: impl serde::Serialize) -> Result<Value, Diagnostic> {
    serde_json::to_value(answer).map_err(|error| Diagnostic::from(error.to_string()))
}
