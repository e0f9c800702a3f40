//! What must hold after every run, whatever went wrong in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use domain::{MessageId, PhoneNumber, Position, Retention, Timestamp};
use serde_json::Value;

use crate::network::Invocation;
use crate::story::{COMPANIES, Provider, Receipt, Step, What};
use crate::world::{
    CUSTOMERS, LIVE, PUSHES, Request, Told, Turn, World, browsers_of, contact_of, feed, history, lock, sms_of, text_of,
    thread,
};

/// One of the things that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    Conversation,
    Feed,
    Order,
    Unanswered,
    Shown,
    CarriedOnce,
    OptedOut,
    ToldTruly,
    Saved,
    Calls,
    Announced,
    Pushed,
    PushedNoMore,
    Companies,
    Screens,
    History,
    DeadLetters,
    Ends,
}

/// A claim that does not hold, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub claim: Claim,
    pub shown_by: String,
}

impl Claim {
    pub const ALL: [Self; 18] = [
        Self::Conversation,
        Self::Feed,
        Self::Order,
        Self::Unanswered,
        Self::Shown,
        Self::CarriedOnce,
        Self::OptedOut,
        Self::ToldTruly,
        Self::Saved,
        Self::Calls,
        Self::Announced,
        Self::Pushed,
        Self::PushedNoMore,
        Self::Companies,
        Self::Screens,
        Self::History,
        Self::DeadLetters,
        Self::Ends,
    ];
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conversation => "every text that was accepted is in its conversation once",
            Self::Feed => "every text that was accepted is in its company's feed once",
            Self::Order => "lists are in order, and nothing is in them twice",
            Self::Unanswered => "what waits for an answer agrees with what happened",
            Self::Shown => "what the carrier took is never shown as not sent",
            Self::CarriedOnce => "the carrier got each message at most once",
            Self::OptedOut => "nothing is sent to who has opted out, and what they said last is in force",
            Self::ToldTruly => "what staff were told was sent was sent, and what was not was not",
            Self::Saved => "what staff were told was saved was saved",
            Self::Calls => "every call has one entry, with what is known best of it",
            Self::Announced => "everything that happened was announced",
            Self::Pushed => "every browser in which notifications are on was pushed what customers say",
            Self::PushedNoMore => "a browser in which notifications were turned off is pushed nothing from then on",
            Self::History => "the history says what staff did, each once",
            Self::Companies => "nothing of one company's reaches another",
            Self::Screens => "every screen that came back shows what the table holds",
            Self::DeadLetters => "dead-letter queues hold only what is malformed",
            Self::Ends => "the run comes to its end",
        })
    }
}

/// What everybody can see when everything is over, as it is checked. A test corrupts it to see each claim fail.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub now: u64,
    /// Whether the SMS service tells what became of messages.
    pub by_receipts: bool,
    /// By company: the feed, page after page.
    pub feeds: Vec<Vec<Value>>,
    /// By company and customer: the conversation, page after page.
    pub threads: BTreeMap<(usize, usize), Vec<Value>>,
    /// By company and customer: the texts that reached their phone, in order.
    pub carried: BTreeMap<usize, Vec<String>>,
    /// The messages that End User Messaging took, as they are called here.
    pub taken: Vec<String>,
    /// What a company's staff were answered, and the step of the story that they asked in.
    pub told: Vec<(usize, usize, Option<u16>, String)>,
    /// The table's stream.
    pub written: Vec<Value>,
    pub given_up: BTreeSet<String>,
    /// Of what was to be pushed.
    pub not_pushed: BTreeSet<String>,
    /// Whether anything went wrong where it was.
    pub push_goes_wrong: bool,
    /// By browser.
    pub pushed: BTreeMap<String, Vec<Value>>,
    /// When notifications were turned on or off in which browser: from when it was asked until it was answered, if it
    /// was, in milliseconds.
    pub turns: Vec<(String, bool, u64, Option<u64>)>,
    /// By company and customer: what staff did.
    pub histories: BTreeMap<(usize, usize), Vec<Value>>,
    /// By company: what everybody there is sent.
    pub announced: Vec<Vec<String>>,
    /// Pages that are open at the end: whose, what they show, and whether they may have missed something.
    pub screens: Vec<(usize, Vec<String>, bool)>,
    /// By step, of what comes from one.
    pub dead: Vec<Option<usize>>,
}

