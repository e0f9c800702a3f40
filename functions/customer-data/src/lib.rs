#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{Clock, ConversationId, Deed, Staff};
use http::Method;
use lambda_http::{Body, Request, Response};
use runtime::Runtime;
use serde_json::json;
use store::{CustomerData, Store};
use views::Viewer;
use web::{Answer, Format, Problem};

/// What was done about a customer and by whom, and all that is held of them: shown, handed over or erased by an
/// administrator of the company.
pub struct CustomerDataFunction {
    store: Store,
    clock: Clock,
}

impl CustomerDataFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.answer(&request).await))
    }

    async fn answer(&self, request: &Request) -> Result<Answer, Problem> {
        let staff = web::administrator(request)?;
        let conversation = web::conversation(request)?;
        if request.uri().path().ends_with("/history") {
            self.history(request, &staff, conversation).await
        } else {
            web::same_origin(request)?;
            if request.method() == Method::DELETE {
                self.erase(request, &staff, conversation).await
            } else {
                self.export(&staff, conversation).await
            }
        }
    }

    async fn history(&self, request: &Request, staff: &Staff, conversation: ConversationId) -> Result<Answer, Problem> {
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        let history = self.store.history(&staff.company, conversation, viewer.now).await?;
        let history = history.ok_or_else(Problem::no_conversation)?;
        Ok(Format::of(request)
            .answer(|| views::history(conversation, &history, &viewer), || views::history_json(&history, &viewer)))
    }

    /// A file. That somebody took it is part of what is held from then on.
    async fn export(&self, staff: &Staff, conversation: ConversationId) -> Result<Answer, Problem> {
        let now = self.clock.now();
        self.store.still_signed_in(staff, now).await?;
        let held = self.held(staff, conversation).await?.json()?;
        let deed = Deed::exported(&staff.name, now);
        self.store.record_deed(&staff.company, conversation, &deed).await?;
        let file = json!({"company": staff.company_name, "exported_at": now.to_string(), "held": held});
        Ok(Answer::json(&file).with_header("content-disposition", "attachment; filename=\"customer-data.json\""))
    }

    async fn erase(&self, request: &Request, staff: &Staff, conversation: ConversationId) -> Result<Answer, Problem> {
        self.store.still_signed_in(staff, self.clock.now()).await?;
        let held = self.held(staff, conversation).await?;
        let erased = self.store.erase(&held, self.clock.now()).await?;
        tracing::info!(company = %staff.company, staff = %staff.id, events = erased.events, appointments = erased.appointments, "what was held of a customer was erased");
        Ok(Format::of(request).answer(
            || views::erased(erased.events, erased.appointments, erased.once_more),
            || views::erased_json(erased.events, erased.appointments, erased.once_more),
        ))
    }

    async fn held(&self, staff: &Staff, conversation: ConversationId) -> Result<CustomerData, Problem> {
        let held = self.store.customer_data(&staff.company, conversation).await?;
        if held.is_empty() {
            return Err(Problem::no_conversation());
        }
        Ok(held)
    }
}
