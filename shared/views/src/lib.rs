#![doc = include_str!("../README.md")]

mod account;
mod appointment;
mod appointment_form;
mod block;
mod call;
mod conversation;
mod event;
mod history;
mod icon;
mod live;
mod message;
mod moment;
mod notification;
mod older;
mod opt_out;
mod own_sessions;
mod person;
mod planned;
mod push;
mod text;

use domain::{Region, Timestamp};
use maud::{Markup, html};

pub use account::{account, account_json};
pub use appointment::{
    AppointmentView, TextingView, appointment, appointment_address, appointment_and_texting_json, appointment_json,
    appointments, changed_meanwhile_json,
};
pub use appointment_form::{new_appointment, providers, providers_json};
pub use block::{block_json, blocked_number_json, blocked_rows};
pub use conversation::{conversation_address, conversation_head, conversation_json, conversation_rows};
pub use event::{event, event_json, events};
pub use history::{erased_json, erasure_done, history, history_json};
pub use icon::{Icon, icon};
pub use live::LiveUpdate;
pub use message::{message, message_json};
pub use notification::{notification_group_json, notification_groups, notification_json, notification_rows};
pub use opt_out::{composer_place, no_texting_json, opt_out_banner, opt_out_json};
pub use own_sessions::{own_session_json, own_sessions};
pub use planned::{planned, planned_json};
pub use push::{PushSettingsView, push_settings, push_settings_json, subscribed_browser_json};
pub use text::{HEAVIEST_PAGE, event_weight};

/// The reader of the rendered HTML or JSON, and the current time.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The region whose numbers are shown in national format.
    pub region: Region,
    pub now: Timestamp,
}

/// Renders the sentence that says why an action was not done, for the element next to its form.
#[must_use]
pub fn problem(message: &str) -> Markup {
    html! { p.problem { (icon(Icon::Warning)) " " (message) } }
}

/// Renders the sentence that says why an action needs a recent sign-in, with a link to sign in. `history.js` adds the
/// return address to the link.
#[must_use]
pub fn to_sign_in_again(message: &str) -> Markup {
    html! {
        (problem(message))
        p { a.button.sign-in-again href="/api/sign-in?again=1" { "Sign in again" } }
    }
}
