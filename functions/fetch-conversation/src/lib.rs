#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, Event};
use lambda_http::{Body, Request, Response};
use maud::html;
use runtime::Runtime;
use store::{Span, Store};
use views::{HEAVIEST_PAGE, Viewer, event_weight};
use web::{Answer, Format, Problem};

/// What was said with one customer, a page at a time.
pub struct FetchConversation {
    store: Store,
    clock: Clock,
}

impl FetchConversation {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.fetch(&request).await))
    }

    async fn fetch(&self, request: &Request) -> Result<Answer, Problem> {
        let staff = web::staff(request)?;
        let conversation = web::conversation(request)?;
        let span = Span { before: web::position(request, "before")?, after: web::position(request, "after")? };
        let limit = web::limit(request, 30)?;
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        let thread = self
            .store
            .thread(&staff.company, conversation, span, limit, viewer.now)
            .await?
            .ok_or_else(Problem::no_conversation)?;
        let messages = thread.messages.up_to(HEAVIEST_PAGE, event_weight, Event::position);
        let next = messages.next.map(|next| {
            let after = span.after.map(|after| format!("&after={after}")).unwrap_or_default();
            format!("/api/conversations/{conversation}/messages?limit={limit}&before={next}{after}")
        });
        Ok(Format::of(request).answer(
            || {
                html! {
                    @if let Some(with) = &thread.with { (views::conversation_head(with, &viewer)) }
                    @if span.before.is_none() { (views::opt_out(thread.opt_out.as_ref())) }
                    (views::events(&messages, thread.opt_out.as_ref(), next.as_deref(), &viewer))
                }
            },
            || {
                let items = messages.items.iter().map(|item| views::event_json(item, &viewer));
                let mut page = web::list(items, next.as_deref());
                if span.before.is_none() {
                    page["opted_out"] = views::opt_out_json(thread.opt_out.as_ref());
                }
                page
            },
        ))
    }
}