impl Seen {
    /// What was recorded of a kind, in the order in which it was.
    fn recorded(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let inserted = self.written.iter().filter(|record| record["eventName"] == "INSERT");
        inserted.map(|record| &record["dynamodb"]["NewImage"]).filter(move |image| image["kind"]["S"] == *kind)
    }
}

impl World {
    /// Looks at everything, as staff, customers and operators can.
    pub(crate) async fn look(self: &Arc<Self>) -> anyhow::Result<Seen> {
        let (now, by_receipts) = (self.time.now().as_millis(), self.story.provider == Provider::EndUserMessaging);
        let mut seen = Seen { now, by_receipts, ..Seen::default() };
        let looking = Invocation::new("looking".to_owned(), [10 << 40, 0, 0], []);
        for company in 0..COMPANIES.len() {
            let pages = |before: Option<String>| feed("application/json", before.as_deref());
            seen.feeds.push(self.list(company, pages, &looking).await?.unwrap_or_default());
            for customer in 0..CUSTOMERS.len() {
                let conversation = self.conversation(company, customer)?;
                let pages = |before: Option<String>| thread(conversation, before.as_deref());
                if let Some(items) = self.list(company, pages, &looking).await? {
                    seen.threads.insert((company, customer), items);
                }
                if let Some(items) = self.list(company, |_| history(conversation), &looking).await? {
                    seen.histories.insert((company, customer), items);
                }
            }
            seen.announced.push(self.witnessed(company));
            for browser in browsers_of(company) {
                seen.pushed.insert(browser.clone(), self.push_service.pushed_to(&browser));
            }
        }
        for (customer, number) in CUSTOMERS.iter().enumerate() {
            let carried = self.aws.carried_to(&PhoneNumber::e164(number)?).await?;
            seen.carried.insert(customer, carried.into_iter().map(|sms| sms.text).collect());
        }
        seen.taken = self.taken();
        for Told { step, company, status, body } in lock(&self.told).iter() {
            seen.told.push((*step, *company, *status, body.clone()));
        }
        for screen in lock(&self.screens).iter_mut() {
            let connected = screen.connection.take().map(|id| self.sockets.cut_off(&id));
            if let Some(shown) = connected {
                screen.takes(shown);
                seen.screens.push((screen.company, screen.shown.clone(), screen.missed));
            }
        }
        seen.written.clone_from(&lock(&self.written));
        (seen.given_up, seen.not_pushed) = (self.given_up(LIVE), self.given_up(PUSHES));
        seen.push_goes_wrong = !self.story.pushes.is_empty();
        for Turn { browser, on, asked, told } in lock(&self.turns).iter() {
            seen.turns.push((browser.clone(), *on, asked.as_millis(), told.map(Timestamp::as_millis)));
        }
        seen.dead = self.dead();
        Ok(seen)
    }

    /// All pages of a list; `None` if there is no such list.
    async fn list(
        self: &Arc<Self>,
        company: usize,
        page: impl Fn(Option<String>) -> Request,
        looking: &Arc<Invocation>,
    ) -> anyhow::Result<Option<Vec<Value>>> {
        let (mut items, mut before) = (Vec::new(), None);
        loop {
            let (status, body) = self.asks(company, &page(before), looking).await?.context("no answer")?;
            if status == 404 && items.is_empty() {
                return Ok(None);
            }
            anyhow::ensure!(status == 200, "a list is not given: {status}");
            let mut list: Value = serde_json::from_str(&body)?;
            items.append(list["items"].as_array_mut().context("no items")?);
            let next = list["next"].as_str().and_then(|next| next.split_once("before="));
            before = next.map(|(_, before)| before.split('&').next().unwrap_or_default().to_owned());
            if before.is_none() {
                return Ok(Some(items));
            }
        }
    }
}

