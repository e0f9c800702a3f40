use domain::Conversation;
use maud::{Markup, html};

use crate::Viewer;
use crate::text::text;

/// A customer: by name and number if the name is known, by number otherwise.
pub(crate) fn person(conversation: &Conversation, viewer: &Viewer) -> Markup {
    let number = conversation.number.shown_in(viewer.region);
    html! {
        @match &conversation.name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (number) } }
            None => { strong.name.number { (number) } }
        }
    }
}

/// What to call a customer in a sentence.
pub(crate) fn called(conversation: &Conversation, viewer: &Viewer) -> String {
    conversation.name.clone().unwrap_or_else(|| conversation.number.shown_in(viewer.region))
}
