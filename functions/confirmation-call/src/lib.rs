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

/// Records the outcomes of confirmation calls, with one timeline entry for each call.
///
/// Outcomes come from the contact flow that asks the customer, and from Amazon Connect's contact events.
pub struct ConfirmationCallFunction {
    store: Store,
    clock: Clock,
}

/// The reason why an event was not recorded.
///
/// SQS delivers the record again, or moves it to the dead-letter queue. Operators can redrive the record from there
/// once the cause is removed.
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

/// The author that the appointment's history shows for a status that comes from a call.
const PHONE_AUTHOR: &str = "the customer, by phone";

impl ConfirmationCallFunction {
    #[must_use]
    pub fn new(runtime: &Runtime) -> Self {
        Self { store: runtime.store(), clock: runtime.clock.clone() }
    }

    /// Handles a contact flow's invocation or an SQS batch of contact events.
    ///
    /// Returns a flat map of strings for a contact flow, and the list of failed records for a batch.
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
            // The contact flow may have recorded the call even without the appointment, since its invocation contains
            // the customer's number.
            None => self.store.update_outcome(&company.id, id, ended.outcome).await?,
        };
        match (entry, appointment) {
            // An earlier invocation may have ended after it recorded the answer and before it updated the appointment.
            (Some(entry), Some(appointment)) => {
                self.update_appointment(&company, &appointment.id, &entry, now).await?;
                Ok(())
            }
            (Some(_), None) => Ok(()),
            (None, Some(_)) => Err(RecordError::NoNumber),
            (None, None) => Err(RecordError::UnknownAppointment),
        }
    }

    /// Returns the report of a call. Returns `None` if the appointment has no number, since the customer is then
    /// unknown.
    fn report(id: MessageId, ended: &EndedCall, appointment: &Appointment, now: Timestamp) -> Option<CallReport> {
        Some(CallReport {
            id,
            // A call time in the future would sort the call above all later entries.
            at: ended.at.map_or(now, |at| at.min(now)),
            customer: appointment.details().mobile.as_ref()?.number.clone(),
            line: ended.line.clone(),
            appointment: Some(ended.appointment.clone()),
            outcome: ended.outcome,
        })
    }

    /// Returns the company of a call by its line. Amazon Connect reports the line, so neither a contact flow nor a tag
    /// can forge it.
    async fn company_of(&self, line: &PhoneNumber) -> Result<Option<Company>, StoreError> {
        match self.store.line(line).await? {
            Some(line) => self.store.company(&line.company).await,
            None => Ok(None),
        }
    }

    /// Sets the appointment status that follows from a call, and returns the result for the contact flow.
    ///
    /// The status is set once for each outcome, so a repeated report does not undo a later change by staff.
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
            // A concurrent report of the call had a more certain outcome, so that outcome decides.
            (call, told) = (better, false);
        }
    }
}

/// Returns the appointment status that follows from an outcome, if any, and the result for the contact flow.
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
