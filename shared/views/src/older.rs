use domain::Position;
use maud::{Markup, html};

/// Stands in a list where what is older than it was not loaded, and loads it.
pub(crate) fn older(kind: &str, next: Option<&str>, last: Option<Position>, words: &str) -> Markup {
    let (Some(next), Some(last)) = (next, last) else { return html! {} };
    let place = last.predecessor();
    html! {
        li.older id={ (kind) "-older-" (place) } data-key=(place) {
            button type="button" hx-get=(next) hx-target="closest [data-merge]" hx-swap="merge" { (words) }
        }
    }
}
