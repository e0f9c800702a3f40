//! Parsing of Amazon Connect's contact events, which EventBridge delivers. The parser is lenient: AWS adds fields over
//! time, and fields that are not needed may be missing.

use domain::{AppointmentId, CallOutcome, PhoneNumber, Timestamp};
use serde_json::Value;
use thiserror::Error;

use crate::contact;

/// The end of a confirmation call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EndedCall {
    pub(crate) contact_id: String,
    pub(crate) line: PhoneNumber,
    pub(crate) appointment: AppointmentId,
    pub(crate) outcome: CallOutcome,
    pub(crate) at: Option<Timestamp>,
}

/// The reason why a valid event is not about the end of a confirmation call.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum IgnoredEvent {
    #[error("it is not about a voice call")]
    NotACall,
    #[error("the customer called")]
    Inbound,
    #[error("the call is not tagged with an appointment, so it is no confirmation call")]
    NoConfirmationCall,
    #[error("how the call ended is not known yet")]
    NotEnded,
}

/// The reason why a record is not a valid contact event. The error quotes nothing from the record.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ContactEventError {
    #[error("the record is not JSON")]
    NotJson,
    #[error("the record is not a contact event of Amazon Connect")]
    NotAContactEvent,
    #[error("the event has no contactId")]
    NoContactId,
    #[error("the event has no tag aws:connect:systemEndpoint with a number in E.164")]
    NoLine,
    #[error("the event's tag appointmentId is not the id of an appointment")]
    BadAppointment,
}

/// The tag with the id of the appointment. The system that starts the call sets it.
const APPOINTMENT: &str = "appointmentId";
/// The tag with the line of the call, which Amazon Connect sets on every contact. Others cannot set tags with this
/// prefix.
const LINE: &str = "aws:connect:systemEndpoint";

/// Parses the body of an SQS record. The inner error means that the event is valid but is not about the end of a
/// confirmation call.
pub(crate) fn read(body: &str) -> Result<Result<EndedCall, IgnoredEvent>, ContactEventError> {
    let event: Value = serde_json::from_str(body).map_err(|_| ContactEventError::NotJson)?;
    let is_contact_event = event["source"] == "aws.connect" && event["detail-type"] == "Amazon Connect Contact Event";
    let detail = event.get("detail").filter(|detail| is_contact_event && detail.is_object());
    let detail = detail.ok_or(ContactEventError::NotAContactEvent)?;
    let contact_id = contact::contact_id(detail).ok_or(ContactEventError::NoContactId)?;
    if !contact::is_voice(detail) {
        return Ok(Err(IgnoredEvent::NotACall));
    }
    if contact::is_inbound(detail) {
        return Ok(Err(IgnoredEvent::Inbound));
    }
    let tag = |name| detail.get("tags").or_else(|| detail.get("Tags"))?.get(name)?.as_str();
    let Some(appointment) = tag(APPOINTMENT) else { return Ok(Err(IgnoredEvent::NoConfirmationCall)) };
    let Some(outcome) = outcome(detail) else { return Ok(Err(IgnoredEvent::NotEnded)) };
    let line = tag(LINE).and_then(|line| PhoneNumber::e164(line).ok()).ok_or(ContactEventError::NoLine)?;
    let ended = contact::text(detail, "disconnectTimestamp").or(event["time"].as_str());
    Ok(Ok(EndedCall {
        contact_id: contact_id.to_owned(),
        line,
        appointment: appointment.parse().map_err(|_| ContactEventError::BadAppointment)?,
        outcome,
        at: ended.and_then(Timestamp::from_rfc3339),
    }))
}

