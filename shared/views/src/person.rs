use domain::{ConversationSummary, PhoneNumber};
use maud::{Markup, html};

use crate::Viewer;
use crate::text::text;

/// Renders the customer of a conversation: name and number, or the number alone if no name is known.
pub(crate) fn person(conversation: &ConversationSummary, viewer: &Viewer) -> Markup {
    customer_name(conversation.name.as_deref(), &conversation.sender.shown_in(viewer.region))
}

/// Renders a customer by name and by a formatted number or its substitute.
pub(crate) fn customer_name(name: Option<&str>, number: &str) -> Markup {
    html! {
        @match name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (text(number)) } }
            None => { strong.name.number { (text(number)) } }
        }
    }
}

/// Renders a customer by name and number, with a link that calls the number.
pub(crate) fn to_call(name: Option<&str>, number: &PhoneNumber, viewer: &Viewer) -> Markup {
    let number = html! { a href={ "tel:" (number) } title="Call" { (number.shown_in(viewer.region)) } };
    html! {
        @match name {
            Some(name) => { strong.name { (text(name)) } " " span.number { (number) } }
            None => { strong.name.number { (number) } }
        }
    }
}

/// Returns the customer's name for a sentence, or the number if no name is known.
pub(crate) fn called(conversation: &ConversationSummary, viewer: &Viewer) -> String {
    conversation.name.clone().unwrap_or_else(|| conversation.sender.shown_in(viewer.region))
}
