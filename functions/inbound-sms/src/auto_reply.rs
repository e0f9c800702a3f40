use domain::{Clock, Company, DeliveryProgress, FaultOwner, Keyword, Line, Message, OutboundText, PhoneNumber};
use runtime::{Metric, Metrics, Runtime};
use sms::{OutboundMessage, SendOutcome, SmsClient, SmsProvider};
use store::{DeliveryUpdate, ReceivedMessage, Store, StoreError};

/// Sends automatic replies to SMS keywords, if Switchboard manages opt-outs and the SMS service does not.
///
/// The replies are the opt-out acknowledgement, which is sent once, and the answer to HELP.
pub(crate) struct AutoReply {
    gateway: SmsClient,
    clock: Clock,
    metrics: Metrics,
}

/// The maximum age of a keyword that is answered, in seconds. The only text allowed after an opt-out must follow within
/// five minutes (47 CFR 64.1200(a)(12)). The same limit applies to HELP, since a later answer is of no use.
const MAX_AGE_SECS: u64 = 5 * 60;

impl AutoReply {
    pub(crate) fn new(runtime: &Runtime, provider: &SmsProvider) -> Self {
        let gateway = SmsClient::new(&runtime.aws, provider, &runtime.randomness);
        Self { gateway, clock: runtime.clock.clone(), metrics: runtime.metrics.clone() }
    }

    /// Answers a recorded message if it is a keyword.
    ///
    /// An opt-out is answered unless a later keyword has replaced it. HELP is answered once a day. A message that is
    /// delivered several times is answered once.
    pub(crate) async fn answer(&self, store: &Store, line: &Line, arrival: &ReceivedMessage) -> Result<(), StoreError> {
        let keyword = Keyword::of_text(&arrival.text, arrival.opt_outs);
        let is_answered = matches!(keyword, Some(Keyword::Stop(_) | Keyword::Help));
        let Some(to) = arrival.from.number() else { return Ok(()) };
        if !is_answered || arrival.at.plus_secs(MAX_AGE_SECS) < self.clock.now() {
            return Ok(());
        }
        let Some(company) = store.company(&line.company).await? else { return Ok(()) };
        let queued = match keyword {
            Some(Keyword::Help) => self.queue_help(store, line, &company, arrival).await?,
            _ => self.queue_confirmation(store, line, &company, arrival).await?,
        };
        match queued {
            Some(message) => self.send(store, line, to, message).await,
            None => Ok(()),
        }
    }

    async fn queue_confirmation(
        &self,
        store: &Store,
        line: &Line,
        company: &Company,
        arrival: &ReceivedMessage,
    ) -> Result<Option<Message>, StoreError> {
        let text = format!(
            "You are unsubscribed from {} and will get no more texts. Reply START to resubscribe.",
            company.name
        );
        let Ok(text) = OutboundText::parse(&text) else { return Ok(None) };
        store.queue_confirmation(line, arrival, &text, self.clock.now()).await
    }

    async fn queue_help(
        &self,
        store: &Store,
        line: &Line,
        company: &Company,
        arrival: &ReceivedMessage,
    ) -> Result<Option<Message>, StoreError> {
        let Ok(text) = OutboundText::parse(&company.help(&line.number)) else { return Ok(None) };
        store.queue_help(line, company, arrival, &text, self.clock.now()).await
    }

    async fn send(&self, store: &Store, line: &Line, to: &PhoneNumber, message: Message) -> Result<(), StoreError> {
        let outgoing = OutboundMessage { company: &line.company, message: &message, to, pool: line.pool.as_ref() };
        let progress = match self.gateway.send(outgoing).await {
            SendOutcome::Accepted { provider_id } => DeliveryProgress::Sent { at: self.clock.now(), provider_id },
            SendOutcome::Refused(refusal) => {
                self.metrics.count_by(Metric::SendFailed, "Cause", &refusal.cause().to_string());
                DeliveryProgress::Failed { refusal }
            }
            SendOutcome::Unknown => {
                self.metrics.count_by(Metric::SendFailed, "Cause", &FaultOwner::Service.to_string());
                DeliveryProgress::Unconfirmed { at: self.clock.now() }
            }
        };
        let outcome = DeliveryUpdate {
            company: &line.company,
            conversation: message.conversation,
            position: message.position,
            progress: &progress,
        };
        if let Err(error) = store.record_automatic_delivery(outcome).await {
            tracing::error!(%error, "the outcome of an automatic reply was not recorded; it is unconfirmed after a minute");
        }
        Ok(())
    }
}
