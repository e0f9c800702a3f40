//! The actions of staff, and the responses to them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use domain::{Scheme, SessionLifetime, Timestamp};
use serde_json::{Value, json};
use store::Session;
use tokio::task::JoinSet;

use super::request::{READ, Request, appointment, feed, thread};
use super::{CUSTOMERS, STRANGER, Simulation, lock, text_of};
use crate::network::Invocation;
use crate::scenario::FaultPoint;

/// A response to staff.
#[derive(Clone, Debug)]
pub(crate) struct ResponseToStaff {
    pub(crate) step: usize,
    pub(crate) company: usize,
    /// The HTTP status. `None` if the function did not finish.
    pub(crate) status: Option<u16>,
    pub(crate) body: String,
}

impl Simulation {
    pub(super) async fn replies(self: &Arc<Self>, place: usize, first: bool, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        let (path, parameters, body) = if first {
            let body = json!({"to": CUSTOMERS[step.customer], "text": text_of(step)});
            ("/api/messages".to_owned(), json!({}), body)
        } else {
            let path = format!("/api/conversations/{conversation}/messages");
            (path, json!({"conversation": conversation}), json!({"text": text_of(step)}))
        };
        let request = Request { method: "POST", function: "send-reply", path, parameters, body: Some(body), ..READ };
        self.asks_again(place, &request, again).await
    }

    /// Sends the newest failed or unconfirmed message again.
    pub(super) async fn sends_again(self: &Arc<Self>, place: usize, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        let looking =
            Invocation::new(format!("a look before {}", step.number), [7 << 40, u64::from(step.number), 0], []);
        let shown = self.asks(step.company, &thread(conversation, None), &looking).await?;
        let shown: Value = serde_json::from_str(&shown.context("no answer")?.1)?;
        let may = |item: &&Value| matches!(item["status"].as_str(), Some("failed" | "unconfirmed"));
        let Some(message) = shown["items"].as_array().into_iter().flatten().find(may) else { return Ok(()) };
        let request = Request {
            method: "POST",
            function: "send-reply",
            path: format!("/api/conversations/{conversation}/messages"),
            parameters: json!({"conversation": conversation}),
            body: Some(json!({"again": message["id"]})),
            ..READ
        };
        // Several colleagues send it again, each with their own idempotency key.
        self.asks_side_by_side(place, again, |press| Request {
            key: Some(format!("key-{}-{press}", step.number)),
            ..request.clone()
        })
        .await
    }

