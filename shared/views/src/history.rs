use domain::{
    AppointmentDetails, AppointmentId, ConversationCustomer, ConversationId, History, HistoryEntry, Keyword, Message,
    MessageKind, StaffAction, StaffActionKind, TimelineEntry,
};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Viewer;
use crate::appointment::{appointment_address, label, name_in_json, value, value_in_json};
use crate::conversation::conversation_address;
use crate::message::{delivery_status, mark, message_json, resend_of};
use crate::moment::{TimeFormat, moment};
use crate::person::{customer_name, person};
use crate::text::{message_text, text};

/// Renders a customer's history, latest first, with the buttons to export and erase their data.
#[must_use]
pub fn history(id: ConversationId, history: &History, viewer: &Viewer) -> Markup {
    let rows: Vec<_> = history.entries.iter().filter_map(|entry| row(entry, viewer)).collect();
    html! {
        div.history-who {
            div {
                p { (customer_line(&history.customer, viewer)) }
                p.hint { "Who did what about this customer in the last 30 days" }
            }
            a.button href=(conversation_address(id)) { "Open the conversation" }
        }
        @if rows.is_empty() {
            p.empty { "Nobody has done anything yet." }
        } @else {
            ol.rows.deeds aria-label="History" { @for row in &rows { (row) } }
        }
        (held_data_section(id))
    }
}

fn customer_line(with: &ConversationCustomer, viewer: &Viewer) -> Markup {
    match with {
        ConversationCustomer::Conversation(conversation) => person(conversation, viewer),
        ConversationCustomer::Customer(customer) => {
            customer_name(customer.name(viewer.now).as_deref(), &customer.number.shown_in(viewer.region))
        }
    }
}

/// Renders the buttons to export and erase a customer's data. Erasing takes two steps, because it cannot be undone.
fn held_data_section(id: ConversationId) -> Markup {
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

/// Renders one entry; `None` for a call, and for an inbound message that neither opts out nor opts in.
fn row(entry: &HistoryEntry, viewer: &Viewer) -> Option<Markup> {
    let (by, what) = match entry {
        HistoryEntry::Event(TimelineEntry::Call(_)) => return None,
        HistoryEntry::Event(TimelineEntry::Message(message)) => message_line(message, viewer)?,
        HistoryEntry::Deed(StaffAction { by, done, .. }) => (by.as_str(), done_by(done, viewer)),
    };
    Some(html! {
        li.deed {
            p.deed-head { strong { (by) } " " (moment(entry.position().at, TimeFormat::Day)) }
            (what)
        }
    })
}

const THE_CUSTOMER: &str = "The customer";

fn message_line<'a>(message: &'a Message, viewer: &Viewer) -> Option<(&'a str, Markup)> {
    let MessageKind::Outbound { by, .. } = &message.kind else {
        let what = match message.keyword()? {
            Keyword::Stop(_) => "opted out of texts, writing",
            Keyword::Start => "opted in again, writing",
            Keyword::Help | Keyword::SeemsToStop | Keyword::MayBeStopped(_) => return None,
        };
        return Some((THE_CUSTOMER, html! { p { (what) " “" (message_text(&message.text)) "”" } }));
    };
    let what = html! {
        p {
            @if resend_of(message).is_some() { "sent again " } @else { "sent " } "“" (message_text(&message.text)) "” "
            @if let Some(told) = delivery_status(message, viewer) { (mark(told)) }
        }
    };
    Some((by, what))
}

fn done_by(done: &StaffActionKind, viewer: &Viewer) -> Markup {
    match done {
        StaffActionKind::OptedOut => html! { p { "recorded that the customer has unsubscribed" } },
        StaffActionKind::Blocked => html! { p { "blocked the customer’s number" } },
        StaffActionKind::Unblocked => html! { p { "unblocked the customer’s number" } },
        StaffActionKind::Exported => html! { p { "took a copy of everything held of the customer" } },
        StaffActionKind::Appointment { id, before, after } => {
            appointment(id, before.as_deref(), after.as_deref(), viewer)
        }
    }
}

