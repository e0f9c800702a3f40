//! The keys of all items. No other module builds or parses keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AppointmentId, CompanyId, ConversationId, Day, DraftName, LimitPeriod, LimitScope, LimitWindow, Login, MessageId,
    MeteredAction, PhoneNumber, Position, Staff, StaffId, SubscriptionId, Timestamp, TokenHash,
};
use serde::{Deserialize, Serialize};

use crate::ConnectionId;

/// The name of the table's partition key.
pub const PK: &str = "pk";
/// The name of the table's sort key.
pub const SK: &str = "sk";
/// The name of the table's TTL attribute. Its values are Unix seconds.
pub const EXPIRES_AT: &str = "expires_at";
/// The name of the table's only index.
pub const RECENT: &str = "recent";
/// The name of the index's partition key.
pub const RECENT_PK: &str = "recent_pk";
/// The name of the index's sort key.
pub const RECENT_SK: &str = "recent_sk";

/// The key of an item in the table.
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

/// The key of an item in the index.
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

/// Returns the key of the item that marks a company as removed. It exists for as long as the company's data may be
/// stored.
pub(crate) fn removed_company(company: &CompanyId) -> Key {
    key(format!("COMPANY#{company}"), "REMOVED")
}

/// The prefix of the sort keys of a company's staff.
pub(crate) const STAFF: &str = "STAFF#";

pub(crate) fn staff(company: &CompanyId, staff: &StaffId) -> Key {
    key(format!("COMPANY#{company}"), format!("{STAFF}{staff}"))
}

/// Returns the key of the item that maps a login to a member of staff. A login is unique in the whole deployment.
pub(crate) fn login(login: &Login) -> Key {
    key(format!("LOGIN#{login}"), "LOGIN")
}

/// The prefix of the keys of all lines, in the table and in the directory.
pub(crate) const LINE: &str = "LINE#";

pub(crate) fn line(number: &PhoneNumber) -> Key {
    key(format!("{LINE}{number}"), "LINE")
}

/// The index partition that lists companies, staff and lines for operators.
pub(crate) const DIRECTORY: &str = "DIRECTORY";

pub(crate) fn in_directory(item: &Key) -> RecentKey {
    RecentKey { recent_pk: DIRECTORY.to_owned(), recent_sk: format!("{}#{}", item.pk, item.sk) }
}

pub(crate) fn conversation(company: &CompanyId, conversation: ConversationId) -> String {
    format!("CONVERSATION#{company}#{conversation}")
}

const HEAD: &str = "HEAD";

pub(crate) fn summary(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), HEAD)
}

pub(crate) fn event(company: &CompanyId, id: ConversationId, at: Position) -> Key {
    key(conversation(company, id), event_sk(at))
}

pub(crate) fn event_sk(at: Position) -> String {
    format!("EVENT#{at}")
}

const CUSTOMER_ACTION: &str = "DEED#";

/// Returns the key of a staff action. It sorts before every timeline entry, so queries for timeline entries skip it.
pub(crate) fn deed(company: &CompanyId, id: ConversationId, at: Position) -> Key {
    key(conversation(company, id), format!("{CUSTOMER_ACTION}{at}"))
}

const OPT_OUT: &str = "OPTOUT";

/// Returns the key of the opt-out state of a conversation's customer.
pub(crate) fn opt_out(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), OPT_OUT)
}

const BLOCK: &str = "NUMBERBLOCK";

/// Returns the key of the block of a conversation's number. It sorts after every timeline entry, like the summary.
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

/// Returns the key of the customer of a conversation.
pub(crate) fn person(company: &CompanyId, id: ConversationId) -> Key {
    key(conversation(company, id), PERSON)
}

/// Returns the last sort key of a conversation.
///
/// The customer's item sorts after every timeline entry, the summary, the block and the opt-out state. One descending
/// query from here returns them with the newest page.
pub(crate) fn end_of_conversation() -> String {
    PERSON.to_owned()
}

/// The kind of an item of a conversation.
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
        Some(sk) if sk.starts_with(CUSTOMER_ACTION) => ConversationItemKind::Deed,
        _ => ConversationItemKind::Event,
    }
}

pub(crate) fn pk(item: &HashMap<String, AttributeValue>) -> Option<String> {
    item.get(PK).and_then(|pk| pk.as_s().ok()).cloned()
}

pub(crate) fn sk(item: &HashMap<String, AttributeValue>) -> Option<String> {
    item.get(SK).and_then(|sk| sk.as_s().ok()).cloned()
}

