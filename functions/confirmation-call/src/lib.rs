#![doc = include_str!("../README.md")]

mod contact;
mod contact_event;
mod flow;

use contact_event::{EndedCall, IgnoredEvent};
use domain::{
    Appointment, AppointmentId, AppointmentStatus, CallOutcome, Clock, Company, MessageId, PhoneNumber, Timestamp,
};
use flow::ConfirmationAnswer;
use lambda_runtime::Diagnostic;
use runtime::Runtime;
use serde_json::{Value, json};
use store::{AnswerOutcome, CallEntry, CallReport, Store, StoreError};
use thiserror::Error;

pub use contact_event::ContactEventError;

/// Records the outcome of confirmation calls, one entry per call.
///
/// Outcomes come from the contact flow that asks the customer, and from Amazon Connect's contact events.
pub struct ConfirmationCallFunction {
    store: Store,
    clock: Clock,
}

/// Why an event was not recorded.
///
/// SQS delivers its record again, or moves it to the dead-letter queue. From there it can be redriven once the cause is
/// removed.
#[derive(Debug, Error)]
pub enum RecordError {
    #[error(transparent)]
    Malformed(#[from] ContactEventError),
    #[error("no company has the line that the call was made from")]
    UnknownLine,
    #[error("the company of the line has no such appointment")]
    UnknownAppointment,
    #[error("the appointment has no number any more")]
    NoNumber,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The error that Lambda reports for the function. A contact flow then takes its error branch.
#[derive(Debug, Error)]
pub enum FunctionError {
    #[error("the event is neither a contact flow's invocation nor an SQS batch")]
    NotAnEvent,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FunctionError> for Diagnostic {
    fn from(failed: FunctionError) -> Self {
        let error_type = match failed {
            FunctionError::NotAnEvent => "NotAnEvent",
            FunctionError::Store(_) => "Unavailable",
        };
        Self { error_type: error_type.to_owned(), error_message: failed.to_string() }
    }
}

/// The author of a status that comes from a call, as the appointment's history shows it.
const PHONE_AUTHOR: &str = "the customer, by phone";

impl ConfirmationCallFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    /// Handles a contact flow's invocation or an SQS batch of contact events.
    ///
    /// The answer to a flow is a flat map of strings. The answer to a batch lists the records that failed.
    pub async fn handle(&self, event: &Value) -> Result<Value, FunctionError> {
        if flow::is_invocation(event) {
            return self.answer(event).await;
        }
        let records = event["Records"].as_array().ok_or(FunctionError::NotAnEvent)?;
        let mut failures = Vec::new();
        for record in records {
            let id = record["messageId"].as_str().unwrap_or_default();
            if let Err(reason) = self.record(record["body"].as_str().unwrap_or_default()).await {
                tracing::error!(record = id, %reason, "the outcome of a confirmation call was not recorded");
                failures.push(json!({"itemIdentifier": id}));
            }
        }
        Ok(json!({"batchItemFailures": failures}))
    }

    async fn answer(&self, event: &Value) -> Result<Value, FunctionError> {
        let now = self.clock.now();
        let ConfirmationAnswer { contact_id, line, customer, appointment, outcome } = match flow::read(event) {
            Ok(answer) => answer,
            Err(reason) => {
                tracing::error!(%reason, "a contact flow's invocation is invalid");
                return Ok(json!({"result": "not-an-answer", "reason": reason.to_string()}));
            }
        };
        let Some(company) = self.company_of(&line).await? else {
            tracing::error!("a confirmation call came from an unknown line");
            return Ok(json!({"result": "unknown-line"}));
        };
        let appointment = match appointment {
            Some(id) => self.store.appointment(&company.id, &id, now).await?,
            None => None,
        };
        let report = CallReport {
            id: MessageId::of_call(&company.id, &contact_id),
            at: now,
            customer,
            line,
            appointment: appointment.as_ref().map(|appointment| appointment.id.clone()),
            outcome,
        };
        let entry = self.store.record_call(&company, &report, now).await?;
        let result = match &appointment {
            Some(appointment) => self.update_appointment(&company, &appointment.id, &entry, now).await?,
            None => "unknown-appointment",
        };
        Ok(json!({"result": result}))
    }

    async fn record(&self, body: &str) -> Result<(), RecordError> {
        let now = self.clock.now();
        let ended = match contact_event::read(body)? {
            Ok(ended) => ended,
            Err(reason) => {
                log_ignored(&reason);
                return Ok(());
            }
        };
        let company = self.company_of(&ended.line).await?.ok_or(RecordError::UnknownLine)?;
        let id = MessageId::of_call(&company.id, &ended.contact_id);
        let appointment = self.store.appointment(&company.id, &ended.appointment, now).await?;
        let entry = match appointment.as_ref().and_then(|appointment| Self::report(id, &ended, appointment, now)) {
            Some(report) => Some(self.store.record_call(&company, &report, now).await?),
            // The contact flow may have recorded the call without the appointment, since it knows the customer's
            // number.
            None => self.store.update_outcome(&company.id, id, ended.outcome).await?,
        };
        match (entry, appointment) {
            // The function may have ended after recording the flow's answer and before updating the appointment.
            (Some(entry), Some(appointment)) => {
                self.update_appointment(&company, &appointment.id, &entry, now).await?;
                Ok(())
            }
            (Some(_), None) => Ok(()),
            (None, Some(_)) => Err(RecordError::NoNumber),
            (None, None) => Err(RecordError::UnknownAppointment),
        }
    }

    /// Returns the report of a call. `None` if the appointment has no number, since the customer is then unknown.
    fn report(id: MessageId, ended: &EndedCall, appointment: &Appointment, now: Timestamp) -> Option<CallReport> {
        Some(CallReport {
            id,
            // A clock that is ahead of ours must not keep a call above all later entries.
            at: ended.at.map_or(now, |at| at.min(now)),
            customer: appointment.details().mobile.as_ref()?.number.clone(),
            line: ended.line.clone(),
            appointment: Some(ended.appointment.clone()),
            outcome: ended.outcome,
        })
    }

    /// Returns the company of a call by its line. Amazon Connect reports the line, so no flow or tag of ours can forge
    /// it.
    async fn company_of(&self, line: &PhoneNumber) -> Result<Option<Company>, StoreError> {
        match self.store.line(line).await? {
            Some(line) => self.store.company(&line.company).await,
            None => Ok(None),
        }
    }

    /// Gives an appointment the status that follows from a call, and returns the result for the flow.
    ///
    /// This happens once for each outcome, so a repeat does not undo a later change by staff.
    async fn update_appointment(
        &self,
        company: &Company,
        appointment: &AppointmentId,
        entry: &CallEntry,
        now: Timestamp,
    ) -> Result<&'static str, StoreError> {
        let (mut call, mut told) = (entry.call.clone(), entry.appointment_told);
        loop {
            let (status, word) = follows(call.outcome);
            let Some(status) = status.filter(|_| !told) else { return Ok(word) };
            let answered = self.store.answer_appointment(&company.id, appointment, status, PHONE_AUTHOR, now).await?;
            let Some(better) = self.store.mark_appointment_updated(&company.id, &call).await? else {
                return Ok(match answered {
                    AnswerOutcome::New(_) | AnswerOutcome::AlreadyThere(_) => word,
                    AnswerOutcome::Cancelled(_) => "cancelled",
                    AnswerOutcome::NoAppointment => "unknown-appointment",
                });
            };
            // Another report of the call came in between. Its outcome is better known, so it decides.
            (call, told) = (better, false);
        }
    }
}

/// Returns the appointment status for an outcome, if there is one, and the result for the flow.
fn follows(outcome: CallOutcome) -> (Option<AppointmentStatus>, &'static str) {
    match outcome {
        CallOutcome::Confirmed => (Some(AppointmentStatus::Confirmed), "confirmed"),
        CallOutcome::Declined => (Some(AppointmentStatus::Declined), "declined"),
        CallOutcome::AsksToReschedule => (None, "asks-to-reschedule"),
        CallOutcome::Failed | CallOutcome::NoAnswer | CallOutcome::Answered | CallOutcome::Voicemail => {
            (None, "not-an-answer")
        }
    }
}

fn log_ignored(reason: &IgnoredEvent) {
    tracing::debug!(%reason, "a contact event is passed over");
}
