//! The observable state at the end of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use domain::{PhoneNumber, Timestamp};
use serde_json::Value;

use crate::network::Invocation;
use crate::scenario::{COMPANIES, ScenarioProvider};
use crate::world::{
    CUSTOMERS, LIVE, PUSHES, Request, ResponseToStaff, Simulation, SubscriptionChange, browsers_of, feed, history,
    lock, thread,
};

/// The state that staff, customers and operators can observe at the end of a run. A test corrupts it to see each
/// invariant fail.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    pub now: u64,
    /// Whether the SMS service sends delivery receipts.
    pub by_receipts: bool,
    /// All pages of the feed, by company.
    pub feeds: Vec<Vec<Value>>,
    /// All pages of the conversation, by company and customer.
    pub threads: BTreeMap<(usize, usize), Vec<Value>>,
    /// The texts that reached the customer's phone, in order, by customer.
    pub carried: BTreeMap<usize, Vec<String>>,
    /// The messages that End User Messaging accepted, by their ids in Switchboard.
    pub taken: Vec<String>,
    /// The responses to staff: step, company, status and body.
    pub told: Vec<(usize, usize, Option<u16>, String)>,
    /// Work that failed or needed a second delivery, although all of its faults could be retried at once.
    pub late: Vec<String>,
    /// The records of the table's stream.
    pub written: Vec<Value>,
    pub given_up: BTreeSet<String>,
    /// The sequence numbers of records that `dispatch-push` gave up.
    pub not_pushed: BTreeSet<String>,
    /// Whether `dispatch-push` had any fault.
    pub push_goes_wrong: bool,
    /// The push notifications of each browser.
    pub pushed: BTreeMap<String, Vec<Value>>,
    /// When notifications were turned on or off: browser, whether on, and the times of the request and of the response,
    /// in milliseconds. The last is `None` if there was no response.
    pub turns: Vec<(String, bool, u64, Option<u64>)>,
    /// The steps in which a person signed out, with the partition key of their session.
    pub signed_out: Vec<(usize, String)>,
    /// The history, by company and customer.
    pub histories: BTreeMap<(usize, usize), Vec<Value>>,
    /// The frames that were sent to all pages of a company, by company.
    pub announced: Vec<Vec<String>>,
    /// The pages that are open at the end: company, what they show, and whether they may have missed something.
    pub screens: Vec<(usize, Vec<String>, bool)>,
    /// The messages in the dead-letter queues: their step, if they come from one.
    pub dead: Vec<Option<usize>>,
}

impl Observations {
    /// Returns the recorded entries of a kind, in the order in which they were recorded.
    pub(super) fn recorded(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let inserted = self.written.iter().filter(|record| record["eventName"] == "INSERT");
        inserted.map(|record| &record["dynamodb"]["NewImage"]).filter(move |image| image["kind"]["S"] == *kind)
    }
}

impl Simulation {
    /// Collects the observations, as staff, customers and operators can make them.
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
        for ResponseToStaff { step, company, status, body } in lock(&self.told).iter() {
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

    /// Returns all pages of a list, or `None` if the list does not exist.
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
