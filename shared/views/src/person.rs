use domain::{ConversationSummary, PhoneNumber};
use maud::{Markup, html};

use crate::Viewer;
use crate::text::text;

/// The customer of a conversation: by name and number if the name is known, by number otherwise.
pub(crate) fn person(conversation: &ConversationSummary, viewer: &Viewer) -> Markup {
    customer_name(conversation.name.as_deref(), &conversation.sender.shown_in(viewer.region))
}

/// By a number as it is shown, or by what stands in its place.
pub(crate) fn customer_name(name: Option<&str>, number: &str) -> Markup {
    html! {
        @match name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (text(number)) } }
            None => { strong.name.number { (text(number)) } }
        }
    }
}

/// The same where somebody may want to call.
pub(crate) fn to_call(name: Option<&str>, number: &PhoneNumber, viewer: &Viewer) -> Markup {
    let number = html! { a href={ "tel:" (number) } title="Call" { (number.shown_in(viewer.region)) } };
    html! {
        @match name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (number) } }
            None => { strong.name.number { (number) } }
        }
    }
}

/// What to call a customer in a sentence.
pub(crate) fn called(conversation: &ConversationSummary, viewer: &Viewer) -> String {
    conversation.name.clone().unwrap_or_else(|| conversation.sender.shown_in(viewer.region))
}