/// The claims that do not hold of a story, by what is seen at its end.
#[must_use]
pub fn judge(steps: &[Step], accepted: &[(usize, u64)], seen: &Seen) -> Vec<Broken> {
    let mut court = Court { steps, accepted, seen, broken: Vec::new() };
    court.texts();
    court.order();
    court.unanswered();
    court.replies();
    court.opted_out();
    court.saved();
    court.calls();
    court.announced();
    court.pushed();
    court.pushed_no_more();
    court.history();
    court.companies();
    court.screens();
    court.dead_letters();
    court.broken
}

struct Court<'a> {
    steps: &'a [Step],
    /// The texts that reached a queue: the step, and when the SMS service took them.
    accepted: &'a [(usize, u64)],
    seen: &'a Seen,
    broken: Vec<Broken>,
}

impl Court<'_> {
    fn finds(&mut self, claim: Claim, shown_by: String) {
        self.broken.push(Broken { claim, shown_by });
    }

    /// Whether something of a moment is within the retention, in any case or in none: near the border it may be either.
    fn is_kept(&self, at: u64) -> Option<bool> {
        const MARGIN_MILLIS: u64 = 60_000;
        let floor = Retention::default().floor(Timestamp::from_millis(self.seen.now)).at.as_millis();
        if at > floor + MARGIN_MILLIS {
            Some(true)
        } else if at + MARGIN_MILLIS < floor {
            Some(false)
        } else {
            None
        }
    }

    fn texts(&mut self) {
        for (place, at) in self.accepted {
            let step = &self.steps[*place];
            let (text, Some(kept)) = (text_of(step), self.is_kept(*at)) else { continue };
            let is_it = |item: &&Value| item["text"] == *text && is_called(item, &id_of(step));
            let count = |items: &[Value]| items.iter().filter(is_it).count();
            let thread = self.seen.threads.get(&(step.company, step.customer)).map_or(0, |thread| count(thread));
            let feed = count(&self.seen.feeds[step.company]);
            if thread != usize::from(kept) {
                self.finds(Claim::Conversation, format!("the text of step {} is there {thread} times", step.number));
            }
            if feed != usize::from(kept) {
                self.finds(Claim::Feed, format!("the text of step {} is there {feed} times", step.number));
            }
        }
    }

    fn order(&mut self) {
        let seen = self.seen;
        for items in seen.feeds.iter().chain(seen.threads.values()) {
            let ids: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap_or_default()).collect();
            if let Some([above, below]) = ids.array_windows().find(|[above, below]| above <= below) {
                self.finds(Claim::Order, format!("{above} is above {below}"));
            }
            for item in items {
                let id = item["id"].as_str().unwrap_or_default();
                let taken = self.accepted.iter().find(|(place, _)| is_called(item, &id_of(&self.steps[*place])));
                if let Some((_, at)) = taken
                    && !id.starts_with(&format!("{at:013}-"))
                {
                    self.finds(Claim::Order, format!("{id} is not where it was said, at {at}"));
                }
            }
        }
    }

    /// Plays the stream again: what was written, and in which order, says how many wait.
    fn unanswered(&mut self) {
        // What was written within this of the retention's border may have been on either side of it.
        const MARGIN_MILLIS: u64 = 60_000;
        let mut waiting = BTreeMap::<String, (u64, u64)>::new();
        let mut unclear = BTreeSet::new();
        for record in &self.seen.written {
            let image = &record["dynamodb"]["NewImage"];
            let old = &record["dynamodb"]["OldImage"];
            let Some(kind) = image["kind"]["S"].as_str() else { continue };
            let pk = image["pk"]["S"].as_str().unwrap_or_default().to_owned();
            let at = position(image).map_or(0, |position| position.at.as_millis());
            let floor = floor_at(record).as_millis();
            let (last, waits) = waiting.entry(pk.clone()).or_default();
            if at.abs_diff(floor) < MARGIN_MILLIS || last.abs_diff(floor) < MARGIN_MILLIS {
                unclear.insert(pk);
            }
            if at < floor && record["eventName"] == "INSERT" {
                continue;
            }
            if *last < floor {
                *waits = 0;
            }
            match (record["eventName"].as_str().unwrap_or_default(), kind) {
                ("INSERT", "inbound-sms") if image["text"]["S"] == "START" => {}
                ("INSERT", "inbound-sms") if image["text"]["S"] != "STOP" => *waits += 1,
                // It answers nothing.
                ("INSERT", "outbound-sms") if confirms(image) => {}
                ("INSERT", "inbound-sms" | "outbound-sms") => *waits = 0,
                ("INSERT", "confirmation-call") if asks(image) => *waits += 1,
                ("MODIFY", "confirmation-call") if asks(image) && !asks(old) => *waits += 1,
                _ => {}
            }
            if record["eventName"] == "INSERT" && !confirms(image) {
                *last = (*last).max(at);
            }
        }
        for (company, feed) in self.seen.feeds.iter().enumerate() {
            for item in feed {
                let pk = format!(
                    "CONVERSATION#{}#{}",
                    COMPANIES[company],
                    item["conversation"].as_str().unwrap_or_default()
                );
                let Some((last, waits)) = waiting.get(&pk) else { continue };
                let clear = !unclear.contains(&pk) && self.is_kept(*last) == Some(true);
                if clear && item["unanswered"] != *waits {
                    let shown_by = format!("{} wait, and {} are said to", waits, item["unanswered"]);
                    self.finds(Claim::Unanswered, shown_by);
                }
            }
        }
    }

    fn replies(&mut self) {
        let taken = &self.seen.taken;
        let twice = taken.iter().enumerate().find(|(place, message)| taken[..*place].contains(message));
        if let Some((_, message)) = twice {
            self.finds(Claim::CarriedOnce, format!("{message} was carried twice"));
        }
        for (place, step) in self.steps.iter().enumerate() {
            let What::Reply { receipts, .. } = &step.what else { continue };
            let (text, seen) = (text_of(step), self.seen);
            let carried =
                seen.carried.get(&step.customer).map_or(0, |texts| texts.iter().filter(|it| **it == text).count());
            let sends: Vec<_> = seen.recorded("outbound-sms").filter(|image| image["text"]["S"] == *text).collect();
            if carried > sends.len().max(1) {
                self.finds(
                    Claim::CarriedOnce,
                    format!("the reply of step {} was carried {carried} times", step.number),
                );
            }
            let thread = seen.threads.get(&(step.company, step.customer));
            let shown: Vec<_> = thread.into_iter().flatten().filter(|item| item["text"] == *text).collect();
            if shown.len() > sends.len().max(1) {
                self.finds(Claim::Shown, format!("the reply of step {} is shown {} times", step.number, shown.len()));
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
                    self.finds(Claim::Shown, format!("the reply of step {} was carried and is not there", step.number));
                }
                (_, Some(status)) => {
                    let shown_by = format!(
                        "the reply of step {} is shown as {status}, and was carried {carried} times",
                        step.number
                    );
                    self.finds(Claim::Shown, shown_by);
                }
                (_, None) => {}
            }
            for (_, _, told, _) in seen.told.iter().filter(|(of, ..)| *of == place) {
                match told {
                    Some(201) if carried == 0 => {
                        self.finds(
                            Claim::ToldTruly,
                            format!("the reply of step {} was told to be sent, and was not", step.number),
                        );
                    }
                    Some(422 | 404 | 503) if carried > 0 && !self.was_told(place, 201) => {
                        self.finds(
                            Claim::ToldTruly,
                            format!("the reply of step {} was told not to be sent, and was", step.number),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    /// Each message is tried again by one other at most, and none that was carried is shown as not sent.
    fn sent_again(&mut self, step: &Step, sends: &[&Value], shown: &[&Value], carried: usize) {
        let again: BTreeSet<_> = sends.iter().map(|image| image["again"]["S"].as_str()).collect();
        if again.len() < sends.len() {
            self.finds(Claim::CarriedOnce, format!("the reply of step {} was sent again by two", step.number));
        }
        let not_sent = shown.iter().filter(|item| item["reason"].as_str().is_some_and(|it| it.starts_with("Not sent")));
        if carried + not_sent.count() > sends.len() {
            self.finds(Claim::Shown, format!("the reply of step {} was carried {carried} times", step.number));
        }
    }

    /// Plays the stream again: a message is recorded before it is sent, and not where the word in force is STOP.
    fn opted_out(&mut self) {
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
                        Claim::OptedOut,
                        format!("what is not in force, or was confirmed, was confirmed in {pk}"),
                    );
                }
            } else if record["eventName"] == "INSERT"
                && image["kind"]["S"] == "outbound-sms"
                && opted_out.get(pk) == Some(&true)
            {
                self.finds(Claim::OptedOut, format!("{} was sent to who has opted out", image["text"]["S"]));
            }
        }
        let keyword = |(place, at): &(usize, u64)| match self.steps[*place].what {
            What::Text { keyword: Some(keyword), .. } => Some((keyword, *at, &self.steps[*place])),
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
                self.finds(Claim::OptedOut, format!("the last word was {keyword}, and is not in force"));
            }
        }
    }

    fn was_told(&self, place: usize, status: u16) -> bool {
        self.seen.told.iter().any(|(of, _, told, _)| *of == place && [Some(status), Some(202), None].contains(told))
    }

    /// Whether the last attempt of a step is surely within the retention.
    fn was_within(&self, place: usize) -> bool {
        let began = self.seen.now.saturating_sub(self.since(place));
        self.is_kept(began) == Some(true)
    }

    /// How long before the end a step was.
    fn since(&self, place: usize) -> u64 {
        let end = self.steps.last().map_or(0, |last| last.at.as_millis());
        u64::try_from(end - self.steps[place].at.as_millis()).unwrap_or(u64::MAX) + 4 * 24 * 3_600_000
    }

    fn saved(&mut self) {
        for (place, _, status, _) in &self.seen.told {
            let step = &self.steps[*place];
            if !matches!(step.what, What::Edit { .. }) || !matches!(status, Some(200 | 201)) {
                continue;
            }
            let wrote = text_of(step);
            if !self.seen.written.iter().any(|record| record["dynamodb"]["NewImage"].to_string().contains(&wrote)) {
                self.finds(Claim::Saved, format!("the appointment of step {} was told to be saved", step.number));
            }
        }
    }

    fn calls(&mut self) {
        for (place, step) in self.steps.iter().enumerate() {
            let What::Call { pressed, ended } = &step.what else { continue };
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
                (true, false, false) => &[said, "no-answer"],
                (true, false, true) => &[said, ""],
                (false, _, false) => &["no-answer"],
                (false, _, true) => &[""],
            };
            let outcome = entries.first().map_or("", |entry| entry["outcome"].as_str().unwrap_or_default());
            let gone = outcome.is_empty() && !self.was_within(place);
            if entries.len() > 1 || !(may.contains(&outcome) || gone) {
                let shown_by = format!("the call of step {} has {} entries: {outcome}", step.number, entries.len());
                self.finds(Claim::Calls, shown_by);
            }
        }
    }

    fn announced(&mut self) {
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
                    self.finds(Claim::Announced, format!("{COMPANIES:?}[{company}] never saw {id}"));
                }
            }
        }
    }

    /// What is pushed takes the place of what was pushed of the same conversation before.
    fn pushed(&mut self) {
        let seen = self.seen;
        for (place, record) in seen.written.iter().enumerate() {
            let Some(News { company, conversation, position, written }) = News::of(record) else { continue };
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
            // A day after it was said nobody is told any more.
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
                    self.finds(Claim::Pushed, format!("{browser} was not pushed {position}"));
                }
                if same > 1 && !seen.push_goes_wrong {
                    self.finds(Claim::Pushed, format!("{browser} was pushed {position} {same} times"));
                }
            }
        }
    }

    /// What went wrong is tried again only while it waits for an answer, as nothing does that opts out or in.
    fn is_answered_before_it_is_tried_again(&self, place: usize) -> bool {
        let image = |record: &Value| record["dynamodb"]["NewImage"].clone();
        let news = image(&self.seen.written[place]);
        let is_word = |image: &Value| matches!(image["text"]["S"].as_str(), Some("STOP" | "START"));
        let later = self.seen.written[place..].iter().map(image);
        let mut later = later.filter(|image| image["pk"] == news["pk"]);
        self.seen.push_goes_wrong
            && (is_word(&news) || later.any(|image| image["kind"]["S"] == "outbound-sms" || is_word(&image)))
    }

    /// Whether notifications are surely on in a browser when something that is written now is pushed.
    fn is_on(&self, browser: &str, written: u64) -> bool {
        /// For so long a push is tried again.
        const TRIED: u64 = 60 * 60 * 1000;
        /// A browser that never says that it is there is forgotten later than this.
        const KEPT: u64 = 59 * 24 * 60 * 60 * 1000;
        let written = written * 1000;
        let of = |turned: bool| self.seen.turns.iter().filter(move |(of, on, ..)| of == browser && *on == turned);
        of(true).any(|(_, _, asked, told)| {
            let stands = told.is_some_and(|told| told < written && written < told + KEPT);
            let goes = |begin: u64, end: Option<u64>| begin < written + TRIED && end.is_none_or(|end| end > *asked);
            stands && !of(false).any(|(_, _, begin, end)| goes(*begin, *end))
        })
    }

    fn pushed_no_more(&mut self) {
        let seen = self.seen;
        let turned = |on: bool| seen.turns.iter().filter(move |turn| turn.1 == on);
        for (browser, _, asked, told) in turned(false) {
            let Some(told) = told else { continue };
            if turned(true).any(|(of, _, _, end)| of == browser && end.is_none_or(|end| end > *asked)) {
                continue;
            }
            for News { position, written, .. } in seen.written.iter().filter_map(News::of) {
                let is_it = |push: &Value| push["id"].as_str() == Some(position.to_string().as_str());
                if written * 1000 > *told && seen.pushed.get(browser).is_some_and(|pushed| pushed.iter().any(is_it)) {
                    self.finds(Claim::PushedNoMore, format!("{browser} was pushed {position}"));
                }
            }
        }
    }

    /// Plays the stream again: what was recorded to be sent, and each save, is there once.
    fn history(&mut self) {
        let seen = self.seen;
        for step in self.steps {
            let words = text_of(step);
            let entries = seen.histories.get(&(step.company, step.customer)).into_iter().flatten();
            let (is_it, records): (fn(&Value, &str) -> bool, _) = match step.what {
                What::Reply { .. } => (|entry, words| entry["message"]["text"] == *words, writes(seen, &words, sends)),
                What::Edit { .. } => (has_changed_notes_to, writes(seen, &words, saves)),
                _ => continue,
            };
            let told = entries.filter(|entry| is_it(entry, &words)).count();
            let surely = records.iter().filter(|at| self.is_kept(**at) == Some(true)).count();
            let perhaps = records.iter().filter(|at| self.is_kept(**at).is_none()).count();
            if told < surely || told > surely + perhaps {
                let shown_by = format!("what step {} did is there {told} times, and was done {surely}", step.number);
                self.finds(Claim::History, shown_by);
            }
        }
    }

    fn companies(&mut self) {
        let seen = self.seen;
        for (company, own) in COMPANIES.iter().enumerate() {
            let told = seen.told.iter().filter(|(_, of, ..)| *of == company).map(|(_, _, _, body)| body.clone());
            let feed = seen.feeds[company].iter().map(Value::to_string);
            let threads = seen.threads.iter().filter(|((of, _), _)| *of == company);
            let threads = threads.flat_map(|(_, items)| items.iter().map(Value::to_string));
            let shown = seen.announced[company].iter().cloned();
            let screens = seen.screens.iter().filter(|(of, ..)| *of == company).flat_map(|(_, shown, _)| shown.clone());
            let pushed = browsers_of(company).into_iter().filter_map(|browser| seen.pushed.get(&browser));
            let pushed = pushed.flatten().map(Value::to_string);
            let histories = seen.histories.iter().filter(|((of, _), _)| *of == company);
            let histories = histories.flat_map(|(_, items)| items.iter().map(Value::to_string));
            let all = told.chain(feed).chain(threads).chain(shown).chain(screens).chain(pushed).chain(histories);
            for (what, other) in all.flat_map(|what| COMPANIES.iter().map(move |other| (what.clone(), other))) {
                if other != own && what.contains(other) {
                    self.finds(Claim::Companies, format!("{own} was shown something of {other}"));
                    break;
                }
            }
        }
    }

    /// What is in the feed was on every screen that is connected, by a frame or because it asked.
    fn screens(&mut self) {
        for (company, shown, missed) in &self.seen.screens {
            let all = |id: &str| shown.iter().any(|html| html.contains(&format!("id=\"notification-{id}\"")));
            for item in self.seen.feeds[*company].iter().filter(|_| !missed && self.seen.given_up.is_empty()) {
                let id = item["id"].as_str().unwrap_or_default();
                if !all(id) {
                    self.finds(Claim::Screens, format!("a screen of {} never showed {id}", COMPANIES[*company]));
                }
            }
        }
    }

    fn dead_letters(&mut self) {
        for (place, step) in self.steps.iter().enumerate() {
            let dead = self.seen.dead.contains(&Some(place));
            if dead != matches!(step.what, What::Malformed) {
                let is = if dead { "is" } else { "is not" };
                self.finds(Claim::DeadLetters, format!("what came in step {} {is} there", step.number));
            }
        }
        if self.seen.dead.contains(&None) {
            self.finds(Claim::DeadLetters, "a push that was to be tried again is there".to_owned());
        }
    }
}

