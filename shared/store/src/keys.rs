//! The only file that spells a key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AppointmentId, CompanyId, ConversationId, Day, DraftName, LimitPeriod, LimitScope, LimitWindow, Login, MessageId,
    MeteredAction, PhoneNumber, Position, Staff, StaffId, SubscriptionId, Timestamp, TokenHash,
};
use serde::{Deserialize, Serialize};

use crate::ConnectionId;

/// The table's partition and sort key, its TTL attribute, and its one index with its keys.
pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const EXPIRES_AT: &str = "expires_at";
pub const RECENT: &str = "recent";
pub const RECENT_PK: &str = "recent_pk";
pub const RECENT_SK: &str = "recent_sk";

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}

/// Where an item is in the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RecentKey {
    pub(crate) recent_pk: String,
    pub(crate) recent_sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

pub(crate) fn company(company: &CompanyId) -> Key {
    key(format!("COMPANY#{company}"), "PROFILE")
}

/// That a company was removed, for as long as anything of it may be kept.
pub(crate) fn removed_company(company: &CompanyId) -> Key {
    key(format!("COMPANY#{company}"), "REMOVED")
}

/// What the sort keys of a company's staff begin with.
pub(crate) const STAFF: &str = "STAFF#";

pub(crate) fn staff(company: &CompanyId, staff: &StaffId) -> Key {
    key(format!("COMPANY#{company}"), format!("{STAFF}{staff}"))
}

/// Which member of staff signs in so: one person for each login, in the whole deployment.
pub(crate) fn login(login: &Login) -> Key {
    key(format!("LOGIN#{login}"), "LOGIN")
}

/// What the keys of all lines begin with, in the directory too.
pub(crate) const LINE: &str = "LINE#";

pub(crate) fn line(number: &PhoneNumber) -> Key {
    key(format!("{LINE}{number}"), "LINE")
}

/// Companies, their staff and their lines, listed together for whoever operates the deployment.
pub(crate) const DIRECTORY: &str = "DIRECTORY";

pub(crate) fn in_directory(item: &Key) -> RecentKey {
    RecentKey { recent_pk: DIRECTORY.to_owned(), recent_sk: format!("{}#{}", item.pk, item.sk) }
}

pub(crate) fn conversation(company: &CompanyId, conversation: ConversationId) -> String {
    format!("CONVERSATION#{company}#{conversation}")
}

const HEAD: &str = "HEAD";

pub(crate) fn head(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), HEAD)
}

pub(crate) fn event(company: &CompanyId, id: ConversationId, at: Position) -> Key {
    key(conversation(company, id), event_sk(at))
}

pub(crate) fn event_sk(at: Position) -> String {
    format!("EVENT#{at}")
}

const DEED: &str = "DEED#";

/// Sorts before every event, so that nobody who reads what was said meets it.
pub(crate) fn deed(company: &CompanyId, id: ConversationId, at: Position) -> Key {
    key(conversation(company, id), format!("{DEED}{at}"))
}

const OPT_OUT: &str = "OPTOUT";

/// Whether the customer of a conversation gets texts.
pub(crate) fn opt_out(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), OPT_OUT)
}

const BLOCK: &str = "NUMBERBLOCK";

/// Whether staff have blocked the number of a conversation. Sorts after every event, as the head does.
pub(crate) fn block(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), BLOCK)
}

pub(crate) fn blocked(company: &CompanyId) -> String {
    format!("BLOCKED#{company}")
}

pub(crate) fn in_blocked(company: &CompanyId, since: Position) -> RecentKey {
    RecentKey { recent_pk: blocked(company), recent_sk: since.to_string() }
}

const PERSON: &str = "PERSON";

/// Whom a conversation is with, and their appointments.
pub(crate) fn person(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), PERSON)
}

/// Sorts after every event, every head, every block and every opt-out, as whom a conversation is with does: one
/// descending query from here returns them and the conversation's newest page.
pub(crate) fn end_of_conversation() -> String {
    PERSON.to_owned()
}

/// What an item of a conversation is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConversationItemKind {
    Head,
    Block,
    OptOut,
    Person,
    Deed,
    Event,
}

