//! Pages that are open, and lose their connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Scheme;
use serde_json::json;

use super::request::feed;
use super::{Simulation, lock};
use crate::network::Invocation;
use crate::sockets::{ReceivedFrames, WITNESS};

/// A page that shows a company's feed.
pub(crate) struct Screen {
    pub(crate) company: usize,
    /// The connection id. `None` while the page is disconnected.
    pub(crate) connection: Option<String>,
    pub(crate) shown: Vec<String>,
    pub(crate) missed: bool,
}

/// The interval at which an open page refreshes its list. A refresh shows what a socket or a replica missed.
const REFRESH: Duration = Duration::from_secs(5);

impl Simulation {
    /// Connects the company's disconnected screens. They fetch what they missed at once, and again with the next
    /// refresh.
    pub(super) async fn connects(self: &Arc<Self>, place: usize) -> anyhow::Result<()> {
        let step = &self.story.steps[place];
        let (screens, mut connected) = (lock(&self.screens).len(), Vec::new());
        for screen in 0..screens {
            let lost = |screen: &Screen| screen.company == step.company && screen.connection.is_none();
            if !lost(&lock(&self.screens)[screen]) {
                continue;
            }
            let id = format!("screen-{}", self.connections.fetch_add(1, Ordering::Relaxed));
            let invocation = self.invocation("a handshake", place, 0);
            if !self.handshake(step.company, &id, &invocation).await? {
                continue;
            }
            self.sockets.open(&id);
            lock(&self.screens)[screen].connection = Some(id.clone());
            if let Some((200, body)) = self.attempt(place, 1, &feed("text/html", None)).await? {
                self.sockets.record_refresh(&id, body);
            } else {
                self.sockets.misses(&id);
            }
            connected.push(id);
        }
        if connected.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(REFRESH).await;
        let refresh =
            Invocation::new(format!("a refresh of {}", step.number), [11 << 40, u64::from(step.number), 0], []);
        if let Some((200, body)) = self.asks(step.company, &feed("text/html", None), &refresh).await? {
            for id in &connected {
                self.sockets.record_refresh(id, body.clone());
            }
        }
        Ok(())
    }

    async fn handshake(&self, company: usize, id: &str, invocation: &Arc<Invocation>) -> anyhow::Result<bool> {
        let token = lock(&self.sessions)[company].last().cloned();
        let token = match token {
            Some((token, ends)) if self.time.now() < ends => token,
            _ => self.sign_in_until(company, self.time.now().plus_secs(12 * 60 * 60)).await?,
        };
        let mut event = json!({
            "headers": {"cookie": format!("{}={token}", web::session_cookie_name(Scheme::Https)), "sec-fetch-site": "same-origin"},
            "methodArn": "arn:connect", "type": "REQUEST",
            "requestContext": {"connectionId": id, "eventType": "CONNECT", "routeKey": "$connect"},
        });
        let Some(policy) = self.lambda.invoke("authorize", event.clone(), invocation).await else { return Ok(false) };
        event["requestContext"]["authorizer"] = policy["context"].clone();
        let answer = self.lambda.invoke("live-connection", event, invocation).await;
        Ok(answer.is_some_and(|answer| answer["statusCode"] == 200))
    }

    /// Disconnects all of the company's screens. Functions only notice by a response with status 410.
    pub(super) fn cuts_off(&self, place: usize) {
        let step = &self.story.steps[place];
        for screen in lock(&self.screens).iter_mut().filter(|screen| screen.company == step.company) {
            if let Some(shown) = screen.connection.take().map(|id| self.sockets.cut_off(&id)) {
                screen.takes(shown);
            }
        }
    }

    /// Returns the frames that the witness of a company received.
    pub(crate) fn witnessed(&self, company: usize) -> Vec<String> {
        self.sockets.cut_off(&format!("{WITNESS}-{company}")).unwrap_or_default().html
    }
}

impl Screen {
    /// Adds the content that the page received over a connection. `None` stands for a connection that the other side
    /// has closed.
    pub(crate) fn takes(&mut self, shown: Option<ReceivedFrames>) {
        match shown {
            Some(shown) => {
                self.shown.extend(shown.html);
                self.missed |= shown.missed;
            }
            None => self.missed = true,
        }
    }
}
