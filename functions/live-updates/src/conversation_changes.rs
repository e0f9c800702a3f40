//! Renders the fragments that open pages receive for a batch of changes.

use std::collections::{BTreeSet, HashMap};

use domain::{
    ConversationCustomer, ConversationId, ConversationSummary, Notification, NotificationGroup, RecentFeed,
    TimelineEntry,
};
use live::Fragment;
use maud::Markup;
use store::{Change, ConversationPage};
use views::{LiveUpdate, Viewer};

/// The changes of one conversation.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of a page by itself")]
pub(crate) struct ConversationChanges<'a> {
    /// The changed entries from the stream, each in its last version in the batch.
    events: Vec<&'a TimelineEntry>,
    /// Whether the conversation summary has changed: its last entry or its unanswered count.
    head: bool,
    /// Whether the customer's name or next appointment has changed.
    person: bool,
    /// Whether the customer's opt-out state has changed.
    opt_out: bool,
    /// Whether the number was blocked or unblocked.
    block: bool,
    /// The summary before the first change, if the stream contains it.
    before: Option<&'a ConversationSummary>,
}

/// Groups changes by conversation, in the order of their first change.
pub(crate) fn by_conversation(changes: &[Change]) -> Vec<(ConversationId, ConversationChanges<'_>)> {
    let mut places = HashMap::new();
    let mut touched: Vec<(ConversationId, ConversationChanges<'_>)> = Vec::new();
    let mut at = |id: ConversationId, touched: &mut Vec<_>| {
        *places.entry(id).or_insert_with(|| {
            touched.push((id, ConversationChanges::default()));
            touched.len() - 1
        })
    };
    for change in changes {
        match change {
            Change::Event { event, .. } => {
                let place = at(event.conversation(), &mut touched);
                let events = &mut touched[place].1.events;
                events.retain(|earlier| earlier.position() != event.position());
                events.push(event);
            }
            Change::Head { conversation, before, .. } => {
                let place = at(*conversation, &mut touched);
                let of = &mut touched[place].1;
                of.head = true;
                of.before = of.before.or(before.as_deref());
            }
            Change::OptOut { conversation, .. } => {
                let place = at(*conversation, &mut touched);
                touched[place].1.opt_out = true;
            }
            Change::Block { conversation, .. } => {
                let place = at(*conversation, &mut touched);
                touched[place].1.block = true;
            }
            Change::Person { conversation, .. } => {
                let place = at(*conversation, &mut touched);
                touched[place].1.person = true;
            }
            Change::Erased { .. }
            | Change::Appointment { .. }
            | Change::SessionEnded { .. }
            | Change::StaffSignedOut { .. }
            | Change::PushTest { .. }
            | Change::BrowserAdded { .. } => {}
        }
    }
    touched
}

/// Renders one fragment for each erased conversation.
pub(crate) fn erasure_fragments(changes: &[Change]) -> Vec<Fragment> {
    let erased = changes.iter().filter_map(|change| match change {
        Change::Erased { conversation, .. } => Some(*conversation),
        _ => None,
    });
    once(erased, LiveUpdate::erasure_fragment)
}

/// Renders one fragment for each changed appointment.
pub(crate) fn appointments(changes: &[Change]) -> Vec<Fragment> {
    let touched = changes.iter().filter_map(|change| match change {
        Change::Appointment { appointment, .. } => Some(appointment),
        _ => None,
    });
    once(touched, LiveUpdate::appointment)
}

/// Renders one fragment for each distinct item. The content of the fragment is also its hint.
fn once<T: Ord>(touched: impl Iterator<Item = T>, piece: impl Fn(T) -> Markup) -> Vec<Fragment> {
    touched.collect::<BTreeSet<_>>().into_iter().map(piece).map(same).collect()
}

/// Creates a fragment whose content is also its hint, since the content is small.
fn same(content: Markup) -> Fragment {
    Fragment { hint: content.clone(), content }
}

/// Returns the changed entries. Entries on the page `now` come from the table, and the others from the stream.
fn changed<'a>(touched: &ConversationChanges<'a>, now: &'a ConversationPage) -> Vec<&'a TimelineEntry> {
    touched.events.iter().map(|event| in_table(event, now).unwrap_or(event)).collect()
}

fn in_table<'a>(event: &TimelineEntry, now: &'a ConversationPage) -> Option<&'a TimelineEntry> {
    now.messages.items.iter().find(|known| known.position() == event.position())
}

