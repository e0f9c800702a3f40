//! The queue of push notifications to retry. A record contains only ids and no text of a customer.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_types::SdkConfig;
use domain::{CompanyId, ConversationId, Position, StaffId, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

/// A push notification to one browser that must be retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retry {
    pub(crate) company: CompanyId,
    pub(crate) staff: StaffId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) conversation: ConversationId,
    pub(crate) event: Position,
    /// The number of attempts so far.
    pub(crate) tries: u32,
    /// The earliest time of the retry. The queue can delay a record only by 15 minutes, so a record may arrive earlier.
    pub(crate) not_before: Timestamp,
}

/// The maximum number of attempts of a push notification, including the first.
pub(crate) const MAX_ATTEMPTS: u32 = 6;

impl Retry {
    /// Returns the retry after another failed attempt, or `None` after the last.
    ///
    /// The wait is as long as the push service asks for. Otherwise, the wait grows with each attempt, to 23 minutes in
    /// total.
    pub(crate) fn failed(mut self, after: Option<Duration>, now: Timestamp) -> Option<Self> {
        const FIRST_SECS: u64 = 5;
        self.tries = self.tries.saturating_add(1);
        let own = FIRST_SECS.saturating_mul(4_u64.saturating_pow(self.tries.saturating_sub(1))).min(LONGEST_DELAY_SECS);
        self.not_before = now.plus_secs(after.map_or(own, |after| after.as_secs().max(1)));
        (self.tries < MAX_ATTEMPTS).then_some(self)
    }

    fn delay_secs(&self, now: Timestamp) -> u64 {
        let millis = self.not_before.as_millis().saturating_sub(now.as_millis());
        millis.div_ceil(1000).min(LONGEST_DELAY_SECS)
    }
}

/// The longest delay of an SQS message, in seconds.
const LONGEST_DELAY_SECS: u64 = 900;

/// The maximum number of messages that SQS accepts in one request.
const BATCH_SIZE: usize = 10;

/// The SQS queue of retries.
pub(crate) struct RetryQueue {
    client: Client,
    queue: String,
}

impl RetryQueue {
    /// `queue` is the URL of the queue.
    pub(crate) fn new(aws: &SdkConfig, queue: String) -> Self {
        Self { client: Client::new(aws), queue }
    }

    /// Sends retries to the queue. Returns how many the queue did not accept.
    pub(crate) async fn enqueue(&self, retries: &[Retry], now: Timestamp) -> usize {
        let mut lost = 0;
        for some in retries.chunks(BATCH_SIZE) {
            lost += self.send_batch(some, now).await;
        }
        lost
    }

    async fn send_batch(&self, some: &[Retry], now: Timestamp) -> usize {
        let entries = some.iter().enumerate().filter_map(|(place, retry)| {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(serde_json::to_string(retry).ok()?)
                .delay_seconds(i32::try_from(retry.delay_secs(now)).ok()?);
            entry.build().ok()
        });
        let entries: Vec<_> = entries.collect();
        let sent = self.client.send_message_batch().queue_url(&self.queue).set_entries(Some(entries)).send().await;
        match sent {
            Ok(sent) => some.len() - sent.successful.len().min(some.len()),
            Err(error) => {
                tracing::error!(code = error.code().unwrap_or("no answer"), "the retry queue is unavailable");
                some.len()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry() -> Retry {
        Retry {
            company: "harbor".parse().unwrap(),
            staff: "dana".parse().unwrap(),
            subscription: "0".repeat(32).parse().unwrap(),
            conversation: "1".repeat(32).parse().unwrap(),
            event: Position::new(Timestamp::from_millis(5), 7),
            tries: 0,
            not_before: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn what_fails_is_tried_six_times_at_growing_distances() {
        let (mut now, mut next) = (Timestamp::from_millis(0), Some(retry()));
        let mut waits = Vec::new();
        while let Some(retry) = next.and_then(|retry| retry.failed(None, now)) {
            waits.push(retry.delay_secs(now));
            now = retry.not_before;
            next = Some(retry);
        }
        assert_eq!(waits, [5, 20, 80, 320, 900], "between the first and the sixth");
    }

    #[test]
    fn a_push_service_says_when_to_come_again_also_beyond_what_a_queue_can_wait() {
        let now = Timestamp::from_millis(0);
        let after = |secs| retry().failed(Some(Duration::from_secs(secs)), now).unwrap();
        assert_eq!((after(120).not_before, after(120).delay_secs(now)), (now.plus_secs(120), 120));
        assert_eq!((after(3600).not_before, after(3600).delay_secs(now)), (now.plus_secs(3600), 900));
        assert_eq!(after(0).delay_secs(now), 1);
    }

    #[test]
    fn a_record_names_whom_and_what_and_says_nothing_of_it() {
        let written = serde_json::to_string(&retry()).unwrap();
        assert_eq!(serde_json::from_str::<Retry>(&written).unwrap(), retry());
        assert!(!written.contains("http") && !written.contains("text"), "{written}");
    }
}
