//! Puts back lost items from a table that point-in-time recovery has restored beside the stack's own.

use serde_json::json;
use store::CollisionPolicy;

use crate::operator::Operator;

pub(crate) async fn run(operator: &Operator, from: &str, overwrite: bool) -> anyhow::Result<()> {
    let (there, what) = if overwrite {
        (CollisionPolicy::Replaced, "all that the table {from} has, over what was changed since")
    } else {
        (CollisionPolicy::Kept, "what the table {from} has and is not there any more")
    };
    let what = what.replace("{from}", from);
    operator.consent.require_for(
        &format!(
            "This writes {what} into {}. Whatever was removed on purpose since then is back, too, but \
             for customers who were erased.",
            operator.place
        ),
        from,
    )?;
    let now = runtime::wall_clock().now();
    let restored = operator.store.restore(from, there, now).await.map_err(|error| operator.failed(&error))?;
    operator.output.report(
        &format!(
            "Brought back {} items. {} were there already; {} have expired, or were sessions and open screens; {} are of \
             customers who were erased since.",
            restored.written, restored.there, restored.left_out, restored.erased
        ),
        &json!({"restored": {
            "written": restored.written, "there": restored.there, "left_out": restored.left_out, "erased": restored.erased,
        }}),
    )
}