/// Renders the notification rows of a conversation that are new or look different.
pub(crate) fn notifications(
    touched: &ConversationChanges<'_>,
    now: &ConversationPage,
    viewer: &Viewer,
) -> Vec<Fragment> {
    let Some(ConversationCustomer::Conversation(conversation)) = &now.with else { return Vec::new() };
    if conversation.is_blocked {
        return Vec::new();
    }
    let changed = changed(touched, now);
    let further_down = changed.iter().copied().filter(|event| in_table(event, now).is_none());
    let mut pieces = Vec::new();
    for event in now.messages.items.iter().chain(further_down).filter(|event| event.is_in_feed()) {
        let is_new = changed.iter().any(|changed| changed.position() == event.position());
        let row = Notification { event: event.clone(), conversation: (**conversation).clone() };
        if is_new || touched.person || looked_different(&row, touched.before, viewer) {
            pieces.push(fragment(LiveUpdate::Notification(&row), viewer));
        }
    }
    pieces
}

/// Renders the customer's row in the feed that has one row for each customer. Returns `None` if the customer has no
/// row.
pub(crate) fn recent(
    id: ConversationId,
    feed: &RecentFeed,
    now: &ConversationPage,
    viewer: &Viewer,
) -> Option<Fragment> {
    let Some(ConversationCustomer::Conversation(conversation)) = &now.with else { return None };
    let known: Vec<TimelineEntry> = now.messages.items.iter().filter(|event| event.is_in_feed()).cloned().collect();
    let (event, more) = feed.of_customer(id, &known)?;
    let newest = Notification { event, conversation: (**conversation).clone() };
    Some(fragment(LiveUpdate::Recent(&NotificationGroup { newest, more }), viewer))
}

/// Renders all fragments of a changed conversation.
///
/// `now` was read from the table, so it is at least as new as the record of the stream.
pub(crate) fn fragments(
    id: ConversationId,
    touched: &ConversationChanges<'_>,
    notifications: Vec<Fragment>,
    now: &ConversationPage,
    viewer: &Viewer,
) -> Vec<Fragment> {
    let mut pieces = Vec::new();
    let is_blocked = now.block.is_some();
    if touched.block {
        pieces.push(same(if is_blocked { LiveUpdate::blocked(id) } else { LiveUpdate::unblocked() }));
    } else if is_blocked {
        pieces.push(same(LiveUpdate::ask_again("blocked")));
    }
    let Some(with) = &now.with else { return pieces };
    let changed = changed(touched, now);
    pieces.extend(changed.iter().map(|event| fragment(LiveUpdate::Event(event), viewer)));
    pieces.extend(notifications);
    if let ConversationCustomer::Conversation(conversation) = with
        && (touched.head || touched.person)
        && !conversation.is_blocked
    {
        pieces.push(fragment(LiveUpdate::Conversation(conversation), viewer));
    }
    if touched.head || touched.person {
        pieces.push(fragment(LiveUpdate::Head(id, with), viewer));
    }
    if touched.opt_out || touched.block {
        pieces.push(fragment(LiveUpdate::OptOut(id, now.block.as_ref(), now.opt_out.as_ref()), viewer));
    }
    if touched.opt_out {
        pieces.extend(now.opt_out.as_ref().map(|out| fragment(LiveUpdate::OptOutLine(id, out), viewer)));
    }
    pieces
}

/// Returns whether a notification row looked different before the change. A row shows whether the customer waits for an
/// answer.
///
/// The summary before the change lacks the customer's name and appointment, so the current name and appointment are
/// used.
fn looked_different(row: &Notification, before: Option<&ConversationSummary>, viewer: &Viewer) -> bool {
    let Some(before) = before else { return false };
    let now = &row.conversation;
    let conversation = ConversationSummary { name: now.name.clone(), next: now.next.clone(), ..before.clone() };
    let shown = |row| LiveUpdate::Notification(row).piece(viewer).into_string();
    shown(&Notification { event: row.event.clone(), conversation }) != shown(row)
}

fn fragment(live: LiveUpdate<'_>, viewer: &Viewer) -> Fragment {
    Fragment { content: live.piece(viewer), hint: live.hint() }
}
