//! Browsers in which staff turn notifications on and off.

use std::sync::Arc;

use anyhow::Context;
use domain::{PushEndpoint, Timestamp};
use serde_json::json;

use super::request::{READ, Request};
use super::{Simulation, lock};
use crate::network::Invocation;
use crate::push_service;
use crate::scenario::COMPANIES;

/// A request that turned notifications in a browser on or off, and the times of request and response.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionChange {
    pub(crate) browser: String,
    pub(crate) on: bool,
    pub(crate) asked: Timestamp,
    /// The time of the response. `None` if there was no response.
    pub(crate) told: Option<Timestamp>,
}

/// Returns a company's browsers: the first always has notifications on, the second turns them on and off.
pub(crate) fn browsers_of(company: usize) -> [String; 2] {
    [0, 1].map(|number| format!("{}-{number}", COMPANIES[company]))
}

impl Simulation {
    /// Turns notifications on in each company's first browser.
    pub(super) async fn are_told(self: &Arc<Self>) -> anyhow::Result<()> {
        for company in 0..COMPANIES.len() {
            let invocation = Invocation::new("the first browser".to_owned(), [9 << 40, company as u64, 0], []);
            let [browser, _] = browsers_of(company);
            let asked = self.time.now();
            let told = self.asks(company, &turn_on(&browser), &invocation).await?;
            let (status, _) = told.context("no answer")?;
            anyhow::ensure!(status == 201, "notifications cannot be turned on: {status}");
            self.turned(browser, true, asked, Some(status));
        }
        Ok(())
    }

    pub(super) async fn turns_on(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let [_, browser] = browsers_of(self.story.steps[place].company);
        let request = turn_on(&browser);
        let mut asked = self.time.now();
        let mut told = self.attempt(place, 0, &request).await?;
        if told.as_ref().is_some_and(|(status, body)| *status == 409 && body.contains("sign-in-again")) {
            self.sign_in_until(self.story.steps[place].company, asked.plus_secs(12 * 60 * 60)).await?;
            asked = self.time.now();
            told = self.attempt(place, 1, &request).await?;
        }
        self.turned(browser, true, asked, told.map(|(status, _)| status));
        Ok(())
    }

    pub(super) async fn turns_off(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let [_, browser] = browsers_of(self.story.steps[place].company);
        let endpoint = push_service::subscription(&browser)["endpoint"].as_str().unwrap_or_default().to_owned();
        let id = PushEndpoint::new(endpoint).id();
        let request = Request {
            method: "DELETE",
            function: "push-subscriptions",
            path: format!("/api/push-subscriptions/{id}"),
            parameters: json!({"subscription": id}),
            ..READ
        };
        let asked = self.time.now();
        let told = self.attempt(place, 0, &request).await?;
        self.turned(browser, false, asked, told.map(|(status, _)| status));
        Ok(())
    }

    fn turned(&self, browser: String, on: bool, asked: Timestamp, status: Option<u16>) {
        let is_done = status.is_some_and(|status| (200..300).contains(&status));
        let told = is_done.then(|| self.time.now());
        lock(&self.turns).push(SubscriptionChange { browser, on, asked, told });
    }
}

fn turn_on(browser: &str) -> Request {
    let mut body = push_service::subscription(browser);
    body["turnedOn"] = json!(true);
    Request {
        method: "PUT",
        function: "push-subscriptions",
        path: "/api/push-subscriptions".to_owned(),
        body: Some(body),
        ..READ
    }
}
