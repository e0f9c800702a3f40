//! What everybody can see when a story is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use domain::{PhoneNumber, Timestamp};
use serde_json::Value;

use crate::network::Invocation;
use crate::scenario::{COMPANIES, ScenarioProvider};
use crate::world::{
    CUSTOMERS, LIVE, PUSHES, Request, StaffResponse, SubscriptionChange, World, browsers_of, feed, history, lock,
    thread,
};

/// What everybody can see when everything is over, as it is checked. A test corrupts it to see each claim fail.
#[derive(Clone, Debug, Default)]
pub struct Observations {
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
    /// What failed, or had to wait for its second delivery, although all that went wrong could be tried again at once.
    pub late: Vec<String>,
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
    /// The steps in which somebody signed out, with the partition key of their session.
    pub signed_out: Vec<(usize, String)>,
    /// By company and customer: what staff did.
    pub histories: BTreeMap<(usize, usize), Vec<Value>>,
    /// By company: what everybody there is sent.
    pub announced: Vec<Vec<String>>,
    /// Pages that are open at the end: whose, what they show, and whether they may have missed something.
    pub screens: Vec<(usize, Vec<String>, bool)>,
    /// By step, of what comes from one.
    pub dead: Vec<Option<usize>>,
}

impl Observations {
    /// What was recorded of a kind, in the order in which it was.
    pub(super) fn recorded(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let inserted = self.written.iter().filter(|record| record["eventName"] == "INSERT");
        inserted.map(|record| &record["dynamodb"]["NewImage"]).filter(move |image| image["kind"]["S"] == *kind)
    }
}

impl World {
    /// Looks at everything, as staff, customers and operators can.
    pub(crate) async fn observe(self: &Arc<Self>) -> anyhow::Result<Observations> {
        let (now, by_receipts) =
            (self.time.now().as_millis(), self.story.provider == ScenarioProvider::EndUserMessaging);
        let mut seen = Observations { now, by_receipts, ..Observations::default() };
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
        seen.taken = self.given_up_records();
        for StaffResponse { step, company, status, body } in lock(&self.told).iter() {
            seen.told.push((*step, *company, *status, body.clone()));
        }
        seen.late.clone_from(&lock(&self.late));
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
        for SubscriptionChange { browser, on, asked, told } in lock(&self.turns).iter() {
            seen.turns.push((browser.clone(), *on, asked.as_millis(), told.map(Timestamp::as_millis)));
        }
        seen.signed_out.clone_from(&lock(&self.signed_out));
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
