use domain::{
    AppointmentId, ConversationId, Deed, Details, Done, Entry, Event, History, Message, MessageKind, Wish, With,
};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::{appointment_address, label, name_in_json, value, value_in_json};
use crate::conversation::conversation_address;
use crate::message::{mark, message_json, told, tries};
use crate::moment::{Shape, moment};
use crate::person::{named, person};
use crate::text::{message_text, text};

/// What was done about a customer and by whom, the latest first, with what an administrator may do with all of it.
#[must_use]
pub fn history(id: ConversationId, history: &History, viewer: &Viewer) -> Markup {
    let rows: Vec<_> = history.entries.iter().filter_map(|entry| row(entry, viewer)).collect();
    html! {
        div.history-who {
            div {
                p { (who(&history.with, viewer)) }
                p.hint { "Who did what about this customer in the last 30 days" }
            }
            a.button href=(conversation_address(id)) { "Open the conversation" }
        }
        @if rows.is_empty() {
            p.empty { "Nobody has done anything yet." }
        } @else {
            ol.rows.deeds aria-label="History" { @for row in &rows { (row) } }
        }
        (held(id))
    }
}

fn who(with: &With, viewer: &Viewer) -> Markup {
    match with {
        With::Conversation(conversation) => person(conversation, viewer),
        With::Customer(customer) => {
            named(customer.name(viewer.now).as_deref(), &customer.number.shown_in(viewer.region))
        }
    }
}

/// Two steps to erase it, since there is no way back.
fn held(id: ConversationId) -> Markup {
    let address = format!("/api/conversations/{id}/customer-data");
    html! {
        section.held aria-labelledby="held-title" {
            h2 id="held-title" { "Everything held of this customer" }
            p { "Texts, calls, appointments and this history, as a file to hand over to them if they ask for it." }
            div.problem-place role="alert" {}
            div.held-actions {
                form.held-download action=(address) method="post" { button.button type="submit" { "Download" } }
                details.erasing {
                    summary.button { "Erase…" }
                    form hx-delete=(address) hx-target="#history" hx-swap="innerHTML" hx-disable="find button" {
                        p {
                            "This erases all texts and calls with this customer and their appointments, also those that are still to come. "
                            "It cannot be undone. If they have opted out of texts, or their number is blocked, that stays."
                        }
                        button.button.stop type="submit" { "Erase everything" }
                        div.problem-place role="alert" {}
                    }
                }
            }
        }
    }
}

/// `None` for what nobody here has done, and what does not say whether somebody wants texts.
fn row(entry: &Entry, viewer: &Viewer) -> Option<Markup> {
    let (by, what) = match entry {
        Entry::Event(Event::Call(_)) => return None,
        Entry::Event(Event::Message(message)) => said(message, viewer)?,
        Entry::Deed(Deed { by, done, .. }) => (by.as_str(), done_by(done, viewer)),
    };
    Some(html! {
        li.deed {
            p.deed-head { strong { (by) } " " (moment(entry.at().at, Shape::Day)) }
            (what)
        }
    })
}

const THE_CUSTOMER: &str = "The customer";

fn said<'a>(message: &'a Message, viewer: &Viewer) -> Option<(&'a str, Markup)> {
    let MessageKind::Outbound { by, .. } = &message.kind else {
        let what = match message.wish()? {
            Wish::Stop(_) => "opted out of texts, writing",
            Wish::Start => "opted in again, writing",
            Wish::Help | Wish::SeemsToStop | Wish::MayBeStopped(_) => return None,
        };
        return Some((THE_CUSTOMER, html! { p { (what) " “" (message_text(&message.text)) "”" } }));
    };
    let what = html! {
        p {
            @if tries(message).is_some() { "sent again " } @else { "sent " } "“" (message_text(&message.text)) "” "
            @if let Some(told) = told(message, viewer) { (mark(told)) }
        }
    };
    Some((by, what))
}

fn done_by(done: &Done, viewer: &Viewer) -> Markup {
    match done {
        Done::OptedOut => html! { p { "noted that the customer wants no more texts" } },
        Done::Blocked => html! { p { "blocked the customer’s number" } },
        Done::Unblocked => html! { p { "unblocked the customer’s number" } },
        Done::Exported => html! { p { "took a copy of everything held of the customer" } },
        Done::Appointment { id, before, after } => appointment(id, before.as_deref(), after.as_deref(), viewer),
    }
}