pub(crate) fn part(item: &HashMap<String, AttributeValue>) -> ConversationItemKind {
    match sk(item).as_deref() {
        Some(HEAD) => ConversationItemKind::Head,
        Some(BLOCK) => ConversationItemKind::Block,
        Some(OPT_OUT) => ConversationItemKind::OptOut,
        Some(PERSON) => ConversationItemKind::Person,
        Some(sk) if sk.starts_with(DEED) => ConversationItemKind::Deed,
        _ => ConversationItemKind::Event,
    }
}

pub(crate) fn pk(item: &HashMap<String, AttributeValue>) -> Option<String> {
    item.get(PK).and_then(|pk| pk.as_s().ok()).cloned()
}

pub(crate) fn sk(item: &HashMap<String, AttributeValue>) -> Option<String> {
    item.get(SK).and_then(|sk| sk.as_s().ok()).cloned()
}

/// The audit log of a company, or of what concerns none.
pub(crate) fn audit_log(company: Option<&CompanyId>) -> String {
    format!("AUDIT#{}", company.map_or("", CompanyId::as_str))
}

pub(crate) fn audit(company: Option<&CompanyId>, at: Timestamp, request: &str) -> Key {
    key(audit_log(company), format!("{:013}#{request}", at.as_millis()))
}

/// Customers who were erased, of all companies: whoever brings the table back reads them.
pub(crate) const TOMBSTONE: &str = "ERASED";

pub(crate) fn erasure(company: &CompanyId, id: ConversationId) -> Key {
    key(TOMBSTONE.to_owned(), conversation(company, id))
}

pub(crate) fn inbox(company: &CompanyId) -> String {
    format!("INBOX#{company}")
}

pub(crate) fn in_inbox(company: &CompanyId, id: ConversationId, last: Position) -> RecentKey {
    RecentKey { recent_pk: inbox(company), recent_sk: id.place_in_inbox(last).to_string() }
}

pub(crate) fn feed(company: &CompanyId) -> String {
    format!("FEED#{company}")
}

pub(crate) fn in_feed(company: &CompanyId, at: Position) -> RecentKey {
    RecentKey { recent_pk: feed(company), recent_sk: at.to_string() }
}

const APPOINTMENT: &str = "APPOINTMENT#";

pub(crate) fn appointment(company: &CompanyId, id: &AppointmentId) -> Key {
    key(format!("COMPANY#{company}"), format!("{APPOINTMENT}{id}"))
}

/// Whose an appointment is; `None` of anything else.
pub(crate) fn company_of_appointment(item: &HashMap<String, AttributeValue>) -> Option<String> {
    let is_one = sk(item).is_some_and(|sk| sk.starts_with(APPOINTMENT));
    pk(item).filter(|_| is_one)?.strip_prefix("COMPANY#").map(str::to_owned)
}

const EARLIER_VERSIONS: &str = "VERSIONS#";

/// The earlier versions of all appointments of a company.
pub(crate) fn all_earlier_versions(company: &CompanyId) -> String {
    format!("{EARLIER_VERSIONS}{company}")
}

/// Not beside the appointment: who reads the stream for what was saved does not get these too.
pub(crate) fn earlier_versions(company: &CompanyId, id: &AppointmentId) -> Key {
    key(all_earlier_versions(company), id.to_string())
}

/// Whose the earlier versions of an appointment are; `None` of anything else.
pub(crate) fn company_of_earlier_versions(item: &HashMap<String, AttributeValue>) -> Option<String> {
    pk(item)?.strip_prefix(EARLIER_VERSIONS).map(str::to_owned)
}

pub(crate) fn appointments(company: &CompanyId) -> String {
    format!("APPOINTMENTS#{company}")
}

pub(crate) fn in_appointments(company: &CompanyId, at: Position) -> RecentKey {
    RecentKey { recent_pk: appointments(company), recent_sk: at.to_string() }
}

pub(crate) fn inbound_guard(id: MessageId) -> Key {
    key(format!("GUARD#inbound#{id}"), "GUARD")
}

pub(crate) fn request_guard(id: MessageId) -> Key {
    key(format!("GUARD#request#{id}"), "GUARD")
}

pub(crate) fn call_guard(id: MessageId) -> Key {
    key(format!("GUARD#call#{id}"), "GUARD")
}

/// Of the answer to a customer who asks for help, of which there is one on a day.
pub(crate) fn help_guard(company: &CompanyId, conversation: ConversationId, day: Day) -> Key {
    key(format!("GUARD#help#{company}#{conversation}#{day}"), "GUARD")
}

