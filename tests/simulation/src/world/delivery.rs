//! Events that AWS delivers to functions: from queues, the table's stream, and calls.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::{InProcess, MAPPINGS, StreamMapping};
use serde_json::json;

use super::request::appointment_of;
use super::{CUSTOMERS, PendingWork, ResponseToStaff, Simulation, contact_of, lock, sms_of, text_of};
use crate::network::{Invocation, PushRetry};
use crate::queue::{Message, Queue, QueueKind};
use crate::scenario::{Action, FaultPoint, Scenario, Step};

/// The indices of the readers of the table's stream.
pub(crate) const LIVE: usize = 0;
pub(crate) const PUSHES: usize = 1;

/// A reader of the table's stream, with its faults.
pub(super) struct StreamFollower {
    mapping: StreamMapping,
    troubles: Vec<FaultPoint>,
    /// A part of the seed that makes the random faults of this reader independent of those of other readers.
    place: u64,
    batches: AtomicU32,
    /// The sequence numbers of the records that the reader gave up.
    given_up: Mutex<Vec<String>>,
}

impl StreamFollower {
    pub(super) fn all(story: &Scenario) -> [Self; 2] {
        [(LIVE, 5 << 40, &story.stream), (PUSHES, 8 << 40, &story.pushes)].map(|(of, place, troubles)| Self {
            mapping: MAPPINGS[of],
            troubles: troubles.clone(),
            place,
            batches: AtomicU32::default(),
            given_up: Mutex::default(),
        })
    }

    /// Returns the next invocation, with its faults if `goes_wrong`.
    fn invocation(&self, name: &str, goes_wrong: bool) -> Arc<Invocation> {
        let batch = self.batches.fetch_add(1, Ordering::Relaxed);
        let troubles = self.troubles.iter().filter(|it| it.attempt == batch && goes_wrong).copied();
        let name = if name.is_empty() { self.mapping.function } else { name };
        Invocation::new(format!("batch {batch}, {name}"), [self.place, u64::from(batch), 0], troubles)
    }
}

/// How many attempts can have faults. An outage that lasts longer needs a redrive by an operator.
const TROUBLED_ATTEMPTS: u32 = 2;

impl Simulation {
    pub(crate) fn given_up_records(&self) -> Vec<String> {
        self.network.operations()
    }

    /// Returns the sequence numbers of the records that a reader of the stream gave up.
    pub(crate) fn given_up(&self, of: usize) -> BTreeSet<String> {
        lock(&self.followers[of].given_up).iter().cloned().collect()
    }

    /// Returns an inbound message as SNS passes it to the queue.
    pub(super) fn sms(&self, step: &Step, line: usize) -> String {
        let lines = &self.firms[step.company].lines;
        let message = json!({
            "originationNumber": CUSTOMERS[step.customer], "destinationNumber": lines[line.min(lines.len() - 1)],
            "messageKeyword": "KEYWORD", "messageBody": text_of(step), "inboundMessageId": sms_of(step),
            "previousPublishedMessageId": "",
        });
        json!({"Type": "Notification", "Message": message.to_string(), "Timestamp": self.time.now().to_string()})
            .to_string()
    }

    /// Puts a message of a step into a queue after a delay.
    pub(super) fn brings(self: &Arc<Self>, of: QueueKind, step: usize, copy: u64, delay: Duration, body: String) {
        let place = [u64::from(self.story.steps[step].number), copy];
        let message = Message { step: Some(step), place, body, sent: self.time.now(), received: 0 };
        self.puts_later(of, message, delay);
    }

