use domain::{Conversation, PhoneNumber};
use maud::{Markup, html};

use crate::Viewer;
use crate::text::text;

/// The customer of a conversation: by name and number if the name is known, by number otherwise.
pub(crate) fn person(conversation: &Conversation, viewer: &Viewer) -> Markup {
    named(conversation.name.as_deref(), &conversation.number, viewer)
}

pub(crate) fn named(name: Option<&str>, number: &PhoneNumber, viewer: &Viewer) -> Markup {
    let number = number.shown_in(viewer.region);
    html! {
        @match name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (number) } }
            None => { strong.name.number { (number) } }
        }
    }
}

/// What to call a customer in a sentence.
pub(crate) fn called(conversation: &Conversation, viewer: &Viewer) -> String {
    conversation.name.clone().unwrap_or_else(|| conversation.number.shown_in(viewer.region))
}