/// Returns the partition key of a company's audit log. With `None`, returns that of the entries that concern no
/// company.
pub(crate) fn audit_log(company: Option<&CompanyId>) -> String {
    format!("AUDIT#{}", company.map_or("", CompanyId::as_str))
}

pub(crate) fn audit(company: Option<&CompanyId>, at: Timestamp, request: &str) -> Key {
    key(audit_log(company), format!("{:013}#{request}", at.as_millis()))
}

/// The partition of the tombstones of all companies, which a restoration reads.
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

/// Returns the company of an appointment item. Returns `None` for any other item.
pub(crate) fn company_of_appointment(item: &HashMap<String, AttributeValue>) -> Option<String> {
    let is_one = sk(item).is_some_and(|sk| sk.starts_with(APPOINTMENT));
    pk(item).filter(|_| is_one)?.strip_prefix("COMPANY#").map(str::to_owned)
}

const EARLIER_VERSIONS: &str = "VERSIONS#";

/// Returns the partition key of the earlier versions of all appointments of a company.
pub(crate) fn all_earlier_versions(company: &CompanyId) -> String {
    format!("{EARLIER_VERSIONS}{company}")
}

/// Returns the key of an appointment's earlier versions. Its `pk` has its own prefix, so the event filters of the
/// stream's consumers skip these records.
pub(crate) fn earlier_versions(company: &CompanyId, id: &AppointmentId) -> Key {
    key(all_earlier_versions(company), id.to_string())
}

/// Returns the company of an item of earlier versions. Returns `None` for any other item.
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

/// Returns the key of the idempotency record of an answer to HELP. Each customer gets one answer to HELP a day.
pub(crate) fn help_guard(company: &CompanyId, conversation: ConversationId, day: Day) -> Key {
    key(format!("GUARD#help#{company}#{conversation}#{day}"), "GUARD")
}

/// Returns the key of a counter of messages in a window. The window's scope decides what is counted: messages by the
/// member of staff, by their company, or to the number. The conversation's id identifies the number.
pub(crate) fn sent_counter(staff: &Staff, conversation: ConversationId, window: &LimitWindow) -> Key {
    let whose = match window.counted {
        LimitScope::Staff => format!("STAFF#{}", staff.id),
        LimitScope::Company => "COMPANY".to_owned(),
        LimitScope::Number => format!("NUMBER#{conversation}"),
    };
    key(format!("SENT#{}", staff.company), format!("{whose}#{}", of_window(window)))
}

/// Returns the key of a counter of metered actions in a window. The window's scope decides whether it counts those of
/// the member of staff or of their company. `sent_counter` returns the key of a counter of messages.
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

/// Returns the partition key, in the index, of the sessions of a member of staff.
pub(crate) fn sessions(company: &CompanyId, staff: &StaffId) -> String {
    format!("SESSIONS#{company}#{staff}")
}

pub(crate) fn in_sessions(company: &CompanyId, staff: &StaffId, token: &TokenHash) -> RecentKey {
    RecentKey { recent_pk: sessions(company, staff), recent_sk: token.id().to_string() }
}

/// Returns the token hash of a session item. Returns `None` for any other item.
pub(crate) fn token_of_session(item: &HashMap<String, AttributeValue>) -> Option<TokenHash> {
    Some(TokenHash::new(pk(item)?.strip_prefix("SESSION#")?.to_owned()))
}

pub(crate) fn live_connections(company: &CompanyId) -> String {
    format!("LIVE#{company}")
}

pub(crate) fn live(company: &CompanyId, connection: &ConnectionId) -> Key {
    key(live_connections(company), connection.to_string())
}

/// Returns the key of the slots of a session, which count its open WebSockets.
pub(crate) fn slots(session: &str) -> Key {
    key(format!("SOCKETS#{session}"), "SOCKETS")
}

/// Returns whether an item is a session, a connection, a counter or a draft. A restoration leaves these items out.
pub(crate) fn is_of_the_moment(item: &HashMap<String, AttributeValue>) -> bool {
    let kinds = ["SESSION#", "LIVE#", "SOCKETS#", "SENT#", "USED#", "DRAFT#"];
    pk(item).is_some_and(|pk| kinds.iter().any(|kind| pk.starts_with(kind)))
}

/// Returns the partition key of the drafts of a company's staff.
pub(crate) fn drafts(company: &CompanyId) -> String {
    format!("DRAFT#{company}")
}

/// Returns the prefix of the sort keys of a member of staff's drafts.
pub(crate) fn drafts_of(staff: &StaffId) -> String {
    format!("{STAFF}{staff}#")
}