    fn puts_later(self: &Arc<Self>, of: QueueKind, message: Message, delay: Duration) {
        let (world, busy) = (self.clone(), self.busy());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            world.enqueue(of, message, busy);
        });
    }

    fn queue(&self, of: QueueKind) -> &Queue {
        &self.queues[of as usize]
    }

    /// Returns the step of each message in the dead-letter queues. `None` stands for a message that comes from no step.
    pub(crate) fn dead(&self) -> Vec<Option<usize>> {
        self.queues.iter().flat_map(Queue::dead).map(|message| message.step).collect()
    }

    fn enqueue(&self, of: QueueKind, message: Message, busy: PendingWork) {
        // The work stays pending as long as the message is in the queue.
        std::mem::forget(busy);
        self.queue(of).enqueue(message);
    }

    /// Polls a queue as Lambda does. Batches are handled concurrently.
    pub(super) async fn receive(self: Arc<Self>, of: QueueKind) -> anyhow::Result<()> {
        loop {
            let batch = self.queue(of).receive(self.story.seed).await;
            tokio::spawn(self.clone().deliver_batch(of, batch));
        }
    }

    async fn deliver_batch(self: Arc<Self>, of: QueueKind, batch: Vec<Message>) {
        let queue = self.queue(of);
        let goes_wrong = batch.iter().all(|message| message.received < TROUBLED_ATTEMPTS);
        let ids: Vec<_> = batch.iter().map(Message::id).collect();
        let name = format!("{} of {}", queue.function, ids.join(", "));
        let invocation = if of == QueueKind::Pushes {
            self.followers[PUSHES].invocation(&name, goes_wrong)
        } else {
            let troubles = batch.iter().filter(|_| goes_wrong).flat_map(|message| {
                let troubles = message.step.map(|step| &self.story.steps[step].troubles);
                troubles.into_iter().flatten().filter(|trouble| trouble.attempt == message.received).copied()
            });
            let [step, copy] = batch[0].place;
            let place = [(1 + of as u64) << 40 | step, copy, u64::from(batch[0].received)];
            Invocation::new(name, place, troubles)
        };
        let answer = self.lambda.invoke(queue.function, Queue::event(&batch), &invocation).await;
        self.brings_retries();
        let failures = answer.as_ref().and_then(|answer| answer["batchItemFailures"].as_array());
        for message in batch {
            let failed = failures
                .is_none_or(|failures| failures.iter().any(|failure| failure["itemIdentifier"] == *message.id()));
            // Takes over the pending work that `enqueue` has kept for this message.
            let busy = PendingWork(self.busy.clone());
            let is_sound = message.step.is_some_and(|step| self.story.steps[step].what != Action::Malformed);
            if failed && is_sound && invocation.is_to_succeed() {
                lock(&self.late).push(format!("{} waits for its next delivery", message.id()));
            }
            if failed && queue.comes_again(&message) {
                let world = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(world.queue(of).visibility).await;
                    world.enqueue(of, Message { received: message.received + 1, ..message }, busy);
                });
            } else if failed {
                self.trace.record(self.time, &format!("{} is in the dead-letter queue", message.id()));
            }
        }
    }

    /// Runs one of the table's event source mappings.
    pub(super) async fn follow(self: Arc<Self>, of: usize, mut place: String) -> anyhow::Result<()> {
        let follower = &self.followers[of];
        let mapping = follower.mapping;
        loop {
            let (records, next) = self.aws.records(&place, mapping.batch_size)?;
            place = next;
            if records.is_empty() {
                self.network.wait_for_write(of).await;
                continue;
            }
            let busy = self.busy();
            if of == LIVE {
                lock(&self.written).extend(records.iter().cloned());
            }
            let attempts = Mutex::new(HashMap::<String, u32>::new());
            let given_up = InProcess::deliver(mapping, records, |event| {
                let first = event["Records"][0]["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned();
                let tried = *lock(&attempts).entry(first).and_modify(|tried| *tried += 1).or_default();
                let invocation = follower.invocation("", tried < TROUBLED_ATTEMPTS);
                let world = &self;
                async move {
                    let answer = world.lambda.invoke(mapping.function, event, &invocation).await;
                    world.brings_retries();
                    answer
                }
            });
            let given_up = given_up.await;
            lock(&follower.given_up).extend(given_up);
            drop(busy);
        }
    }

    /// Puts pushes to be retried into their queue, each with its delay.
    fn brings_retries(self: &Arc<Self>) {
        /// Larger than any number of a step.
        const PLACE: u64 = 1_000;
        for PushRetry { body, delay } in self.network.retries() {
            let place = [PLACE, self.retries.fetch_add(1, Ordering::Relaxed)];
            let message = Message { step: None, place, body, sent: self.time.now(), received: 0 };
            self.puts_later(QueueKind::Pushes, message, delay);
        }
    }

    pub(super) async fn is_called(
        self: &Arc<Self>,
        place: usize,
        pressed: Option<(char, Duration)>,
        ended: &[Duration],
    ) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        self.books(step.company, step.customer).await?;
        let (contact, line) = (contact_of(step), &self.firms[step.company].company.line);
        let appointment = appointment_of(step.customer);
        for (copy, delay) in (0..).zip(ended) {
            let event = json!({
                "source": "aws.connect", "detail-type": "Amazon Connect Contact Event", "time": self.time.now().to_string(),
                "detail": {
                    "eventType": "DISCONNECTED", "contactId": contact, "channel": "VOICE", "initiationMethod": "API",
                    "connectedToSystemTimestamp": self.time.now().to_string(),
                    "disconnectTimestamp": self.time.now().to_string(), "disconnectReason": "CONTACT_FLOW_DISCONNECT",
                    "tags": {"aws:connect:systemEndpoint": line, "appointmentId": appointment},
                },
            });
            self.brings(QueueKind::Calls, place, copy, *delay, event.to_string());
        }
        let Some((digit, delay)) = pressed else { return Ok(()) };
        tokio::time::sleep(delay).await;
        let event = json!({"Name": "ContactFlowEvent", "Details": {
            "Parameters": {"appointmentId": appointment, "digit": digit.to_string()},
            "ContactData": {
                "ContactId": contact, "Channel": "VOICE", "InitiationMethod": "API",
                "CustomerEndpoint": {"Address": CUSTOMERS[step.customer], "Type": "TELEPHONE_NUMBER"},
                "SystemEndpoint": {"Address": line, "Type": "TELEPHONE_NUMBER"},
            },
        }});
        let invocation = self.invocation("the flow's call", place, 0);
        let answer = self.lambda.invoke("confirmation-call", event, &invocation).await;
        if answer.is_none() && invocation.is_to_succeed() {
            lock(&self.late).push(format!("{} is told nothing", invocation.name()));
        }
        let told = answer.map(|answer| answer.to_string());
        let (status, body) = (told.is_some().then_some(200), told.unwrap_or_default());
        lock(&self.told).push(ResponseToStaff { step: place, company: step.company, status, body });
        Ok(())
    }

    /// Publishes the scenario's delivery receipts of the messages that were sent.
    pub(super) fn tells_of_what_was_sent(self: &Arc<Self>) {
        for sent in self.network.sent_messages() {
            let of_it = |step: &&Step| sent.asked["MessageBody"] == *text_of(step);
            let Some(place) = self.story.steps.iter().position(|step| of_it(&step)) else { continue };
            let Action::Reply { receipts, .. } = &self.story.steps[place].what else { continue };
            // A message that is sent again gets no receipts.
            if !lock(&self.told_of).insert(place) {
                continue;
            }
            let now = self.time.now().as_millis();
            for (copy, (receipt, delay)) in (0..).zip(receipts) {
                let (event, is_final) = receipt.event();
                let message = json!({
                    "eventType": event, "eventVersion": "1.0", "eventTimestamp": now, "isFinal": is_final,
                    "originationPhoneNumber": sent.asked["OriginationIdentity"],
                    "destinationPhoneNumber": sent.asked["DestinationPhoneNumber"], "messageId": sent.id,
                    "messageRequestTimestamp": now, "context": sent.asked["Context"],
                });
                let body = json!({"Type": "Notification", "Message": message.to_string()});
                self.brings(QueueKind::Receipts, place, copy, *delay, body.to_string());
            }
        }
    }
}