/// How many messages were sent in a window: by somebody, by their company, or to a number, which its conversation stands for.
pub(crate) fn sent_counter(staff: &Staff, conversation: ConversationId, window: &LimitWindow) -> Key {
    let whose = match window.counted {
        LimitScope::Staff => format!("STAFF#{}", staff.id),
        LimitScope::Company => "COMPANY".to_owned(),
        LimitScope::Number => format!("NUMBER#{conversation}"),
    };
    key(format!("SENT#{}", staff.company), format!("{whose}#{}", of_window(window)))
}

/// How often a person, or their company, used something that is limited in a window of time. Messages have `sent`.
pub(crate) fn used(staff: &Staff, usage: MeteredAction, window: &LimitWindow) -> Key {
    let what = match usage {
        MeteredAction::NumberLookup => "LOOKUP",
        MeteredAction::AppointmentWrite => "APPOINTMENT",
        MeteredAction::PushTest => "PUSHTEST",
        MeteredAction::CustomerData => "CUSTOMERDATA",
    };
    let whose = match window.counted {
        LimitScope::Staff => format!("STAFF#{}", staff.id),
        LimitScope::Company | LimitScope::Number => "COMPANY".to_owned(),
    };
    key(format!("USED#{}", staff.company), format!("{what}#{whose}#{}", of_window(window)))
}

fn of_window(window: &LimitWindow) -> String {
    let period = match window.period {
        LimitPeriod::Minute => "MINUTE",
        LimitPeriod::Day => "DAY",
    };
    format!("{period}#{}", window.begins)
}

pub(crate) fn session(token: &TokenHash) -> Key {
    key(format!("SESSION#{token}"), "SESSION")
}

/// The sessions of one person.
pub(crate) fn sessions(company: &CompanyId, staff: &StaffId) -> String {
    format!("SESSIONS#{company}#{staff}")
}

pub(crate) fn in_sessions(company: &CompanyId, staff: &StaffId, token: &TokenHash) -> RecentKey {
    RecentKey { recent_pk: sessions(company, staff), recent_sk: token.id().to_string() }
}

/// Which session an item is; `None` of anything else.
pub(crate) fn token_of_session(item: &HashMap<String, AttributeValue>) -> Option<TokenHash> {
    Some(TokenHash::new(pk(item)?.strip_prefix("SESSION#")?.to_owned()))
}

pub(crate) fn live_connections(company: &CompanyId) -> String {
    format!("LIVE#{company}")
}

pub(crate) fn live(company: &CompanyId, connection: &ConnectionId) -> Key {
    key(live_connections(company), connection.to_string())
}

/// Which WebSockets a session has open.
pub(crate) fn slots(session: &str) -> Key {
    key(format!("SOCKETS#{session}"), "SOCKETS")
}

/// Whether an item is a session, an open screen, a count of what was done or a draft, which outlive nothing.
pub(crate) fn is_of_the_moment(item: &HashMap<String, AttributeValue>) -> bool {
    let kinds = ["SESSION#", "LIVE#", "SOCKETS#", "SENT#", "USED#", "DRAFT#"];
    pk(item).is_some_and(|pk| kinds.iter().any(|kind| pk.starts_with(kind)))
}

/// What the staff of a company have written in forms and neither sent nor saved.
pub(crate) fn drafts(company: &CompanyId) -> String {
    format!("DRAFT#{company}")
}

/// What the sort keys of a person's drafts begin with.
pub(crate) fn drafts_of(staff: &StaffId) -> String {
    format!("{STAFF}{staff}#")
}

pub(crate) fn draft(company: &CompanyId, staff: &StaffId, name: &DraftName) -> Key {
    key(drafts(company), format!("{}{name}", drafts_of(staff)))
}

/// Whose a draft is and what it is of; `None` for a key that is not spelled as it is here.
pub(crate) fn of_draft(item: &HashMap<String, AttributeValue>) -> Option<(StaffId, DraftName)> {
    let sk = sk(item)?;
    let (staff, name) = sk.strip_prefix(STAFF)?.split_once('#')?;
    Some((staff.parse().ok()?, name.parse().ok()?))
}

/// A company's browsers that are pushed to, with what is set for them.
pub(crate) fn pushes(company: &CompanyId) -> String {
    format!("PUSH#{company}")
}

