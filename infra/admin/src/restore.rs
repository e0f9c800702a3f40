//! Puts back lost items from another table, which point-in-time recovery has restored.

use serde_json::json;
use store::CollisionPolicy;

use crate::operator::Operator;

pub(crate) async fn run(operator: &Operator, from: &str, overwrite: bool) -> anyhow::Result<()> {
    let (there, what) = if overwrite {
        (CollisionPolicy::Replaced, "all of them, overwriting items that changed since")
    } else {
        (CollisionPolicy::Kept, "only those that are missing there")
    };
    operator.consent.require_for(
        &format!(
            "This copies items from the table {from} to {}: {what}. Items that were removed on purpose since then come back \
             too, except those of erased customers.",
            operator.place
        ),
        from,
    )?;
    let now = runtime::wall_clock().now();
    let restored = operator.store.restore(from, there, now).await.map_err(|error| operator.failed(&error))?;
    operator.output.report(
        &format!(
            "Restored {} items. {} exist already; {} are expired, or are sessions, connections, counts or drafts; {} belong to \
             customers who were erased since.",
            restored.written, restored.there, restored.left_out, restored.erased
        ),
        &json!({"restored": {
            "written": restored.written, "there": restored.there, "left_out": restored.left_out, "erased": restored.erased,
        }}),
    )
}
