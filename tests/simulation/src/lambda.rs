//! Lambda: instances of the functions, which handle one invocation at a time, and their timeouts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::SendingLimits;
use local::{InProcess, LambdaInstance, OptOutManagement};
use push::Pusher;
use runtime::Runtime;
use serde_json::Value;
use sms::SmsProvider;

use crate::clock::SimulatedTime;
use crate::network::{Invocation, Network};
use crate::trace::Trace;

/// The endpoint of the WebSocket API's `@connections`.
const LIVE: &str = "http://live.local/live";

pub(crate) struct Lambda {
    runtime: Runtime,
    sms: SmsProvider,
    limits: SendingLimits,
    managed: OptOutManagement,
    network: Network,
    time: SimulatedTime,
    trace: Trace,
    idle: Mutex<Vec<LambdaInstance>>,
}

impl Lambda {
    pub(crate) fn new(
        runtime: Runtime,
        sms: SmsProvider,
        limits: SendingLimits,
        managed: OptOutManagement,
        network: Network,
        time: SimulatedTime,
        trace: Trace,
    ) -> Self {
        Self { runtime, sms, limits, managed, network, time, trace, idle: Mutex::default() }
    }

    /// Returns an instance whose caches are empty.
    pub(crate) fn cold(&self) -> LambdaInstance {
        let network = self.network.clone();
        let carry = move |request| {
            let network = network.clone();
            async move { network.push(request).await }
        };
        let pusher = Pusher::carried_by(carry, self.time.clock());
        LambdaInstance::cold(&self.runtime, LIVE, pusher, &self.sms, &self.limits, self.managed)
    }

    /// Returns the local stand-in for the rest of AWS.
    pub(crate) fn aws(&self, instance: &LambdaInstance) -> anyhow::Result<InProcess> {
        InProcess::new(&self.runtime, instance, self.managed)
    }

    /// Invokes a function. Returns its response, or `None` if it failed or did not finish.
    pub(crate) async fn invoke(&self, function: &str, event: Value, invocation: &Arc<Invocation>) -> Option<Value> {
        let warm = self.idle().pop();
        let instance = warm.unwrap_or_else(|| self.cold());
        let running = tokio::time::timeout(timeout(function), invocation.run(instance.invoke(function, event)));
        let said = |what: &str| self.trace.record(self.time, &format!("{} {function} {what}", invocation.name()));
        match running.await {
            Ok(Some(Some(Ok(answer)))) => {
                self.idle().push(instance);
                Some(answer)
            }
            Ok(Some(answer)) => {
                said(match answer {
                    Some(_) => "failed",
                    None => "is no function",
                });
                self.idle().push(instance);
                None
            }
            Ok(None) => {
                said("was killed");
                None
            }
            Err(_) => {
                said("timed out");
                None
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<LambdaInstance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the timeout of a function in the template.
fn timeout(function: &str) -> Duration {
    Duration::from_secs(match function {
        "confirmation-call" => 7,
        "dispatch-push" => 60,
        _ => 25,
    })
}