const PUSH_SETTING: &str = "COMPANY";

/// What a company has set. Sorts before everything else of `pushes`.
pub(crate) fn push_setting(company: &CompanyId) -> Key {
    key(pushes(company), PUSH_SETTING)
}

/// What somebody has chosen. Sorts before their browsers.
pub(crate) fn push_choice(company: &CompanyId, staff: &StaffId) -> Key {
    key(pushes(company), format!("STAFF#{staff}"))
}

pub(crate) fn browser(company: &CompanyId, staff: &StaffId, id: SubscriptionId) -> Key {
    key(pushes(company), format!("STAFF#{staff}#{id}"))
}

/// The first and the last sort key that somebody's choice and browsers can have. Nobody else's are
/// between them: `#` sorts before everything that an id of staff has in it.
pub(crate) fn pushes_of(staff: &StaffId) -> (String, String) {
    (format!("STAFF#{staff}"), format!("STAFF#{staff}#g"))
}

/// Whose browser a push endpoint is, in the whole deployment.
pub(crate) fn push_owner(id: SubscriptionId) -> Key {
    key(format!("PUSH-ENDPOINT#{id}"), "OWNER")
}

/// What an item of `pushes` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PushItemKind {
    Setting,
    Choice(StaffId),
    Browser,
}

/// `None` for a key that is not spelled as it is here.
pub(crate) fn push_part(item: &HashMap<String, AttributeValue>) -> Option<PushItemKind> {
    let sk = item.get(SK)?.as_s().ok()?;
    if sk == PUSH_SETTING {
        return Some(PushItemKind::Setting);
    }
    let staff = sk.strip_prefix("STAFF#")?;
    Some(if staff.contains('#') { PushItemKind::Browser } else { PushItemKind::Choice(staff.parse().ok()?) })
}

/// Whose an item is and what it is, as its key says: of those that somebody is told of.
pub(crate) enum ItemIdentity {
    Event { company: CompanyId },
    Head { company: CompanyId, conversation: ConversationId },
    Block { company: CompanyId, conversation: ConversationId },
    OptOut { company: CompanyId, conversation: ConversationId },
    Person { company: CompanyId, conversation: ConversationId },
    Session { session: TokenHash },
    Staff { company: CompanyId, staff: StaffId },
    Browser { company: CompanyId, staff: StaffId, subscription: SubscriptionId },
    Appointment { company: CompanyId, appointment: AppointmentId },
    Elsewhere,
}

/// `None` for a key of such an item that is not spelled as it is here.
pub(crate) fn place(key: &Key) -> Option<ItemIdentity> {
    let Some((kind, whose)) = key.pk.split_once('#') else { return Some(ItemIdentity::Elsewhere) };
    Some(match kind {
        "CONVERSATION" => {
            let (company, conversation) = whose.split_once('#')?;
            let (company, conversation) = (company.parse().ok()?, conversation.parse().ok()?);
            match key.sk.as_str() {
                HEAD => ItemIdentity::Head { company, conversation },
                BLOCK => ItemIdentity::Block { company, conversation },
                OPT_OUT => ItemIdentity::OptOut { company, conversation },
                PERSON => ItemIdentity::Person { company, conversation },
                sk if sk.starts_with("EVENT#") => ItemIdentity::Event { company },
                _ => ItemIdentity::Elsewhere,
            }
        }
        "SESSION" => ItemIdentity::Session { session: TokenHash::new(whose.to_owned()) },
        "COMPANY" => {
            if let Some(staff) = key.sk.strip_prefix(STAFF) {
                ItemIdentity::Staff { company: whose.parse().ok()?, staff: staff.parse().ok()? }
            } else if let Some(appointment) = key.sk.strip_prefix(APPOINTMENT) {
                ItemIdentity::Appointment { company: whose.parse().ok()?, appointment: appointment.parse().ok()? }
            } else {
                ItemIdentity::Elsewhere
            }
        }
        "PUSH" => match key.sk.strip_prefix("STAFF#").and_then(|rest| rest.split_once('#')) {
            Some((staff, subscription)) => ItemIdentity::Browser {
                company: whose.parse().ok()?,
                staff: staff.parse().ok()?,
                subscription: subscription.parse().ok()?,
            },
            None => ItemIdentity::Elsewhere,
        },
        _ => ItemIdentity::Elsewhere,
    })
}
