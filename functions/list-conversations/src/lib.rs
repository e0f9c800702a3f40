#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, Position, Staff};
use lambda_http::{Body, Request, Response};
use runtime::Runtime;
use store::Store;
use views::Viewer;
use web::{Problem, ResponseFormat, WebResponse};

/// Lists a company's conversations, the one with the latest message first.
pub struct ListConversationsFunction {
    store: Store,
    clock: Clock,
}

impl ListConversationsFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.list(&request).await))
    }

    async fn list(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff(request)?;
        let before = web::position(request, "before")?;
        let limit = web::limit(request, 25)?;
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        if web::choice(request, "filter", &["blocked"])?.is_some() {
            return self.blocked(request, &staff, before, limit, &viewer).await;
        }
        let page = self.store.conversations(&staff.company, before, limit, viewer.now).await?;
        let next = page.next.map(|next| format!("/api/conversations?limit={limit}&before={next}"));
        Ok(ResponseFormat::of_request(request).answer(
            || views::conversation_rows(&page, next.as_deref(), &viewer),
            || web::list(page.items.iter().map(|item| views::conversation_json(item, &viewer)), next.as_deref()),
        ))
    }

    /// Lists the numbers that staff have blocked. The inbox does not show them.
    async fn blocked(
        &self,
        request: &Request,
        staff: &Staff,
        before: Option<Position>,
        limit: usize,
        viewer: &Viewer,
    ) -> Result<WebResponse, Problem> {
        let page = self.store.blocked_numbers(&staff.company, before, limit, viewer.now).await?;
        let next = page.next.map(|next| format!("/api/conversations?filter=blocked&limit={limit}&before={next}"));
        Ok(ResponseFormat::of_request(request).answer(
            || views::blocked_rows(&page, next.as_deref(), viewer),
            || web::list(page.items.iter().map(|item| views::blocked_number_json(item, viewer)), next.as_deref()),
        ))
    }
}
