//! Checks of inbound messages, calls and replies: in conversations and feeds, at the carrier, and in the count of
//! unanswered entries.

use std::collections::{BTreeMap, BTreeSet};

use domain::{MessageId, Position};
use serde_json::Value;

use super::Checker;
use super::records::{asks, confirms, floor_at, id_of, is_called, position};
use crate::invariants::Invariant;
use crate::scenario::{Action, COMPANIES, Receipt, Step};
use crate::world::{contact_of, text_of};

/// The maximum number of inbound messages in a batch.
const BATCH: u64 = 10;

/// The entries of a conversation, as read from the stream.
#[derive(Default)]
struct ConversationCheck {
    /// The entries with their positions, in the order in which they were recorded.
    said: Vec<(Position, MessageClass)>,
    /// Whether each of our replies is accepted by the carrier and not reported as undelivered.
    is_answer: BTreeMap<Position, bool>,
    /// The time of the newest entry, in milliseconds.
    last: u64,
}

#[derive(Clone, Copy)]
enum MessageClass {
    Ask,
    Reply,
    Stop,
}

impl ConversationCheck {
    /// Returns the lowest and the highest correct count of unanswered entries. A text that was recorded after an answer
    /// of a later time may count as answered or not.
    fn wait(&self) -> (u64, u64) {
        let as_recorded = self.since_an_answer(&self.said);
        let mut as_said = self.said.clone();
        as_said.sort_by_key(|(place, _)| *place);
        let as_said = self.since_an_answer(&as_said);
        (as_recorded.min(as_said), as_recorded.max(as_said))
    }

    fn since_an_answer(&self, said: &[(Position, MessageClass)]) -> u64 {
        let ends = |(place, said): &&(Position, MessageClass)| match said {
            MessageClass::Ask => false,
            MessageClass::Reply => self.is_answer.get(place) == Some(&true),
            MessageClass::Stop => true,
        };
        said.iter().rev().take_while(|said| !ends(said)).filter(|(_, said)| matches!(said, MessageClass::Ask)).count()
            as u64
    }
}

fn is_answer(image: &Value) -> bool {
    ["sent", "delivered"].map(Some).contains(&image["progress"]["M"]["state"]["S"].as_str())
}

