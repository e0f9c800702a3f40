//! DynamoDB Streams and Lambda's event source mappings: invoke functions with the records of writes, in order, and
//! again after a failure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::functions::Functions;
use crate::table::TABLE;

/// A function that reads the table's stream, with the template's configuration of its event source mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamMapping {
    pub function: &'static str,
    pub batch_size: usize,
    pub maximum_retry_attempts: u32,
}

/// The functions that read the table's stream. A test compares them with `infra/template.yaml`.
pub const MAPPINGS: [StreamMapping; 2] = [
    StreamMapping { function: "live-updates", batch_size: 100, maximum_retry_attempts: 3 },
    StreamMapping { function: "dispatch-push", batch_size: 25, maximum_retry_attempts: 3 },
];

/// Signals to the readers of the stream that there may be new records.
///
/// The readers need not poll. They read a record at once, and do nothing while nothing is written.
#[derive(Clone)]
pub(crate) struct WriteSignal(watch::Sender<()>);

impl WriteSignal {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn notify(&self) {
        self.0.send_replace(());
    }
}

/// The tasks that read the stream. Dropping this value ends the tasks.
pub(crate) struct StreamReaders(Vec<JoinHandle<()>>);

impl Drop for StreamReaders {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl StreamReaders {
    /// Starts to read at the end of the stream (`LATEST`). Records of earlier writes are not delivered.
    pub(crate) fn start(
        database: &Database,
        written: &WriteSignal,
        functions: &Arc<Functions>,
    ) -> anyhow::Result<Self> {
        let readers = MAPPINGS.map(|mapping| {
            let place = latest(database)?;
            Ok(tokio::spawn(read(mapping, database.clone(), place, written.0.subscribe(), functions.clone())))
        });
        Ok(Self(readers.into_iter().collect::<anyhow::Result<_>>()?))
    }
}

/// The time that a reader waits after an error.
const PAUSE: Duration = Duration::from_secs(1);

async fn read(
    mapping: StreamMapping,
    database: Database,
    mut place: String,
    mut written: watch::Receiver<()>,
    functions: Arc<Functions>,
) {
    loop {
        written.borrow_and_update();
        let (asked, from) = (database.clone(), place.clone());
        let read = tokio::task::spawn_blocking(move || records(&asked, &from, mapping.batch_size)).await;
        match read.map_err(anyhow::Error::from).flatten() {
            Ok((records, next)) => {
                place = next;
                if records.is_empty() {
                    if written.changed().await.is_err() {
                        return;
                    }
                    continue;
                }
                let invoke = |event| {
                    let functions = functions.clone();
                    async move { functions.invoke(mapping.function, event).await.and_then(Result::ok) }
                };
                for record in deliver(mapping, records, invoke).await {
                    // On AWS the record's position goes to a failure queue. The log entry also has only the position.
                    tracing::error!(function = mapping.function, record, "a record of the stream was abandoned");
                }
            }
            Err(error) => {
                tracing::error!(%error, "the table's stream could not be read");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Returns the position after the last record.
pub(crate) fn latest(database: &Database) -> anyhow::Result<String> {
    let refused = |error| anyhow!("the table's stream cannot be read: {error}");
    let describe = serde_json::from_value(json!({"TableName": TABLE}))?;
    let table = serde_json::to_value(database.describe_table(describe).map_err(refused)?)?;
    let stream = &table["Table"]["LatestStreamArn"];
    let describe = serde_json::from_value(json!({"StreamArn": stream}))?;
    let described = serde_json::to_value(database.describe_stream(describe).map_err(refused)?)?;
    let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
    let ask = serde_json::from_value(json!({"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "LATEST"}))?;
    database.get_shard_iterator(ask).map_err(refused)?.shard_iterator.context("a stream has a latest place")
}

/// Returns up to `limit` records after a position, and the position after them.
pub(crate) fn records(database: &Database, place: &str, limit: usize) -> anyhow::Result<(Vec<Value>, String)> {
    let ask = serde_json::from_value(json!({"ShardIterator": place, "Limit": limit}))?;
    let read = database.get_records(ask).map_err(|error| anyhow!("{error}"))?;
    let records = read.records.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    Ok((records, read.next_shard_iterator.context("a shard that is open has a next place")?))
}

/// The delay before the first retry of a single record. The delay doubles with each retry.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Delivers records to a function, in order.
///
/// Behaves like an event source mapping with `ReportBatchItemFailures` and `BisectBatchOnFunctionError`: delivers a
/// reported record again with all records after it, and halves a failed batch until the failing record is alone.
/// Returns the sequence numbers of the records that were discarded after their retries.
pub(crate) async fn deliver<F>(mapping: StreamMapping, records: Vec<Value>, invoke: impl Fn(Value) -> F) -> Vec<String>
where
    F: Future<Output = Option<Value>>,
{
    let mut given_up = Vec::new();
    let mut waiting = VecDeque::from([records]);
    while let Some(mut batch) = waiting.pop_front() {
        let mut tried = 0;
        while !batch.is_empty() {
            let failed_at = match invoke(json!({"Records": batch})).await {
                Some(answer) => first_failure(&answer, &batch),
                None => Some(0),
            };
            let Some(failed_at) = failed_at else { break };
            batch.drain(..failed_at);
            if batch.len() > 1 {
                let second = batch.split_off(batch.len() / 2);
                waiting.push_front(second);
                waiting.push_front(std::mem::take(&mut batch));
            } else if tried == mapping.maximum_retry_attempts {
                given_up.extend(batch.iter().map(sequence_number));
                break;
            } else {
                tokio::time::sleep(RETRY_DELAY * 2_u32.pow(tried)).await;
                tried += 1;
            }
        }
    }
    given_up
}

/// Returns the index of the first record that a function reports as failed.
///
/// Returns 0, which stands for the whole batch, if the identifier of a failure is unknown.
fn first_failure(answer: &Value, batch: &[Value]) -> Option<usize> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array)?;
    let place = |failure: &Value| {
        let named = failure["itemIdentifier"].as_str().unwrap_or_default();
        batch.iter().position(|record| sequence_number(record) == named).unwrap_or(0)
    };
    failures.iter().map(place).min()
}

fn sequence_number(record: &Value) -> String {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const MAPPING: StreamMapping = StreamMapping { function: "any", batch_size: 100, maximum_retry_attempts: 2 };

    fn record(number: u32) -> Value {
        json!({"dynamodb": {"SequenceNumber": number.to_string()}})
    }

    /// Delivers records 1 to 8. Returns the records of each invocation, and those that were given up.
    async fn delivered(answer: impl Fn(&[String], usize) -> Option<Value>) -> (Vec<Vec<String>>, Vec<String>) {
        let invoked = Mutex::new(Vec::<Vec<String>>::new());
        let given_up = deliver(MAPPING, (1..=8).map(record).collect(), |event| {
            let numbers: Vec<_> = event["Records"].as_array().unwrap().iter().map(sequence_number).collect();
            let mut invoked = invoked.lock().unwrap();
            invoked.push(numbers.clone());
            std::future::ready(answer(&numbers, invoked.len()))
        });
        let given_up = given_up.await;
        (invoked.into_inner().unwrap(), given_up)
    }

    fn numbers(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn what_is_done_is_handed_over_once_and_in_order() {
        for done in [json!({"batchItemFailures": []}), json!({}), Value::Null] {
            let (invoked, given_up) = delivered(|_, _| Some(done.clone())).await;
            assert_eq!((invoked, given_up), (vec![numbers("1 2 3 4 5 6 7 8")], vec![]));
        }
    }

    #[tokio::test]
    async fn a_record_that_always_fails_is_given_up_alone_and_blocks_nothing() {
        let (invoked, given_up) =
            delivered(|records, _| (!records.contains(&"6".to_owned())).then(|| json!({"batchItemFailures": []})))
                .await;
        assert_eq!(given_up, ["6"]);
        let handed: Vec<_> = invoked.iter().filter(|records| !records.contains(&"6".to_owned())).flatten().collect();
        assert_eq!(handed, ["1", "2", "3", "4", "5", "7", "8"], "each of the others once, in order");
        assert_eq!(invoked.iter().filter(|records| **records == ["6"]).count(), 3, "first, and twice again");
    }

    #[tokio::test]
    async fn what_comes_before_a_reported_failure_does_not_come_again() {
        let failed = json!({"batchItemFailures": [{"itemIdentifier": "7"}, {"itemIdentifier": "5"}]});
        let (invoked, given_up) =
            delivered(|_, times| Some(if times == 1 { failed.clone() } else { json!({"batchItemFailures": []}) }))
                .await;
        assert_eq!(invoked, [numbers("1 2 3 4 5 6 7 8"), numbers("5 6"), numbers("7 8")]);
        assert!(given_up.is_empty());
    }

    #[tokio::test]
    async fn a_failure_that_names_no_record_is_the_whole_batchs() {
        let failed = json!({"batchItemFailures": [{"itemIdentifier": ""}]});
        let (invoked, _) =
            delivered(|_, times| Some(if times == 1 { failed.clone() } else { json!({"batchItemFailures": []}) }))
                .await;
        assert_eq!(invoked, [numbers("1 2 3 4 5 6 7 8"), numbers("1 2 3 4"), numbers("5 6 7 8")]);
    }
}
