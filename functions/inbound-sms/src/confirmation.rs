use domain::{Clock, Line, OutboundText, Progress, Wish};
use runtime::{Metric, Metrics, Runtime};
use sms::{Gateway, Handed, Outgoing, Provider};
use store::{Arrival, Outcome, Store, StoreError};

/// The one text that a customer is sent who opts out by a keyword, where the SMS service does not.
pub(crate) struct Confirmation {
    gateway: Gateway,
    clock: Clock,
    metrics: Metrics,
}

/// The one that is allowed comes within five minutes (47 CFR 64.1200(a)(12)).
const WITHIN_SECS: u64 = 5 * 60;

impl Confirmation {
    pub(crate) fn new(runtime: &Runtime, provider: &Provider) -> Self {
        let gateway = Gateway::new(&runtime.aws, provider, &runtime.randomness);
        Self { gateway, clock: runtime.clock.clone(), metrics: runtime.metrics.clone() }
    }

    /// Confirms what a message asks for that is recorded, if it is that and no later word is in force. Once,
    /// however often the message is delivered.
    pub(crate) async fn of(&self, store: &Store, line: &Line, arrival: &Arrival) -> Result<(), StoreError> {
        let now = self.clock.now();
        if !matches!(Wish::of(&arrival.text), Some(Wish::Stop(_))) || arrival.at.plus_secs(WITHIN_SECS) < now {
            return Ok(());
        }
        let Some(company) = store.company(&line.company).await? else { return Ok(()) };
        let text = format!("You get no more texts from {}. Text START to get them again.", company.name);
        let Ok(text) = OutboundText::parse(&text) else { return Ok(()) };
        let Some(message) = store.queue_confirmation(line, arrival, &text, now).await? else { return Ok(()) };
        let outgoing =
            Outgoing { company: &line.company, message: &message, to: &arrival.from, pool: line.pool.as_ref() };
        let progress = match self.gateway.hand_over(outgoing).await {
            Handed::Accepted { provider_id } => Progress::Sent { at: self.clock.now(), provider_id },
            Handed::Refused(refusal) => {
                self.metrics.count(Metric::SendFailed);
                Progress::Failed { refusal }
            }
            Handed::Unknown => {
                self.metrics.count(Metric::SendFailed);
                // It stays queued, and is shown as unconfirmed after a minute.
                return Ok(());
            }
        };
        let outcome = Outcome {
            company: &line.company,
            conversation: message.conversation,
            position: message.position,
            progress: &progress,
        };
        if let Err(error) = store.settle_confirmation(outcome).await {
            tracing::error!(%error, "what became of a confirmation was not recorded; it will be shown as unconfirmed");
        }
        Ok(())
    }
}
