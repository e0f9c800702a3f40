//! Checks that the actions of staff are stored, and are in the history.

use serde_json::Value;

use super::Checker;
use super::records::written_at;
use crate::invariants::{Invariant, Observations};
use crate::scenario::Action;
use crate::world::text_of;

impl Checker<'_> {
    pub(super) fn check_saved(&mut self) {
        for (place, _, status, _) in &self.seen.told {
            let step = &self.steps[*place];
            if !matches!(step.what, Action::Edit { .. }) || !matches!(status, Some(200 | 201)) {
                continue;
            }
            let wrote = text_of(step);
            if !self.seen.written.iter().any(|record| record["dynamodb"]["NewImage"].to_string().contains(&wrote)) {
                self.finds(Invariant::Saved, format!("the appointment of step {} was told to be saved", step.number));
            }
        }
    }

    /// Replays the stream to check that the history has each recorded message and each save exactly once.
    pub(super) fn history(&mut self) {
        let seen = self.seen;
        for step in self.steps {
            let words = text_of(step);
            let entries = seen.histories.get(&(step.company, step.customer)).into_iter().flatten();
            let (is_it, records): (fn(&Value, &str) -> bool, _) = match step.what {
                Action::Reply { .. } => {
                    (|entry, words| entry["message"]["text"] == *words, writes(seen, &words, sends))
                }
                Action::Edit { .. } => (has_changed_notes_to, writes(seen, &words, saves)),
                _ => continue,
            };
            let told = entries.filter(|entry| is_it(entry, &words)).count();
            let surely = records.iter().filter(|at| self.is_kept(**at) == Some(true)).count();
            let perhaps = records.iter().filter(|at| self.is_kept(**at).is_none()).count();
            if told < surely || told > surely + perhaps {
                let shown_by = format!("what step {} did is there {told} times, and was done {surely}", step.number);
                self.finds(Invariant::History, shown_by);
            }
        }
    }

    /// Replays the stream to check that a session's messages were all recorded before its end.
    pub(super) fn signed_out(&mut self) {
        let seen = self.seen;
        for (place, session) in &seen.signed_out {
            let step = &self.steps[*place];
            let ends =
                |record: &&Value| record["eventName"] == "REMOVE" && record["dynamodb"]["Keys"]["pk"]["S"] == **session;
            let mut since = seen.written.iter().skip_while(|record| !ends(record));
            if since.any(|record| sends(record, &text_of(step))) {
                let shown_by = format!("a message of step {} was recorded after its writer signed out", step.number);
                self.finds(Invariant::SignedOut, shown_by);
            }
        }
    }
}

/// Returns the times of the records that are about this text, in milliseconds.
fn writes(seen: &Observations, words: &str, is_about: fn(&Value, &str) -> bool) -> Vec<u64> {
    seen.written.iter().filter(|record| is_about(record, words)).map(|record| written_at(record) * 1000).collect()
}

fn sends(record: &Value, words: &str) -> bool {
    let image = &record["dynamodb"]["NewImage"];
    record["eventName"] == "INSERT" && image["kind"]["S"] == "outbound-sms" && image["text"]["S"] == *words
}

/// Returns whether a record changes the notes of an existing appointment to this text.
fn saves(record: &Value, words: &str) -> bool {
    let notes = |image: &str| &record["dynamodb"][image]["appointment"]["M"]["now"]["M"]["details"]["M"]["notes"]["S"];
    record["eventName"] == "MODIFY" && notes("NewImage") == words && notes("OldImage") != words
}

fn has_changed_notes_to(entry: &Value, words: &str) -> bool {
    entry["changes"].as_array().into_iter().flatten().any(|change| change["field"] == "notes" && change["to"] == *words)
}