/// What customers say, in a record of the stream, and whoever has to answer it hears of.
struct News {
    company: usize,
    conversation: String,
    position: Position,
    /// In seconds.
    written: u64,
}

impl News {
    fn of(record: &Value) -> Option<Self> {
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

/// Whether a message is the last that a customer gets who has opted out.
fn confirms(image: &Value) -> bool {
    image["by"]["S"] == "Switchboard"
}

/// Whether a call is one that somebody has to answer.
fn asks(image: &Value) -> bool {
    matches!(image["outcome"]["S"].as_str(), Some("declined" | "asks-to-reschedule"))
}

/// When something was written that is about these words, in milliseconds.
fn writes(seen: &Seen, words: &str, is_about: fn(&Value, &str) -> bool) -> Vec<u64> {
    seen.written.iter().filter(|record| is_about(record, words)).map(|record| written_at(record) * 1000).collect()
}

fn sends(record: &Value, words: &str) -> bool {
    let image = &record["dynamodb"]["NewImage"];
    record["eventName"] == "INSERT" && image["kind"]["S"] == "outbound-sms" && image["text"]["S"] == *words
}

/// Whether an appointment that was there has these notes from then on.
fn saves(record: &Value, words: &str) -> bool {
    let notes = |image: &str| &record["dynamodb"][image]["appointment"]["M"]["now"]["M"]["details"]["M"]["notes"]["S"];
    record["eventName"] == "MODIFY" && notes("NewImage") == words && notes("OldImage") != words
}

fn has_changed_notes_to(entry: &Value, words: &str) -> bool {
    entry["changes"].as_array().into_iter().flatten().any(|change| change["field"] == "notes" && change["to"] == *words)
}

/// Switchboard's own id of a text.
fn id_of(step: &Step) -> String {
    let company = COMPANIES[step.company].parse();
    company.map(|company| MessageId::of_inbound(&company, &sms_of(step)).to_string()).unwrap_or_default()
}

/// Whether something in a list is the message with this id.
fn is_called(item: &Value, id: &str) -> bool {
    item["id"].as_str().is_some_and(|it| it.ends_with(id))
}

/// In seconds.
fn written_at(record: &Value) -> u64 {
    let secs = record["dynamodb"]["ApproximateCreationDateTime"].to_string();
    secs.split('.').next().and_then(|secs| secs.parse().ok()).unwrap_or_default()
}

/// The earliest moment that was kept when a record was written, to the second.
fn floor_at(record: &Value) -> Timestamp {
    Retention::default().floor(Timestamp::from_millis(written_at(record) * 1000)).at
}

fn position(image: &Value) -> Option<Position> {
    image["position"]["S"].as_str()?.parse().ok()
}
