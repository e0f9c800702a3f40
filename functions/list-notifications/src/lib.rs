#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, Notification, Staff};
use lambda_http::{Body, Request, Response};
use runtime::Runtime;
use store::Store;
use views::{HEAVIEST_PAGE, Viewer, event_weight};
use web::{Problem, ResponseFormat, WebResponse};

/// Lists a company's notifications: inbound messages and calls, newest first.
pub struct ListNotificationsFunction {
    store: Store,
    clock: Clock,
}

impl ListNotificationsFunction {
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
        let limit = web::limit(request, 10)?;
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        if web::choice(request, "by", &["customer"])?.is_some() {
            return self.by_customer(request, &staff, limit, &viewer).await;
        }
        let before = web::position(request, "before")?;
        let page = self.store.notifications(&staff.company, before, limit, viewer.now).await?;
        let place = |row: &Notification| row.event.position();
        let page = page.up_to(HEAVIEST_PAGE, |row| event_weight(&row.event), place);
        let next = page.next.map(|next| format!("/api/notifications?limit={limit}&before={next}"));
        Ok(ResponseFormat::of_request(request).answer(
            || views::notification_rows(&page, next.as_deref(), &viewer),
            || web::list(page.items.iter().map(|item| views::notification_json(item, &viewer)), next.as_deref()),
        ))
    }

    /// Lists the newest notifications with one row per customer. A customer who sends many messages then does not
    /// displace the others.
    async fn by_customer(
        &self,
        request: &Request,
        staff: &Staff,
        limit: usize,
        viewer: &Viewer,
    ) -> Result<WebResponse, Problem> {
        let groups = self.store.notification_groups(&staff.company, limit, viewer.now).await?;
        Ok(ResponseFormat::of_request(request).answer(
            || views::notification_groups(&groups, viewer),
            || web::list(groups.iter().map(|group| views::notification_group_json(group, viewer)), None),
        ))
    }
}
