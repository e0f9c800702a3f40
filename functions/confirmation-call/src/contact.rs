//! The fields that contact flows and contact events have in common. AWS spells some of these fields in two ways.

use serde_json::Value;

/// Returns a field of an Amazon Connect object. Amazon Connect writes the first letter of some names in either case.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut letters = name.chars();
    let capital: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    object.get(name).or_else(|| object.get(capital)).filter(|value| !value.is_null())
}

pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    field(object, name)?.as_str()
}

/// Returns Amazon Connect's id of a call.
pub(crate) fn contact_id(object: &Value) -> Option<&str> {
    text(object, "contactId").filter(|id| (1..=256).contains(&id.len()))
}

/// Returns whether a contact is a voice call. The channel is "VOICE" in flows, "Voice" in events, and missing in some
/// older events.
pub(crate) fn is_voice(object: &Value) -> bool {
    text(object, "channel").is_none_or(|channel| channel.eq_ignore_ascii_case("voice"))
}

/// Returns whether the customer made the call. A caller's number can be forged, so an inbound call does not count as an
/// answer.
pub(crate) fn is_inbound(object: &Value) -> bool {
    text(object, "initiationMethod").is_some_and(|method| method.eq_ignore_ascii_case("inbound"))
}

pub(crate) fn address<'a>(contact: &'a Value, endpoint: &str) -> Option<&'a str> {
    text(field(contact, endpoint)?, "address")
}
