//! Parsing of a contact flow's invocation, which reports the key that a customer pressed.

use domain::{AppointmentId, CallOutcome, PhoneNumber};
use serde_json::Value;
use thiserror::Error;

use crate::contact;

/// A customer's answer to a confirmation call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfirmationAnswer {
    pub(crate) contact_id: String,
    pub(crate) line: PhoneNumber,
    pub(crate) customer: PhoneNumber,
    /// The appointment of the call. `None` if the flow passes no valid id.
    pub(crate) appointment: Option<AppointmentId>,
    pub(crate) outcome: CallOutcome,
}

/// The reason why an invocation contains no answer. The messages are for the author of the contact flow.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum FlowInputError {
    #[error("the invocation has no ContactId")]
    NoContactId,
    #[error("the contact is not a voice call")]
    NotACall,
    #[error("the customer called, and only a call to them is an answer of theirs")]
    Inbound,
    #[error("SystemEndpoint has no number in E.164")]
    NoLine,
    #[error("CustomerEndpoint has no number in E.164")]
    NoCustomer,
    #[error("the parameter digit is not 1, 2 or 3")]
    UnknownKey,
}

/// Returns whether an event is a contact flow's invocation.
///
/// Checks the shape of the event and ignores its `Name`, which can be "ContactFlowEvent" or "ContactFlowExecution".
pub(crate) fn is_invocation(event: &Value) -> bool {
    event.pointer("/Details/ContactData").is_some_and(Value::is_object)
}

/// Parses the customer's answer from an invocation.
pub(crate) fn read(event: &Value) -> Result<ConfirmationAnswer, FlowInputError> {
    let contact = &event["Details"]["ContactData"];
    let parameters = &event["Details"]["Parameters"];
    let contact_id = contact::contact_id(contact).ok_or(FlowInputError::NoContactId)?;
    if !contact::is_voice(contact) {
        return Err(FlowInputError::NotACall);
    }
    if contact::is_inbound(contact) {
        return Err(FlowInputError::Inbound);
    }
    let outcome = match parameters["digit"].as_str().map(str::trim) {
        Some("1") => CallOutcome::Confirmed,
        Some("2") => CallOutcome::Declined,
        Some("3") => CallOutcome::AsksToReschedule,
        _ => return Err(FlowInputError::UnknownKey),
    };
    Ok(ConfirmationAnswer {
        contact_id: contact_id.to_owned(),
        line: contact::address(contact, "systemEndpoint")
            .and_then(|line| PhoneNumber::e164(line).ok())
            .ok_or(FlowInputError::NoLine)?,
        customer: contact::address(contact, "customerEndpoint")
            .and_then(|customer| PhoneNumber::subscriber(customer).ok())
            .ok_or(FlowInputError::NoCustomer)?,
        appointment: parameters["appointmentId"].as_str().and_then(|id| id.parse().ok()),
        outcome,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn invocation() -> Value {
        json!({
            "Name": "ContactFlowEvent",
            "Details": {
                "Parameters": {"appointmentId": "A-1", "digit": "1"},
                "ContactData": {
                    "ContactId": "5ca32fbd-8f92-46af-92a5-6b0f970f0efe", "Channel": "VOICE", "InitiationMethod": "API",
                    "Attributes": {}, "Queue": null,
                    "CustomerEndpoint": {"Address": "+14255550182", "Type": "TELEPHONE_NUMBER"},
                    "SystemEndpoint": {"Address": "+12065550142", "Type": "TELEPHONE_NUMBER"},
                },
            },
        })
    }

    fn answer_with(pointer: &str, value: Value) -> Result<ConfirmationAnswer, FlowInputError> {
        let mut invocation = invocation();
        *invocation.pointer_mut(pointer).unwrap() = value;
        read(&invocation)
    }

    #[test]
    fn each_key_is_an_outcome_and_both_spellings_of_aws_are_read() {
        let contact = "/Details/ContactData";
        for (digit, outcome) in
            [("1", CallOutcome::Confirmed), ("2", CallOutcome::Declined), ("3", CallOutcome::AsksToReschedule)]
        {
            assert_eq!(answer_with("/Details/Parameters/digit", json!(digit)).unwrap().outcome, outcome);
        }
        assert_eq!(answer_with("/Name", json!("ContactFlowExecution")), read(&invocation()));
        assert_eq!(answer_with(&format!("{contact}/Channel"), json!("Voice")), read(&invocation()));
    }

    #[test]
    fn what_cannot_be_an_answer_says_why_and_quotes_nothing() {
        let contact = |field: &str| format!("/Details/ContactData/{field}");
        for (pointer, value, reason) in [
            (contact("ContactId"), json!(""), FlowInputError::NoContactId),
            (contact("ContactId"), Value::Null, FlowInputError::NoContactId),
            (contact("Channel"), json!("CHAT"), FlowInputError::NotACall),
            (contact("InitiationMethod"), json!("INBOUND"), FlowInputError::Inbound),
            (contact("SystemEndpoint"), Value::Null, FlowInputError::NoLine),
            (contact("CustomerEndpoint"), json!({"Address": "anonymous"}), FlowInputError::NoCustomer),
            ("/Details/Parameters/digit".to_owned(), json!("Timeout"), FlowInputError::UnknownKey),
            ("/Details/Parameters".to_owned(), json!([]), FlowInputError::UnknownKey),
        ] {
            assert_eq!(answer_with(&pointer, value), Err(reason), "{pointer}");
        }
        assert_eq!(answer_with("/Details/Parameters/appointmentId", json!("a/b")).unwrap().appointment, None);
    }
}
