//! Random changes that make input from outside invalid or hostile.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Texts that break code that counts, cuts, copies, converts or trusts them.
const TEXTS: [&str; 20] = [
    "",
    "\0",
    "-1",
    "1e999",
    "99999999999999999999999999",
    "null",
    "{",
    "[[[[[[[[",
    "\"",
    "\\ud800",
    "%",
    "%00%ff%c0%af",
    "../../x",
    "😀🇺🇳\u{202e}\u{feff}",
    "e\u{301}\u{301}\u{301}",
    "+",
    "+0000000000",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59.999999999Z",
    "COMPANY#harbor-dental",
];

/// A change to a text: a range of it is replaced.
#[derive(Clone, Debug)]
pub struct TextMutation {
    from: Index,
    until: Index,
    put: String,
}

/// A change to JSON at one of its values.
#[derive(Clone, Debug)]
pub enum JsonMutation {
    Text(Index, TextMutation),
    Replaced(Index, Value),
    Removed(Index),
}

pub fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (select(&["9", "A", "[", "字", " ", "%"][..]), 1..20_000_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    // Lambda rejects deeply nested events. A few of these values, nested in each other, reach the limit.
    let nested = (0..25).fold(json!(1), |inner, _| json!([inner]));
    prop_oneof![
        3 => texts().prop_map(Value::from),
        3 => select(vec![json!(null), json!(true), json!(-1), json!(u64::MAX), json!(1e308), json!([]), json!({}), nested]),
        1 => (0..3000_usize).prop_map(|many| json!(vec![0; many])),
    ]
}

pub fn edits() -> impl Strategy<Value = TextMutation> {
    (any::<Index>(), any::<Index>(), texts()).prop_map(|(from, until, put)| TextMutation { from, until, put })
}

pub fn changes() -> impl Strategy<Value = JsonMutation> {
    prop_oneof![
        (any::<Index>(), edits()).prop_map(|(place, edit)| JsonMutation::Text(place, edit)),
        (any::<Index>(), values()).prop_map(|(place, value)| JsonMutation::Replaced(place, value)),
        any::<Index>().prop_map(JsonMutation::Removed),
    ]
}

impl TextMutation {
    /// Limits the inserted text to a number of characters.
    #[must_use]
    pub fn at_most(self, characters: usize) -> Self {
        Self { put: self.put.chars().take(characters).collect(), ..self }
    }

    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        places.push(text.len());
        let (one, other) = (places[self.from.index(places.len())], places[self.until.index(places.len())]);
        format!("{}{}{}", &text[..one.min(other)], self.put, &text[one.max(other)..])
    }
}

impl JsonMutation {
    pub fn happens_to(&self, whole: &mut Value) {
        let (Self::Text(place, _) | Self::Replaced(place, _) | Self::Removed(place)) = self;
        let mut places = Vec::new();
        pointers(whole, String::new(), &mut places);
        let pointer = &places[place.index(places.len())];
        let Some(target) = whole.pointer_mut(pointer) else { return };
        match self {
            Self::Text(_, edit) => match target {
                Value::String(text) => *text = edit.apply(text),
                other => *other = json!(edit.put),
            },
            Self::Replaced(_, value) => *target = value.clone(),
            Self::Removed(_) => {
                let Some((parent, name)) = pointer.rsplit_once('/') else { return };
                let name = name.replace("~1", "/").replace("~0", "~");
                match whole.pointer_mut(parent) {
                    Some(Value::Object(fields)) => drop(fields.remove(&name)),
                    Some(Value::Array(items)) => drop(name.parse().map(|place: usize| items.remove(place))),
                    _ => {}
                }
            }
        }
    }
}

/// Collects the JSON pointers of all values in a value, including that of the value itself.
fn pointers(value: &Value, here: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                pointers(field, format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            // Items of a list are alike, so the first ones are enough.
            for (place, item) in items.iter().enumerate().take(20) {
                pointers(item, format!("{here}/{place}"), all);
            }
        }
        _ => {}
    }
    all.push(here);
}
