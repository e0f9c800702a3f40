#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, ConversationCustomer, Customer, Sender, SendingLimits, Staff, TextingObstacle, TimelineEntry};
use lambda_http::{Body, Request, Response};
use maud::html;
use runtime::Runtime;
use store::{ConversationPage, PositionRange, Store};
use views::{HEAVIEST_PAGE, Viewer, event_weight};
use web::{Problem, ResponseFormat, WebResponse};

/// Returns the timeline entries of a conversation, one page at a time.
pub struct FetchConversationFunction {
    store: Store,
    /// The sending limits, of which only the allowed countries are used.
    limits: SendingLimits,
    clock: Clock,
}

impl FetchConversationFunction {
    #[must_use]
    pub fn new(runtime: &Runtime, limits: SendingLimits) -> Self {
        Self { store: runtime.store(), limits, clock: runtime.clock.clone() }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.fetch(&request).await))
    }

    async fn fetch(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff(request)?;
        let conversation = web::conversation(request)?;
        let span = PositionRange { before: web::position(request, "before")?, after: web::position(request, "after")? };
        let limit = web::limit(request, 30)?;
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        let thread = self
            .store
            .thread(&staff.company, conversation, span, limit, viewer.now)
            .await?
            .ok_or_else(Problem::no_conversation)?;
        let no_texting = self.no_texting(&thread, &staff);
        let messages = thread.messages.up_to(HEAVIEST_PAGE, event_weight, TimelineEntry::position);
        let next = messages.next.map(|next| {
            let after = span.after.map(|after| format!("&after={after}")).unwrap_or_default();
            format!("/api/conversations/{conversation}/messages?limit={limit}&before={next}{after}")
        });
        Ok(ResponseFormat::of_request(request).answer(
            || {
                html! {
                    @if let Some(with) = &thread.with { (views::conversation_head(with, &viewer)) }
                    @if span.before.is_none() { (views::composer_place(conversation, thread.block.as_ref(), thread.opt_out.as_ref(), no_texting.as_ref())) }
                    (views::events(&messages, thread.opt_out.as_ref(), next.as_deref(), &viewer))
                }
            },
            || {
                let items = messages.items.iter().map(|item| views::event_json(item, &viewer));
                let mut page = web::list(items, next.as_deref());
                if span.before.is_none() {
                    page["blocked"] = views::block_json(thread.block.as_ref());
                    page["opted_out"] = views::opt_out_json(thread.opt_out.as_ref());
                    page["no_texting"] = views::no_texting_json(no_texting.as_ref());
                }
                page
            },
        ))
    }

    /// Returns the obstacle to texting the customer, apart from an opt-out, with the number as shown to staff. `None` if
    /// there is none. A carrier's rejection does not count, since staff may try again.
    fn no_texting(&self, thread: &ConversationPage, staff: &Staff) -> Option<(TextingObstacle, String)> {
        let (number, heard) = match thread.with.as_ref()? {
            ConversationCustomer::Conversation(conversation) => match &conversation.sender {
                Sender::Number(number) => (number, conversation.heard.map(|heard| heard.at)),
                Sender::Other(other) => return Some((TextingObstacle::NotANumber, other.clone())),
            },
            ConversationCustomer::Customer(customer) => (&customer.number, None),
        };
        let unknown = || Customer::new(number.clone());
        let customer = thread.customer.clone().unwrap_or_else(unknown);
        let refused = customer.can_be_texted(staff.region, &self.limits, heard).err();
        let refused = refused.filter(|refused| *refused != TextingObstacle::Refused);
        refused.map(|refused| (refused, number.shown_in(staff.region)))
    }
}