pub(crate) fn draft(company: &CompanyId, staff: &StaffId, name: &DraftName) -> Key {
    key(drafts(company), format!("{}{name}", drafts_of(staff)))
}

/// Returns the owner and the name of a draft item. Returns `None` if the key is not a valid draft key.
pub(crate) fn of_draft(item: &HashMap<String, AttributeValue>) -> Option<(StaffId, DraftName)> {
    let sk = sk(item)?;
    let (staff, name) = sk.strip_prefix(STAFF)?.split_once('#')?;
    Some((staff.parse().ok()?, name.parse().ok()?))
}

/// Returns the partition key of the push subscriptions and push settings of a company.
pub(crate) fn pushes(company: &CompanyId) -> String {
    format!("PUSH#{company}")
}

const PUSH_SETTING: &str = "COMPANY";

/// Returns the key of a company's push setting. It sorts before all other items of `pushes`.
pub(crate) fn push_setting(company: &CompanyId) -> Key {
    key(pushes(company), PUSH_SETTING)
}

/// Returns the key of a member of staff's push setting. It sorts before their push subscriptions.
pub(crate) fn push_choice(company: &CompanyId, staff: &StaffId) -> Key {
    key(pushes(company), format!("STAFF#{staff}"))
}

pub(crate) fn browser(company: &CompanyId, staff: &StaffId, id: SubscriptionId) -> Key {
    key(pushes(company), format!("STAFF#{staff}#{id}"))
}

/// Returns the first and the last sort key of a member of staff's push setting and browsers. No other staff id sorts
/// between them, because `#` sorts before every character of an id.
pub(crate) fn pushes_of(staff: &StaffId) -> (String, String) {
    (format!("STAFF#{staff}"), format!("STAFF#{staff}#g"))
}

/// Returns the key of the item with the owner of a push endpoint. An endpoint has one owner in the whole deployment.
pub(crate) fn push_owner(id: SubscriptionId) -> Key {
    key(format!("PUSH-ENDPOINT#{id}"), "OWNER")
}

/// The kind of an item of `pushes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PushItemKind {
    Setting,
    Choice(StaffId),
    Browser,
}

/// Parses a key of `pushes`. Returns `None` if it is not valid.
pub(crate) fn push_part(item: &HashMap<String, AttributeValue>) -> Option<PushItemKind> {
    let sk = item.get(SK)?.as_s().ok()?;
    if sk == PUSH_SETTING {
        return Some(PushItemKind::Setting);
    }
    let staff = sk.strip_prefix("STAFF#")?;
    Some(if staff.contains('#') { PushItemKind::Browser } else { PushItemKind::Choice(staff.parse().ok()?) })
}

/// The kind and the owner of an item whose changes are sent to browsers, parsed from the item's key.
pub(crate) enum ItemType {
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

/// Parses the key of an item in the stream. Returns `None` if a key of one of the kinds in [`ItemIdentity`] is invalid.
pub(crate) fn place(key: &Key) -> Option<ItemType> {
    let Some((kind, whose)) = key.pk.split_once('#') else { return Some(ItemType::Elsewhere) };
    Some(match kind {
        "CONVERSATION" => {
            let (company, conversation) = whose.split_once('#')?;
            let (company, conversation) = (company.parse().ok()?, conversation.parse().ok()?);
            match key.sk.as_str() {
                HEAD => ItemType::Head { company, conversation },
                BLOCK => ItemType::Block { company, conversation },
                OPT_OUT => ItemType::OptOut { company, conversation },
                PERSON => ItemType::Person { company, conversation },
                sk if sk.starts_with("EVENT#") => ItemType::Event { company },
                _ => ItemType::Elsewhere,
            }
        }
        "SESSION" => ItemType::Session { session: TokenHash::new(whose.to_owned()) },
        "COMPANY" => {
            if let Some(staff) = key.sk.strip_prefix(STAFF) {
                ItemType::Staff { company: whose.parse().ok()?, staff: staff.parse().ok()? }
            } else if let Some(appointment) = key.sk.strip_prefix(APPOINTMENT) {
                ItemType::Appointment { company: whose.parse().ok()?, appointment: appointment.parse().ok()? }
            } else {
                ItemType::Elsewhere
            }
        }
        "PUSH" => match key.sk.strip_prefix("STAFF#").and_then(|rest| rest.split_once('#')) {
            Some((staff, subscription)) => ItemType::Browser {
                company: whose.parse().ok()?,
                staff: staff.parse().ok()?,
                subscription: subscription.parse().ok()?,
            },
            None => ItemType::Elsewhere,
        },
        _ => ItemType::Elsewhere,
    })
}