fn appointment(
    id: &AppointmentId,
    before: Option<&AppointmentDetails>,
    after: Option<&AppointmentDetails>,
    viewer: &Viewer,
) -> Markup {
    let link = |details: &AppointmentDetails| {
        html! {
            a href=(appointment_address(id)) {
                (moment(details.start, TimeFormat::Day))
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
        // The appointment now belongs to another customer, so this history does not name that customer.
        (Some(before), None) => {
            html! { p { "took this customer's number off the appointment " (moment(before.start, TimeFormat::Day)) } }
        }
        (None, None) => html! {},
    }
}

/// Returns a history as JSON. The README of `customer-data` describes the fields.
#[must_use]
pub fn history_json(history: &History, viewer: &Viewer) -> Value {
    let entries = history.entries.iter().filter_map(|entry| {
        let (by, done, more) = match entry {
            HistoryEntry::Event(TimelineEntry::Call(_)) => return None,
            HistoryEntry::Event(TimelineEntry::Message(message)) => {
                let (by, done) = match (&message.kind, message.keyword()) {
                    (MessageKind::Outbound { by, .. }, _) if resend_of(message).is_some() => (Some(by), "sent-again"),
                    (MessageKind::Outbound { by, .. }, _) => (Some(by), "sent"),
                    (MessageKind::Inbound { .. }, Some(Keyword::Stop(_))) => (None, "opted-out"),
                    (MessageKind::Inbound { .. }, Some(Keyword::Start)) => (None, "opted-in"),
                    (MessageKind::Inbound { .. }, _) => return None,
                };
                (by, done, json!({"message": message_json(message, viewer)}))
            }
            HistoryEntry::Deed(StaffAction { by, done: StaffActionKind::OptedOut, .. }) => {
                (Some(by), "opted-out", json!({}))
            }
            HistoryEntry::Deed(StaffAction { by, done: StaffActionKind::Blocked, .. }) => {
                (Some(by), "blocked", json!({}))
            }
            HistoryEntry::Deed(StaffAction { by, done: StaffActionKind::Unblocked, .. }) => {
                (Some(by), "unblocked", json!({}))
            }
            HistoryEntry::Deed(StaffAction { by, done: StaffActionKind::Exported, .. }) => {
                (Some(by), "exported", json!({}))
            }
            HistoryEntry::Deed(StaffAction {
                by, done: StaffActionKind::Appointment { id, before, after }, ..
            }) => {
                let done = match (before, after) {
                    (None, _) => "appointment-entered",
                    (Some(_), Some(_)) => "appointment-changed",
                    (Some(_), None) => "appointment-taken-off",
                };
                let changes = before.as_ref().zip(after.as_ref()).map(|(before, after)| changes(before, after));
                (Some(by), done, json!({"appointment": id, "changes": changes.unwrap_or_default()}))
            }
        };
        let mut json = json!({"at": entry.position().at.to_string(), "by": by, "done": done});
        if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
            json.extend(more);
        }
        Some(json)
    });
    json!({"items": entries.collect::<Vec<_>>()})
}

fn changes(before: &AppointmentDetails, after: &AppointmentDetails) -> Vec<Value> {
    let fields = after.differences(before).into_iter();
    let change = |field| json!({"field": name_in_json(field), "from": value_in_json(field, before), "to": value_in_json(field, after)});
    fields.map(change).collect()
}

/// Renders the result of erasing a customer's data, in place of the history.
///
/// `once_more` says whether new data arrived during the erasure and is still stored.
#[must_use]
pub fn erasure_done(events: usize, appointments: usize, once_more: bool) -> Markup {
    html! {
        div.erased role="status" {
            p { (pluralized(events, "text or call", "texts and calls")) " and " (pluralized(appointments, "appointment", "appointments")) " of this customer are erased." }
            @if once_more { p { "Something was written meanwhile, and is still there. Open the conversation again to erase that too." } }
            p { a.button href="/messages.html" { "Go to Messages" } }
        }
    }
}

fn pluralized(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Returns the result of erasing a customer's data as JSON.
#[must_use]
pub fn erased_json(events: usize, appointments: usize, once_more: bool) -> Value {
    json!({"erased": {"texts_and_calls": events, "appointments": appointments, "once_more": once_more}})
}
