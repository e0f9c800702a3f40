#![doc = include_str!("../README.md")]

use std::convert::Infallible;

use domain::{
    AuditAction, Clock, ConversationId, LimitWindow, MeteredAction, RequestSession, Staff, StaffAction, Timestamp,
    UsageLimits,
};
use http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};
use runtime::{Metric, Metrics, Runtime};
use serde_json::json;
use store::{CustomerData, Store, StoreError};
use views::Viewer;
use web::{Problem, ResponseFormat, WebResponse};

/// Shows, exports and erases all data of a customer, for administrators of the company.
///
/// The history lists the actions that concern the customer, each with the member of staff who took it.
pub struct CustomerDataFunction {
    store: Store,
    clock: Clock,
    metrics: Metrics,
}

impl CustomerDataFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone(), metrics: runtime.metrics.clone() }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.answer(&request).await))
    }

    async fn answer(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = match web::administrator(request) {
            Ok(staff) => staff,
            Err(problem) => return Err(self.refuse(request, problem).await),
        };
        let conversation = web::conversation(request)?;
        if request.uri().path().ends_with("/history") {
            return self.history(request, &staff, conversation).await;
        }
        match *request.method() {
            Method::POST => {
                self.authorize(request, &staff).await?;
                self.export(request, &staff, conversation).await
            }
            Method::DELETE => {
                self.authorize(request, &staff).await?;
                self.erase(request, &staff, conversation).await
            }
            _ => Ok(not_by_get(request)),
        }
    }

    /// Writes an audit log entry for a request that the role of the member of staff does not allow.
    async fn refuse(&self, request: &Request, problem: Problem) -> Problem {
        if problem.status == StatusCode::NOT_FOUND
            && let Ok(staff) = web::staff_or_program(request)
            && let Err(error) = self.audit(request, &staff, AuditAction::Refused).await
        {
            tracing::error!(%error, "a refusal was not written to the audit log");
        }
        problem
    }

    async fn audit(&self, request: &Request, staff: &Staff, action: AuditAction) -> Result<(), StoreError> {
        self.store.audit(&web::audited(request, &staff.company, &staff.id, action, self.clock.now())).await
    }

    /// Requires a sign-in within the last ten minutes and applies a rate limit. Both limit what a stolen session can
    /// do.
    async fn authorize(&self, request: &Request, staff: &Staff) -> Result<(), Problem> {
        web::same_origin(request)?;
        let now = self.clock.now();
        if !staff.signed_in.as_ref().is_some_and(|signed_in: &RequestSession| signed_in.is_fresh(now)) {
            return Err(Problem::sign_in_again(
                "What is held of a customer is handed over and erased within ten minutes of signing in. Sign in again: you \
                 come back to this page.",
            ));
        }
        self.store.require_session(staff, now).await?;
        let windows = UsageLimits::default().windows(MeteredAction::CustomerData, staff, now);
        match self.store.consume(staff, MeteredAction::CustomerData, &windows).await? {
            None => Ok(()),
            Some(full) => Err(self.too_often(&full, staff, now)),
        }
    }

    fn too_often(&self, full: &LimitWindow, staff: &Staff, now: Timestamp) -> Problem {
        self.metrics.count(Metric::CustomerDataLimited);
        Problem {
            retry_after: Some(full.lasts_secs(now)),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-often",
                MeteredAction::CustomerData.sentence(full, staff),
            )
        }
    }

    async fn history(
        &self,
        request: &Request,
        staff: &Staff,
        conversation: ConversationId,
    ) -> Result<WebResponse, Problem> {
        let viewer = Viewer { region: staff.region, now: self.clock.now() };
        let history = self.store.history(&staff.company, conversation, viewer.now).await?;
        let history = history.ok_or_else(Problem::no_conversation)?;
        Ok(ResponseFormat::of_request(request)
            .answer(|| views::history(conversation, &history, &viewer), || views::history_json(&history, &viewer)))
    }

    /// Returns the customer's data as a JSON file. The export is recorded in the customer's history.
    async fn export(
        &self,
        request: &Request,
        staff: &Staff,
        conversation: ConversationId,
    ) -> Result<WebResponse, Problem> {
        let now = self.clock.now();
        let held = self.held_data(staff, conversation).await?.json()?;
        self.audit(request, staff, AuditAction::CustomerDataExport).await?;
        let deed = StaffAction::exported(&staff.name, now);
        self.store.record_deed(&staff.company, conversation, &deed).await?;
        self.metrics.count_by(Metric::CustomerData, "Done", "Exported");
        let file = json!({"company": staff.company_name, "exported_at": now.to_string(), "held": held});
        Ok(WebResponse::json(&file).with_header("content-disposition", "attachment; filename=\"customer-data.json\""))
    }

    async fn erase(
        &self,
        request: &Request,
        staff: &Staff,
        conversation: ConversationId,
    ) -> Result<WebResponse, Problem> {
        let held = self.held_data(staff, conversation).await?;
        self.audit(request, staff, AuditAction::CustomerDataErasure).await?;
        let erased = self.store.erase(&held, self.clock.now()).await?;
        self.metrics.count_by(Metric::CustomerData, "Done", "Erased");
        tracing::info!(company = %staff.company, staff = %staff.id, events = erased.events, appointments = erased.appointments, "a customer's data was erased");
        Ok(ResponseFormat::of_request(request).answer(
            || views::erasure_done(erased.events, erased.appointments, erased.once_more),
            || views::erased_json(erased.events, erased.appointments, erased.once_more),
        ))
    }

    async fn held_data(&self, staff: &Staff, conversation: ConversationId) -> Result<CustomerData, Problem> {
        let held = self.store.customer_data(&staff.company, conversation, staff.region).await?;
        if held.is_empty() {
            return Err(Problem::no_conversation());
        }
        Ok(held)
    }
}

/// Rejects a `GET` request, because a page of another site can make a browser send one.
fn not_by_get(request: &Request) -> WebResponse {
    let message = "What is held of a customer is handed over by POST, on the page of their history.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not-by-get", message)
        .answer(ResponseFormat::of_request(request))
        .with_header("allow", "POST, DELETE")
}
