//! Checks of push notifications: those that browsers must get, and those that they must not.

use domain::Position;
use serde_json::Value;

use super::Checker;
use super::records::{asks, position, written_at};
use crate::invariants::Invariant;
use crate::scenario::COMPANIES;
use crate::world::browsers_of;

impl Checker<'_> {
    /// Checks that each event was pushed. A push notification replaces an earlier one of the same conversation, so a
    /// newer one counts as well.
    pub(super) fn pushed(&mut self) {
        let seen = self.seen;
        for (place, record) in seen.written.iter().enumerate() {
            let Some(PushableEvent { company, conversation, position, written }) = PushableEvent::from_record(record)
            else {
                continue;
            };
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
            // Staff are not notified of events that are older than a day. The last hour may go either way.
            let is_old = position.at.plus_secs(23 * 60 * 60).as_secs() < written;
            if is_old || seen.not_pushed.contains(number) || self.is_answered_before_it_is_tried_again(place) {
                continue;
            }
            let position = position.to_string();
            for browser in browsers_of(company) {
                if !self.is_on(&browser, written) {
                    continue;
                }
                let pushed = seen.pushed.get(&browser).into_iter().flatten();
                let of_it = pushed.filter(|push| push["conversation"] == *conversation).map(|push| push["id"].as_str());
                let (mut same, mut newer) = (0, false);
                for id in of_it.flatten() {
                    same += usize::from(id == position);
                    newer |= id > position.as_str();
                }
                if same == 0 && !newer {
                    self.finds(Invariant::Pushed, format!("{browser} was not pushed {position}"));
                }
                if same > 1 && !seen.push_goes_wrong {
                    self.finds(Invariant::Pushed, format!("{browser} was pushed {position} {same} times"));
                }
            }
        }
    }

    /// Returns whether a failed push may have been dropped. It is retried only while the customer waits for an answer.
    /// An opt-out or opt-in never waits for one.
    fn is_answered_before_it_is_tried_again(&self, place: usize) -> bool {
        let image = |record: &Value| record["dynamodb"]["NewImage"].clone();
        let news = image(&self.seen.written[place]);
        let is_word = |image: &Value| matches!(image["text"]["S"].as_str(), Some("STOP" | "START"));
        let later = self.seen.written[place..].iter().map(image);
        let mut later = later.filter(|image| image["pk"] == news["pk"]);
        self.seen.push_goes_wrong
            && (is_word(&news) || later.any(|image| image["kind"]["S"] == "outbound-sms" || is_word(&image)))
    }

    /// Returns whether notifications are certainly on in a browser when an event that is written now is pushed.
    fn is_on(&self, browser: &str, written: u64) -> bool {
        /// How long a push is retried, in milliseconds.
        const TRIED: u64 = 60 * 60 * 1000;
        /// A lower bound of how long a browser is notified. That is a week after a sign-in, which was at most half a
        /// day before.
        const RETENTION_MS: u64 = 6 * 24 * 60 * 60 * 1000;
        let written = written * 1000;
        let of = |turned: bool| self.seen.turns.iter().filter(move |(of, on, ..)| of == browser && *on == turned);
        of(true).any(|(_, _, asked, told)| {
            let stands = told.is_some_and(|told| told < written && written < told + RETENTION_MS);
            let goes = |begin: u64, end: Option<u64>| begin < written + TRIED && end.is_none_or(|end| end > *asked);
            stands && !of(false).any(|(_, _, begin, end)| goes(*begin, *end))
        })
    }

    pub(super) fn pushed_no_more(&mut self) {
        let seen = self.seen;
        let turned = |on: bool| seen.turns.iter().filter(move |turn| turn.1 == on);
        for (browser, _, asked, told) in turned(false) {
            let Some(told) = told else { continue };
            if turned(true).any(|(of, _, _, end)| of == browser && end.is_none_or(|end| end > *asked)) {
                continue;
            }
            for PushableEvent { position, written, .. } in seen.written.iter().filter_map(PushableEvent::from_record) {
                let is_it = |push: &Value| push["id"].as_str() == Some(position.to_string().as_str());
                if written * 1000 > *told && seen.pushed.get(browser).is_some_and(|pushed| pushed.iter().any(is_it)) {
                    self.finds(Invariant::PushedNoMore, format!("{browser} was pushed {position}"));
                }
            }
        }
    }
}

/// A stream record of an event about which staff are notified because they have to answer it.
struct PushableEvent {
    company: usize,
    conversation: String,
    position: Position,
    /// The time of the write, in seconds.
    written: u64,
}

impl PushableEvent {
    fn from_record(record: &Value) -> Option<Self> {
        let [old, new] = ["OldImage", "NewImage"].map(|image| &record["dynamodb"][image]);
        let is_new = record["eventName"] == "INSERT";
        let is_news = match new["kind"]["S"].as_str()? {
            "inbound-sms" => is_new,
            "confirmation-call" => asks(new) && !asks(old),
            _ => false,
        };
        let mut parts = new["pk"]["S"].as_str()?.split('#').skip(1);
        let company = parts.next()?;
        let company = COMPANIES.iter().position(|of| *of == company)?;
        let conversation = parts.next()?.to_owned();
        is_news.then_some(Self { company, conversation, position: position(new)?, written: written_at(record) })
    }
}