/// Returns the outcome of a call, or `None` before it is known.
///
/// Amazon Connect can report an answering machine during the call. It reports every other outcome when the call has
/// ended. The contact flow reports a pressed key, which takes precedence over all of these outcomes.
fn outcome(detail: &Value) -> Option<CallOutcome> {
    let event = contact::text(detail, "eventType")?;
    let detected = contact::text(detail, "answeringMachineDetectionStatus").unwrap_or_default();
    match (event, detected) {
        ("CONNECTED_TO_SYSTEM" | "DISCONNECTED", "VOICEMAIL_BEEP" | "VOICEMAIL_NO_BEEP") => {
            Some(CallOutcome::Voicemail)
        }
        ("DISCONNECTED", "SIT_TONE_DETECTED" | "SIT_TONE_INVALID_NUMBER" | "FAX_MACHINE_DETECTED") => {
            Some(CallOutcome::Failed)
        }
        ("DISCONNECTED", detected)
            if detected == "AMD_UNANSWERED" || contact::field(detail, "connectedToSystemTimestamp").is_none() =>
        {
            Some(match contact::text(detail, "disconnectReason") {
                Some(
                    "TELECOM_PROBLEM"
                    | "OUTBOUND_ATTEMPT_FAILED"
                    | "OUTBOUND_DESTINATION_ENDPOINT_ERROR"
                    | "OUTBOUND_RESOURCE_ERROR",
                ) => CallOutcome::Failed,
                _ => CallOutcome::NoAnswer,
            })
        }
        // The timestamp is set "When the customer endpoint answers", for an outbound call (Amazon Connect's data model
        // of contact events).
        ("DISCONNECTED", _) => Some(CallOutcome::Answered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(detail: Value) -> Value {
        let mut all = json!({
            "contactId": "5ca32fbd-8f92-46af-92a5-6b0f970f0efe", "channel": "VOICE", "initiationMethod": "API",
            "tags": {"aws:connect:systemEndpoint": "+12065550142", "appointmentId": "A-1"},
        });
        if let (Some(all), Value::Object(detail)) = (all.as_object_mut(), detail) {
            all.extend(detail);
        }
        json!({
            "version": "0", "source": "aws.connect", "detail-type": "Amazon Connect Contact Event",
            "time": "2026-11-20T14:51:00Z", "detail": all,
        })
    }

    fn outcome_of(detail: Value) -> Option<CallOutcome> {
        read(&event(detail).to_string()).unwrap().ok().map(|ended| ended.outcome)
    }

    #[test]
    fn a_call_is_known_by_its_detection_its_reason_and_whether_it_was_connected() {
        let disconnected = |reason: &str, detected: &str, connected: Value| {
            outcome_of(json!({"eventType": "DISCONNECTED", "disconnectReason": reason,
                "answeringMachineDetectionStatus": detected, "connectedToSystemTimestamp": connected}))
            .unwrap()
        };
        let at = json!("2026-11-20T14:50:30.000Z");
        assert_eq!(disconnected("CONTACT_FLOW_DISCONNECT", "VOICEMAIL_BEEP", at.clone()), CallOutcome::Voicemail);
        assert_eq!(disconnected("CUSTOMER_DISCONNECT", "HUMAN_ANSWERED", at.clone()), CallOutcome::Answered);
        assert_eq!(disconnected("CONTACT_FLOW_DISCONNECT", "AMD_UNRESOLVED", at.clone()), CallOutcome::Answered);
        assert_eq!(
            disconnected("CUSTOMER_DISCONNECT", "", at.clone()),
            CallOutcome::Answered,
            "nobody looked for a machine"
        );
        assert_eq!(disconnected("OTHER", "AMD_UNANSWERED", at.clone()), CallOutcome::NoAnswer);
        assert_eq!(disconnected("TELECOM_PROBLEM", "", at), CallOutcome::Answered, "dropped when it was connected");
        assert_eq!(disconnected("TELECOM_PROBLEM", "", Value::Null), CallOutcome::Failed);
        assert_eq!(disconnected("OUTBOUND_ATTEMPT_FAILED", "", Value::Null), CallOutcome::Failed);
        assert_eq!(disconnected("OTHER", "SIT_TONE_INVALID_NUMBER", Value::Null), CallOutcome::Failed);
        assert_eq!(disconnected("OTHER", "SIT_TONE_BUSY", Value::Null), CallOutcome::NoAnswer);
        assert_eq!(disconnected("SOMETHING_NEW", "AMD_UNANSWERED", Value::Null), CallOutcome::NoAnswer);
        let answered_by = |status: &str| {
            outcome_of(json!({"eventType": "CONNECTED_TO_SYSTEM", "answeringMachineDetectionStatus": status}))
        };
        assert_eq!(answered_by("VOICEMAIL_NO_BEEP"), Some(CallOutcome::Voicemail));
        assert_eq!(answered_by("HUMAN_ANSWERED"), None);
        assert_eq!(outcome_of(json!({"eventType": "INITIATED"})), None);
        assert_eq!(outcome_of(json!({"eventType": "QUEUED_IN_SOME_YEAR"})), None);
    }

    #[test]
    fn an_event_is_read_with_its_line_appointment_and_time() {
        let read = read(
            &event(json!({"eventType": "DISCONNECTED", "DisconnectTimestamp": "2026-11-20T14:50:59.500Z"})).to_string(),
        );
        assert_eq!(
            read.unwrap().unwrap(),
            EndedCall {
                contact_id: "5ca32fbd-8f92-46af-92a5-6b0f970f0efe".to_owned(),
                line: PhoneNumber::e164("+12065550142").unwrap(),
                appointment: "A-1".parse().unwrap(),
                outcome: CallOutcome::NoAnswer,
                at: Timestamp::from_rfc3339("2026-11-20T14:50:59.500Z"),
            }
        );
    }

    #[test]
    fn other_contacts_are_passed_over_and_what_is_no_event_has_a_reason() {
        let beside = |detail: Value| read(&event(detail).to_string()).unwrap().unwrap_err();
        assert_eq!(beside(json!({"eventType": "DISCONNECTED", "channel": "CHAT"})), IgnoredEvent::NotACall);
        assert_eq!(beside(json!({"eventType": "DISCONNECTED", "initiationMethod": "INBOUND"})), IgnoredEvent::Inbound);
        assert_eq!(beside(json!({"eventType": "DISCONNECTED", "tags": {}})), IgnoredEvent::NoConfirmationCall);
        assert_eq!(beside(json!({"eventType": "INITIATED"})), IgnoredEvent::NotEnded);
        let malformed = |detail: Value| read(&event(detail).to_string()).unwrap_err();
        let ended = "DISCONNECTED";
        assert_eq!(malformed(json!({"eventType": ended, "contactId": 7})), ContactEventError::NoContactId);
        assert_eq!(malformed(json!({"eventType": ended, "tags": {"appointmentId": "A-1"}})), ContactEventError::NoLine);
        let tags = json!({"appointmentId": "a/b", "aws:connect:systemEndpoint": "+12065550142"});
        assert_eq!(malformed(json!({"eventType": ended, "tags": tags})), ContactEventError::BadAppointment);
        assert_eq!(read("not json"), Err(ContactEventError::NotJson));
        for other in ["{}", "[]", "null", r#"{"source":"aws.connect","detail-type":"Amazon Connect Contact Event"}"#] {
            assert_eq!(read(other), Err(ContactEventError::NotAContactEvent), "{other}");
        }
    }
}
