#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::Clock;
use lambda_http::{Body, Request, Response};
use runtime::Runtime;
use store::Store;
use views::Viewer;
use web::{Answer, Format, Problem};

/// A company's inbox: its conversations, the one with the latest message first.
pub struct ListConversations {
    store: Store,
    clock: Clock,
}

impl ListConversations {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.list(&request).await))
    }

    async fn list(&self, request: &Request) -> Result<Answer, Problem> {
        let staff = web::staff(request)?;
        let before = web::position(request, "before")?;
        let limit = web::limit(request, 25)?;
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        let page = self.store.conversations(&staff.company, before, limit, viewer.now).await?;
        let next = page.next.map(|next| format!("/api/conversations?limit={limit}&before={next}"));
        Ok(Format::of(request).answer(
            || views::conversation_rows(&page, next.as_deref(), &viewer),
            || web::list(page.items.iter().map(|item| views::conversation_json(item, &viewer)), next.as_deref()),
        ))
    }
}
