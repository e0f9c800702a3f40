//! The cancellation reasons of a DynamoDB transaction: a list with one reason for each item.

use serde_json::{Value, json};

use crate::rng::Rng;

/// Returns the response to a cancelled transaction.
pub(super) fn cancelled(reasons: &[Value]) -> Value {
    let codes: Vec<_> = reasons.iter().map(|reason| reason["Code"].as_str().unwrap_or_default()).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": reasons,
    })
}

/// Returns reasons with this code at some items, and `None` at the others.
pub(super) fn reasons_at(places: &[bool], code: &str) -> Vec<Value> {
    places.iter().map(|is_here| if *is_here { reason(code) } else { json!({"Code": "None"}) }).collect()
}

/// Returns reasons with this code at one random item.
pub(super) fn somewhere(items: usize, code: &str, dice: &mut Rng) -> Vec<Value> {
    let place = dice.next_below(items as u64);
    reasons_at(&(0..items as u64).map(|item| item == place).collect::<Vec<_>>(), code)
}

/// Changes a cancellation so that one more item was throttled.
///
/// The result of that item's condition is then unknown. If several conditions failed, one of them is hidden. Returns
/// `None` if no condition failed, or if the only item failed.
pub(super) fn with_one_throttled(answer: &[u8], dice: &mut Rng) -> Option<Value> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let mut reasons = answer["CancellationReasons"].as_array()?.clone();
    let failed = |reason: &Value| reason["Code"] == "ConditionalCheckFailed";
    let (failed, held): (Vec<_>, Vec<_>) = (0..reasons.len()).partition(|place| failed(&reasons[*place]));
    let hidden = match (failed.as_slice(), held.as_slice()) {
        ([], _) | ([_], []) => return None,
        ([_], held) => dice.pick(held),
        (failed, _) => dice.pick(failed),
    };
    reasons[hidden] = reason("ThrottlingError");
    Some(cancelled(&reasons))
}

fn reason(code: &str) -> Value {
    json!({"Code": code, "Message": "not now"})
}