fn appointment(id: &AppointmentId, before: Option<&Details>, after: Option<&Details>, viewer: &Viewer) -> Markup {
    let link = |details: &Details| {
        html! {
            a href=(appointment_address(id)) {
                (moment(details.start, Shape::Day))
                @if !details.service.as_str().is_empty() { " · " (text(details.service.as_str())) }
            }
        }
    };
    match (before, after) {
        (Some(before), Some(after)) => html! {
            p { "changed the appointment " (link(after)) }
            ul.changes {
                @for field in after.differences(before) {
                    li { b { (label(field)) } " from " (value(field, before, viewer)) " to " (value(field, after, viewer)) }
                }
            }
        },
        (None, Some(after)) => html! { p { "entered the appointment " (link(after)) } },
        // Whose it is now is not told here.
        (Some(before), None) => {
            html! { p { "took this customer's number off the appointment " (moment(before.start, Shape::Day)) } }
        }
        (None, None) => html! {},
    }
}

/// The fields are described in the README of `customer-data`.
#[must_use]
pub fn history_json(history: &History, viewer: &Viewer) -> Value {
    let entries = history.entries.iter().filter_map(|entry| {
        let (by, done, more) = match entry {
            Entry::Event(Event::Call(_)) => return None,
            Entry::Event(Event::Message(message)) => {
                let (by, done) = match (&message.kind, message.wish()) {
                    (MessageKind::Outbound { by, .. }, _) if tries(message).is_some() => (Some(by), "sent-again"),
                    (MessageKind::Outbound { by, .. }, _) => (Some(by), "sent"),
                    (MessageKind::Inbound { .. }, Some(Wish::Stop(_))) => (None, "opted-out"),
                    (MessageKind::Inbound { .. }, Some(Wish::Start)) => (None, "opted-in"),
                    (MessageKind::Inbound { .. }, _) => return None,
                };
                (by, done, json!({"message": message_json(message, viewer)}))
            }
            Entry::Deed(Deed { by, done: Done::OptedOut, .. }) => (Some(by), "opted-out", json!({})),
            Entry::Deed(Deed { by, done: Done::Blocked, .. }) => (Some(by), "blocked", json!({})),
            Entry::Deed(Deed { by, done: Done::Unblocked, .. }) => (Some(by), "unblocked", json!({})),
            Entry::Deed(Deed { by, done: Done::Exported, .. }) => (Some(by), "exported", json!({})),
            Entry::Deed(Deed { by, done: Done::Appointment { id, before, after }, .. }) => {
                let done = match (before, after) {
                    (None, _) => "appointment-entered",
                    (Some(_), Some(_)) => "appointment-changed",
                    (Some(_), None) => "appointment-taken-off",
                };
                let changes = before.as_ref().zip(after.as_ref()).map(|(before, after)| changes(before, after));
                (Some(by), done, json!({"appointment": id, "changes": changes.unwrap_or_default()}))
            }
        };
        let mut json = json!({"at": entry.at().at.to_string(), "by": by, "done": done});
        if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
            json.extend(more);
        }
        Some(json)
    });
    json!({"items": entries.collect::<Vec<_>>()})
}

fn changes(before: &Details, after: &Details) -> Vec<Value> {
    let fields = after.differences(before).into_iter();
    let change = |field| json!({"field": name_in_json(field), "from": value_in_json(field, before), "to": value_in_json(field, after)});
    fields.map(change).collect()
}

/// In the place of the history, once it is erased with everything else.
#[must_use]
pub fn erased(events: usize, appointments: usize, once_more: bool) -> Markup {
    html! {
        div.erased role="status" {
            p { (counted(events, "text or call", "texts and calls")) " and " (counted(appointments, "appointment", "appointments")) " of this customer are erased." }
            @if once_more { p { "Something was written meanwhile, and is still there. Open the conversation again to erase that too." } }
            p { a.button href="/messages.html" { "Go to Messages" } }
        }
    }
}

fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[must_use]
pub fn erased_json(events: usize, appointments: usize, once_more: bool) -> Value {
    json!({"erased": {"texts_and_calls": events, "appointments": appointments, "once_more": once_more}})
}
