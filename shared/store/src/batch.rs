use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};

use crate::error::{invalid_item, unavailable};
use crate::keys::Key;
use crate::{Store, StoreError, retries};

/// The maximum number of keys in one `BatchGetItem` request.
const KEYS_PER_REQUEST: usize = 100;

/// The maximum number of attempts to read the keys of one request.
const MAX_ATTEMPTS: u32 = 10;

impl Store {
    /// Returns the items that exist for these keys, in any order. Makes one DynamoDB request for every 100 keys, and no
    /// request if there are no keys.
    ///
    /// DynamoDB returns part of a batch if a partition is throttled. The remaining keys are requested again after a
    /// wait. Fails with `Unavailable` after some seconds.
    pub(crate) async fn batch(
        &self,
        keys: Vec<Key>,
        consistent: bool,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_PER_REQUEST) {
            let mut wanted: Vec<_> = chunk.iter().cloned().map(Key::attributes).collect();
            let mut attempt = 0;
            while !wanted.is_empty() {
                if attempt == MAX_ATTEMPTS {
                    return Err(StoreError::Unavailable { operation: "BatchGetItem", code: "throttled".to_owned() });
                }
                if attempt > 0 {
                    tokio::time::sleep(retries::backoff(attempt).mul_f64(self.randomness.fraction())).await;
                }
                attempt += 1;
                let keys = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(consistent)
                    .build()
                    .map_err(invalid_item("BatchGetItem"))?;
                let mut found = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, keys)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(unavailable("BatchGetItem"))?;
                items
                    .extend(found.responses.as_mut().and_then(|tables| tables.remove(&self.table)).unwrap_or_default());
                wanted = found
                    .unprocessed_keys
                    .and_then(|mut tables| tables.remove(&self.table))
                    .map(|left| left.keys)
                    .unwrap_or_default();
            }
        }
        Ok(items)
    }
}