    pub(super) async fn edits(self: &Arc<Self>, place: usize, status: &str, again: &[Duration]) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        self.books(step.company, step.customer).await?;
        let request = appointment(step.customer, status, &text_of(step));
        self.asks_again(place, &request, again).await
    }

    /// Creates a customer's appointment if they have none. If another task is creating it, waits for that.
    pub(super) async fn books(self: &Arc<Self>, company: usize, customer: usize) -> anyhow::Result<()> {
        let booked = lock(&self.booked).entry((company, customer)).or_default().clone();
        booked.get_or_try_init(|| self.books_now(company, customer)).await?;
        Ok(())
    }

    async fn books_now(self: &Arc<Self>, company: usize, customer: usize) -> anyhow::Result<()> {
        let invocation = Invocation::new("booking".to_owned(), [6 << 40, company as u64, customer as u64], []);
        let request = appointment(customer, "booked", "booked at first");
        let told = self.asks(company, &request, &invocation).await?;
        anyhow::ensure!(told.is_some_and(|(status, _)| [200, 201].contains(&status)), "nothing could be booked");
        Ok(())
    }

    pub(super) async fn reads(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let conversation = self.conversation(step.company, step.customer)?;
        for (attempt, request) in (0..).zip([feed("application/json", None), thread(conversation, None)]) {
            self.attempt(place, attempt, &request).await?;
        }
        Ok(())
    }

    /// Sends a request, and repeats it after each delay, whatever the first response was.
    async fn asks_again(self: &Arc<Self>, place: usize, request: &Request, again: &[Duration]) -> anyhow::Result<()> {
        let key = format!("key-{}", self.story.steps[place].number);
        self.asks_side_by_side(place, again, |_| Request { key: Some(key.clone()), ..request.clone() }).await
    }

    /// Sends a request, and another one after each delay, all concurrently.
    async fn asks_side_by_side(
        self: &Arc<Self>,
        place: usize,
        later: &[Duration],
        request: impl Fn(u32) -> Request,
    ) -> anyhow::Result<()> {
        let mut asking = JoinSet::new();
        for (attempt, delay) in (0..).zip(std::iter::once(&Duration::ZERO).chain(later)) {
            let (world, request, delay) = (self.clone(), request(attempt), *delay);
            asking.spawn(async move {
                tokio::time::sleep(delay).await;
                world.attempt(place, attempt, &request).await
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked??;
        }
        Ok(())
    }

    pub(super) fn invocation(&self, what: &str, place: usize, attempt: u32) -> Arc<Invocation> {
        let step = &self.story.steps[place];
        let troubles = step.troubles.iter().filter(|trouble: &&FaultPoint| trouble.attempt == attempt);
        let name = format!("{what} of {}", step.number);
        Invocation::new(name, [0, u64::from(step.number), u64::from(attempt)], troubles.copied())
    }

    pub(super) async fn attempt(
        self: &Arc<Self>,
        place: usize,
        attempt: u32,
        request: &Request,
    ) -> anyhow::Result<Option<(u16, String)>> {
        let company = self.story.steps[place].company;
        let invocation = self.invocation(&format!("attempt {attempt}"), place, attempt);
        let told = self.asks(company, request, &invocation).await?;
        let (status, body) = told.clone().unzip();
        let said = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
        self.trace.record(self.time, &format!("{} is told {said}", invocation.name()));
        if matches!(status, None | Some(503)) && invocation.is_to_succeed() {
            lock(&self.late).push(format!("{} is told {said}", invocation.name()));
        }
        lock(&self.told).push(ResponseToStaff { step: place, company, status, body: body.unwrap_or_default() });
        Ok(told)
    }

    /// Sends a request of a company's staff as API Gateway passes it on. Signs in again if the session has ended.
    pub(crate) async fn asks(
        self: &Arc<Self>,
        company: usize,
        request: &Request,
        invocation: &Arc<Invocation>,
    ) -> anyhow::Result<Option<(u16, String)>> {
        const CACHE_SECS: u64 = 60;
        loop {
            let known = lock(&self.sessions)[company].last().cloned();
            let (token, ends) = if let Some(known) = known {
                known
            } else {
                let ends = self.time.now().plus_secs(12 * 60 * 60);
                (self.sign_in_until(company, ends).await?, ends)
            };
            let now = self.time.now();
            let Some(verdict) = self.authorize(&token, invocation).await else { return Ok(None) };
            let answer = self.lambda.invoke(request.function, request.event(&verdict, &token), invocation).await;
            self.tells_of_what_was_sent();
            let Some(answer) = answer else { return Ok(None) };
            let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            let status = status.context("an answer has a status")?;
            if status == 401 && ends <= self.time.now() {
                lock(&self.sessions)[company].retain(|(known, _)| *known != token);
                continue;
            }
            anyhow::ensure!(
                status == 401 || now < ends.plus_secs(CACHE_SECS),
                "a session that is over was still good for an answer"
            );
            return Ok(Some((status, answer["body"].as_str().unwrap_or_default().to_owned())));
        }
    }

    /// Sends messages in a new session, and signs out meanwhile. The gateway uses the authorizer's earlier result for
    /// all of the requests.
    pub(super) async fn signs_out(
        self: &Arc<Self>,
        place: usize,
        asked: &[Duration],
        after: Duration,
    ) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let token = self.begin_session(step.company, self.time.now().plus_secs(12 * 60 * 60)).await?;
        let looking =
            Invocation::new(format!("a sign-in in {}", step.number), [8 << 40, u64::from(step.number), 0], []);
        let verdict = self.authorize(&token, &looking).await.context("no verdict")?;
        let mut asking = JoinSet::new();
        for (attempt, delay) in (0..).zip(asked) {
            let request = Request {
                method: "POST",
                function: "send-reply",
                path: "/api/messages".to_owned(),
                body: Some(json!({"to": STRANGER, "text": text_of(step)})),
                key: Some(format!("key-{}-{attempt}", step.number)),
                ..READ
            };
            let (world, delay, event) = (self.clone(), *delay, request.event(&verdict, &token));
            let invocation = self.invocation(&format!("attempt {attempt}"), place, attempt);
            asking.spawn(async move {
                tokio::time::sleep(delay).await;
                world.lambda.invoke("send-reply", event, &invocation).await
            });
        }
        tokio::time::sleep(after).await;
        let session = web::token_hash(&token);
        self.store.end_session(&session).await?;
        lock(&self.signed_out).push((place, format!("SESSION#{session}")));
        while let Some(asked) = asking.join_next().await {
            asked?;
        }
        Ok(())
    }

    pub(super) async fn sign_in_until(&self, company: usize, ends: Timestamp) -> anyhow::Result<String> {
        let token = self.begin_session(company, ends).await?;
        lock(&self.sessions)[company].push((token.clone(), ends));
        Ok(token)
    }

    async fn begin_session(&self, company: usize, ends: Timestamp) -> anyhow::Result<String> {
        let firm = &self.firms[company];
        let began = self.time.now();
        let token = format!("{}-{}", firm.company.id, self.sign_ins.fetch_add(1, Ordering::Relaxed));
        let lifetime = SessionLifetime { last_use: began, ends, idle_minutes: None };
        let (company, staff) = (firm.company.id.clone(), firm.staff.clone());
        let session = Session::new(company, staff, "Firefox on Linux".to_owned(), began, lifetime);
        self.store.start_session(&web::token_hash(&token), &session).await?;
        Ok(token)
    }

    /// Returns the authorizer's result, which the gateway caches for a minute.
    async fn authorize(&self, token: &str, invocation: &Arc<Invocation>) -> Option<Value> {
        let now = self.time.now();
        let known = lock(&self.authorized).get(token).cloned();
        if let Some((verdict, since)) = known
            && now < since.plus_secs(60)
        {
            return Some(verdict);
        }
        let event =
            json!({"type": "REQUEST", "cookies": [format!("{}={token}", web::session_cookie_name(Scheme::Https))]});
        let verdict = self.lambda.invoke("authorize", event, invocation).await?["context"].clone();
        lock(&self.authorized).insert(token.to_owned(), (verdict.clone(), now));
        Some(verdict)
    }
}