impl Checker<'_> {
    pub(super) fn texts(&mut self) {
        for (place, at) in self.accepted {
            let step = &self.steps[*place];
            let (text, Some(kept)) = (text_of(step), self.is_kept(*at)) else { continue };
            let is_it = |item: &&Value| item["text"] == *text && is_called(item, &id_of(step));
            let count = |items: &[Value]| items.iter().filter(is_it).count();
            let thread = self.seen.threads.get(&(step.company, step.customer)).map_or(0, |thread| count(thread));
            let feed = count(&self.seen.feeds[step.company]);
            if thread != usize::from(kept) {
                self.finds(
                    Invariant::Conversation,
                    format!("the text of step {} is there {thread} times", step.number),
                );
            }
            if feed != usize::from(kept) {
                self.finds(Invariant::Feed, format!("the text of step {} is there {feed} times", step.number));
            }
        }
    }

    pub(super) fn order(&mut self) {
        let seen = self.seen;
        for items in seen.feeds.iter().chain(seen.threads.values()) {
            let ids: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap_or_default()).collect();
            if let Some([above, below]) = ids.array_windows().find(|[above, below]| above <= below) {
                self.finds(Invariant::Order, format!("{above} is above {below}"));
            }
            for item in items {
                let id = item["id"].as_str().unwrap_or_default();
                let taken = self.accepted.iter().find(|(place, _)| is_called(item, &id_of(&self.steps[*place])));
                // Texts of one customer, batch and millisecond get consecutive milliseconds.
                let stands = id.split_once('-').and_then(|(stands, _)| stands.parse().ok()).unwrap_or(0);
                if let Some((_, at)) = taken
                    && !(*at..*at + BATCH).contains(&stands)
                {
                    self.finds(Invariant::Order, format!("{id} is not where it was said, at {at}"));
                }
            }
        }
    }

    /// Replays the stream to compute the counts of unanswered entries: from the writes, their order, and the final
    /// delivery status.
    pub(super) fn unanswered(&mut self) {
        // An entry this close to the retention's limit may have been on either side of it.
        const MARGIN_MILLIS: u64 = 60_000;
        let mut talks = BTreeMap::<String, ConversationCheck>::new();
        let mut unclear = BTreeSet::new();
        for record in &self.seen.written {
            let image = &record["dynamodb"]["NewImage"];
            let old = &record["dynamodb"]["OldImage"];
            let Some(kind) = image["kind"]["S"].as_str() else { continue };
            let pk = image["pk"]["S"].as_str().unwrap_or_default().to_owned();
            let Some(place) = position(image) else { continue };
            let at = place.at.as_millis();
            let floor = floor_at(record).as_millis();
            let talk = talks.entry(pk.clone()).or_default();
            if at.abs_diff(floor) < MARGIN_MILLIS || talk.last.abs_diff(floor) < MARGIN_MILLIS {
                unclear.insert(pk);
            }
            let is_new = record["eventName"] == "INSERT";
            if at < floor && is_new {
                continue;
            }
            if talk.last < floor {
                talk.said.clear();
            }
            let said = match (is_new, kind) {
                // The acknowledgement of an opt-out does not count as an answer.
                (_, "outbound-sms") if confirms(image) => continue,
                (true, "inbound-sms") if image["text"]["S"] == "START" => None,
                (true, "inbound-sms") if image["text"]["S"] == "STOP" => Some(MessageClass::Stop),
                (true, "inbound-sms") => Some(MessageClass::Ask),
                (true, "confirmation-call") if asks(image) => Some(MessageClass::Ask),
                (false, "confirmation-call") if asks(image) && !asks(old) => Some(MessageClass::Ask),
                (_, "outbound-sms") => {
                    talk.is_answer.insert(place, is_answer(image));
                    is_new.then_some(MessageClass::Reply)
                }
                _ => None,
            };
            talk.said.extend(said.map(|said| (place, said)));
            if is_new {
                talk.last = talk.last.max(at);
            }
        }
        for (company, feed) in self.seen.feeds.iter().enumerate() {
            for item in feed {
                let pk = format!(
                    "CONVERSATION#{}#{}",
                    COMPANIES[company],
                    item["conversation"].as_str().unwrap_or_default()
                );
                let Some(talk) = talks.get(&pk) else { continue };
                let clear = !unclear.contains(&pk) && self.is_kept(talk.last) == Some(true);
                let (least, most) = talk.wait();
                if clear && !item["unanswered"].as_u64().is_some_and(|said| (least..=most).contains(&said)) {
                    let shown_by = format!("{least} to {most} wait, and {} are said to", item["unanswered"]);
                    self.finds(Invariant::Unanswered, shown_by);
                }
            }
        }
    }

    pub(super) fn replies(&mut self) {
        let taken = &self.seen.taken;
        let twice = taken.iter().enumerate().find(|(place, message)| taken[..*place].contains(message));
        if let Some((_, message)) = twice {
            self.finds(Invariant::CarriedOnce, format!("{message} was carried twice"));
        }
        for (place, step) in self.steps.iter().enumerate() {
            let Action::Reply { receipts, .. } = &step.what else { continue };
            let (text, seen) = (text_of(step), self.seen);
            let carried =
                seen.carried.get(&step.customer).map_or(0, |texts| texts.iter().filter(|it| **it == text).count());
            let sends: Vec<_> = seen.recorded("outbound-sms").filter(|image| image["text"]["S"] == *text).collect();
            if carried > sends.len().max(1) {
                self.finds(
                    Invariant::CarriedOnce,
                    format!("the reply of step {} was carried {carried} times", step.number),
                );
            }
            let thread = seen.threads.get(&(step.company, step.customer));
            let shown: Vec<_> = thread.into_iter().flatten().filter(|item| item["text"] == *text).collect();
            if shown.len() > sends.len().max(1) {
                self.finds(
                    Invariant::Shown,
                    format!("the reply of step {} is shown {} times", step.number, shown.len()),
                );
            }
            if sends.len() > 1 {
                self.sent_again(step, &sends, &shown, carried);
                continue;
            }
            let status = shown.first().map(|item| match item["reason"].as_str() {
                Some(reason) if reason.starts_with("Not sent") => "not sent",
                _ => item["status"].as_str().unwrap_or_default(),
            });
            let kept = self.was_within(place);
            let told_of = |receipt| seen.by_receipts && receipts.iter().any(|(told, _)| *told == receipt);
            let may = match (told_of(Receipt::Delivered), told_of(Receipt::NotDelivered)) {
                (true, _) => ["delivered", "delivered"],
                (false, true) => ["failed", "failed"],
                (false, false) if seen.by_receipts && !receipts.is_empty() => ["sent", "sent"],
                (false, false) => ["sent", "unconfirmed"],
            };
            match (carried, status) {
                (1, Some(status)) if may.contains(&status) => {}
                (0, Some("not sent" | "unconfirmed") | None) => {}
                (1, None) if !kept => {}
                (1, None) => {
                    self.finds(
                        Invariant::Shown,
                        format!("the reply of step {} was carried and is not there", step.number),
                    );
                }
                (_, Some(status)) => {
                    let shown_by = format!(
                        "the reply of step {} is shown as {status}, and was carried {carried} times",
                        step.number
                    );
                    self.finds(Invariant::Shown, shown_by);
                }
                (_, None) => {}
            }
            for (_, _, told, body) in seen.told.iter().filter(|(of, ..)| *of == place) {
                match told {
                    // A repeated request returns the same message, even if the customer has opted out since. If there
                    // was an opt-out before, the request may have been rejected.
                    Some(422)
                        if carried > 0
                            && body.contains("opted-out")
                            && !sends.iter().any(|image| self.was_opted_out_before(image)) =>
                    {
                        self.finds(
                            Invariant::ToldTruly,
                            format!("the reply of step {} was carried, and told to be kept back", step.number),
                        );
                    }
                    Some(201) if carried == 0 => {
                        self.finds(
                            Invariant::ToldTruly,
                            format!("the reply of step {} was told to be sent, and was not", step.number),
                        );
                    }
                    Some(422 | 404 | 503) if carried > 0 && !self.was_told(place, 201) => {
                        self.finds(
                            Invariant::ToldTruly,
                            format!("the reply of step {} was told not to be sent, and was", step.number),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    /// Returns whether a customer had ever opted out when a message to them was recorded.
    fn was_opted_out_before(&self, message: &Value) -> bool {
        let images = self.seen.written.iter().map(|record| &record["dynamodb"]["NewImage"]);
        let mut before = images.take_while(|image| image["sk"] != message["sk"]);
        before.any(|image| image["pk"] == message["pk"] && image["sk"]["S"] == "OPTOUT" && image["state"]["S"] == "out")
    }

    /// Checks that each message is sent again at most once, and that no delivered message is shown as not sent.
    fn sent_again(&mut self, step: &Step, sends: &[&Value], shown: &[&Value], carried: usize) {
        let again: BTreeSet<_> = sends.iter().map(|image| image["again"]["S"].as_str()).collect();
        if again.len() < sends.len() {
            self.finds(Invariant::CarriedOnce, format!("the reply of step {} was sent again by two", step.number));
        }
        let not_sent = shown.iter().filter(|item| item["reason"].as_str().is_some_and(|it| it.starts_with("Not sent")));
        if carried + not_sent.count() > sends.len() {
            self.finds(Invariant::Shown, format!("the reply of step {} was carried {carried} times", step.number));
        }
    }

    /// Replays the stream to check that no message is recorded while the customer is opted out. Each message is
    /// recorded before it is sent.
    pub(super) fn opted_out(&mut self) {
        let (seen, mut opted_out, mut confirmed) = (self.seen, BTreeMap::new(), BTreeSet::new());
        for record in &seen.written {
            let image = &record["dynamodb"]["NewImage"];
            let pk = image["pk"]["S"].as_str().unwrap_or_default();
            if image["sk"]["S"] == "OPTOUT" {
                let is_out = image["state"]["S"] == "out";
                opted_out.insert(pk, is_out);
                if !is_out {
                    confirmed.remove(pk);
                }
            } else if record["eventName"] == "INSERT" && confirms(image) {
                if opted_out.get(pk) != Some(&true) || !confirmed.insert(pk) {
                    self.finds(
                        Invariant::OptedOut,
                        format!("what is not in force, or was confirmed, was confirmed in {pk}"),
                    );
                }
            } else if record["eventName"] == "INSERT"
                && image["kind"]["S"] == "outbound-sms"
                && opted_out.get(pk) == Some(&true)
            {
                self.finds(Invariant::OptedOut, format!("{} was sent to who has opted out", image["text"]["S"]));
            }
        }
        let keyword = |(place, at): &(usize, u64)| match self.steps[*place].what {
            Action::Text { keyword: Some(keyword), .. } => Some((keyword, *at, &self.steps[*place])),
            _ => None,
        };
        let mut last = BTreeMap::new();
        for (keyword, at, step) in self.accepted.iter().filter_map(keyword) {
            let id = id_of(step);
            let recorded = |image: &&Value| image["sk"]["S"].as_str().is_some_and(|it| it.ends_with(&id));
            let Some(pk) = seen.recorded("inbound-sms").find(recorded).and_then(|image| image["pk"]["S"].as_str())
            else {
                continue;
            };
            let said = last.entry(pk).or_insert((at, id.clone(), keyword));
            *said = said.clone().max((at, id, keyword));
        }
        for (pk, (_, _, keyword)) in last {
            if opted_out.get(pk) != Some(&(keyword == "STOP")) {
                self.finds(Invariant::OptedOut, format!("the last word was {keyword}, and is not in force"));
            }
        }
    }

    pub(super) fn calls(&mut self) {
        for (place, step) in self.steps.iter().enumerate() {
            let Action::Call { pressed, ended } = &step.what else { continue };
            let Ok(company) = COMPANIES[step.company].parse() else { continue };
            let id = MessageId::of_call(&company, &contact_of(step)).to_string();
            let thread = self.seen.threads.get(&(step.company, step.customer));
            let of_call = |item: &&Value| item["id"].as_str().is_some_and(|it| it.ends_with(&id));
            let entries: Vec<_> = thread.into_iter().flatten().filter(of_call).collect();
            let said = match pressed.map(|(digit, _)| digit) {
                Some('1') => "confirmed",
                Some('2') => "declined",
                _ => "asks-to-reschedule",
            };
            let taken_down = self.seen.told.iter().any(|(of, _, status, _)| *of == place && status.is_some());
            let may: &[&str] = match (pressed.is_some(), taken_down, ended.is_empty()) {
                (true, true, _) => &[said],
                (true, false, false) => &[said, "answered"],
                (true, false, true) => &[said, ""],
                (false, _, false) => &["answered"],
                (false, _, true) => &[""],
            };
            let outcome = entries.first().map_or("", |entry| entry["outcome"].as_str().unwrap_or_default());
            let gone = outcome.is_empty() && !self.was_within(place);
            if entries.len() > 1 || !(may.contains(&outcome) || gone) {
                let shown_by = format!("the call of step {} has {} entries: {outcome}", step.number, entries.len());
                self.finds(Invariant::Calls, shown_by);
            }
        }
    }

    pub(super) fn announced(&mut self) {
        for record in &self.seen.written {
            let image = &record["dynamodb"]["NewImage"];
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
            let (Some(kind), Some(position)) = (image["kind"]["S"].as_str(), position(image)) else { continue };
            if self.seen.given_up.contains(number) || position.at <= floor_at(record).plus_secs(300) {
                continue;
            }
            let pk = image["pk"]["S"].as_str().unwrap_or_default();
            let Some(company) = COMPANIES.iter().position(|company| pk.contains(&format!("#{company}#"))) else {
                continue;
            };
            let mut ids = vec![format!("id=\"message-{position}\""), format!("id=\"notification-{position}\"")];
            match kind {
                "outbound-sms" => ids.truncate(1),
                "confirmation-call" => drop(ids.remove(0)),
                _ => {}
            }
            for id in ids {
                if !self.seen.announced[company].iter().any(|frame| frame.contains(&id)) {
                    self.finds(Invariant::Announced, format!("{COMPANIES:?}[{company}] never saw {id}"));
                }
            }
        }
    }
}
