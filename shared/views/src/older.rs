use domain::Position;
use maud::{Markup, html};

/// Renders the button that loads older items, at its place in the list. Empty if there are no older items.
pub(crate) fn older(kind: &str, next: Option<&str>, last: Option<Position>, words: &str) -> Markup {
    let (Some(next), Some(last)) = (next, last) else { return html! {} };
    let place = last.predecessor();
    html! {
        li.older id={ (kind) "-older-" (place) } data-key=(place) {
            button type="button" hx-get=(next) hx-target="closest [data-merge]" hx-swap="merge" { (words) }
        }
    }
}
