//! `BatchGetItem` requests of which a throttled table processes only a part.

use serde_json::{Value, json};

use crate::rng::Rng;

/// A `BatchGetItem` request, split by its keys.
pub(super) struct SplitBatch {
    /// The request for the keys that are processed, or `None` if there are none.
    pub(super) processed: Option<Value>,
    left: Value,
}

/// Chooses the unprocessed keys at random: at least one, possibly all.
pub(super) fn divided(request: &Value, dice: &mut Rng) -> SplitBatch {
    let (mut processed, mut left) = (request.clone(), json!({}));
    let all = dice.percent(25);
    let mut any = false;
    for (table, wanted) in processed["RequestItems"].as_object_mut().into_iter().flatten() {
        let keys = wanted["Keys"].as_array().cloned().unwrap_or_default();
        let first = usize::try_from(dice.next_below(keys.len() as u64)).unwrap_or_default();
        let drawn = (0..keys.len()).map(|place| place == first || all || dice.percent(40)).collect::<Vec<_>>();
        let those = |is_left: bool| {
            let those = keys.iter().zip(&drawn).filter(|(_, drawn)| **drawn == is_left);
            json!(those.map(|(key, _)| key).collect::<Vec<_>>())
        };
        let mut rest = wanted.clone();
        (rest["Keys"], wanted["Keys"]) = (those(true), those(false));
        any |= drawn.contains(&false);
        left[table] = rest;
    }
    SplitBatch { processed: any.then_some(processed), left }
}

impl SplitBatch {
    /// Converts the response to the processed part into the response to the whole request.
    pub(super) fn answer(self, answered: Option<&[u8]>) -> Value {
        let answered = answered.and_then(|body| serde_json::from_slice(body).ok());
        let mut answer: Value = answered.unwrap_or_else(|| json!({"Responses": {}}));
        answer["UnprocessedKeys"] = self.left;
        answer
    }
}
