//! SQS: messages are delivered at least once, in batches and in any order, and again if they fail.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::rng::Rng;

/// The queues of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueKind {
    Texts,
    Calls,
    Receipts,
    /// Pushes to be retried.
    Pushes,
}

impl QueueKind {
    pub(crate) const ALL: [Self; 4] = [Self::Texts, Self::Calls, Self::Receipts, Self::Pushes];
}

pub(crate) struct Queue {
    pub(crate) function: &'static str,
    /// The visibility timeout in the template.
    pub(crate) visibility: Duration,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    visible: Vec<Message>,
    dead: Vec<Message>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The step of the scenario from which the message comes, if any. `place` identifies the message
    /// among those of the step.
    pub(crate) step: Option<usize>,
    pub(crate) place: [u64; 2],
    pub(crate) body: String,
    pub(crate) sent: Timestamp,
    /// How often the message was received before.
    pub(crate) received: u32,
}

/// The settings of all queues in the template.
const BATCH: usize = 10;
const RECEIVED_AT_MOST: u32 = 5;

impl Message {
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.place[0], self.place[1])
    }

    fn record(&self) -> Value {
        json!({
            "messageId": self.id(), "receiptHandle": "handle", "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": (self.received + 1).to_string(),
                "SentTimestamp": self.sent.as_millis().to_string(),
            },
            "eventSource": "aws:sqs", "awsRegion": "local",
        })
    }
}

impl Queue {
    pub(crate) fn new(function: &'static str, visibility: Duration) -> Self {
        Self { function, visibility, state: Mutex::default(), arrived: Notify::new() }
    }

    pub(crate) fn enqueue(&self, message: Message) {
        self.state().visible.push(message);
        self.arrived.notify_one();
    }

    /// Waits for messages and returns the next batch.
    pub(crate) async fn receive(&self, seed: u64) -> Vec<Message> {
        loop {
            self.arrived.notified().await;
            // Messages that arrive meanwhile can be in the batch.
            let mut dice = Rng::from_seed(seed, &self.state().visible.first().map_or([0, 0], |first| first.place));
            tokio::time::sleep(Duration::from_millis(dice.next_below(60))).await;
            let mut state = self.state();
            state.visible.sort_by_key(|message| {
                Rng::from_seed(seed, &[message.place[0], message.place[1], u64::from(message.received)]).next()
            });
            let most = usize::try_from(dice.next_between(1, BATCH as u64)).unwrap_or(BATCH);
            let taken = state.visible.len().min(most);
            let batch: Vec<_> = state.visible.drain(..taken).collect();
            if !state.visible.is_empty() {
                self.arrived.notify_one();
            }
            if !batch.is_empty() {
                return batch;
            }
        }
    }

    pub(crate) fn event(batch: &[Message]) -> Value {
        json!({"Records": batch.iter().map(Message::record).collect::<Vec<_>>()})
    }

    /// Returns whether a failed message is delivered again. If not, moves it to the dead-letter queue.
    pub(crate) fn comes_again(&self, message: &Message) -> bool {
        let again = message.received + 1 < RECEIVED_AT_MOST;
        if !again {
            self.state().dead.push(message.clone());
        }
        again
    }

    pub(crate) fn dead(&self) -> Vec<Message> {
        self.state().dead.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
