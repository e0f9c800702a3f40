//! `SendTextMessage` and `CarrierLookup` of End User Messaging, in AWS's JSON protocol.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::PhoneNumber;
use serde_json::{Value, json};

use super::{Carrier, LineType, SendRejection, SendResult};

pub(crate) async fn send_text_message(carrier: &Carrier, body: &[u8]) -> Response {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let string = |name: &str| asked[name].as_str().unwrap_or_default();
    let Ok(to) = PhoneNumber::e164(string("DestinationPhoneNumber")) else {
        return refuse(SendRejection::InvalidNumber);
    };
    let from = string("OriginationIdentity");
    let by_pool = || from.parse().ok().and_then(|pool| carrier.steering.number_of(&pool));
    let Some(line) = PhoneNumber::e164(from).ok().or_else(by_pool) else { return refuse(SendRejection::Line) };
    match carrier.take(&to, &line, string("MessageBody"), asked.get("Context")).await {
        SendResult::Accepted { id } => json_1_0(StatusCode::OK, &json!({"MessageId": id})),
        SendResult::Refused(refused) => refuse(refused),
        SendResult::Failed => failed(),
    }
}

pub(crate) fn look_up(carrier: &Carrier, body: &[u8]) -> Response {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let Ok(number) = PhoneNumber::e164(asked["PhoneNumber"].as_str().unwrap_or_default()) else {
        return validation("PhoneNumber", "FIELD_VALIDATION_FAILED");
    };
    let kind = match carrier.line_type(&number) {
        LineType::Mobile => "MOBILE",
        LineType::Landline => "LANDLINE",
        LineType::Voip => "VOIP",
        LineType::Invalid => "INVALID",
        LineType::Unavailable => return failed(),
    };
    json_1_0(StatusCode::OK, &json!({"E164PhoneNumber": number, "PhoneNumberType": kind}))
}

/// Returns the error response for a rejection, with the names of the API reference.
fn refuse(refused: SendRejection) -> Response {
    let conflict = |reason| error("ConflictException", &json!({"Reason": reason}));
    match refused {
        SendRejection::Throttled => error("ThrottlingException", &json!({})),
        SendRejection::OptedOut => conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"),
        SendRejection::NotVerified => conflict("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"),
        SendRejection::BlockedCountry => conflict("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"),
        SendRejection::BlockedNumber => conflict("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"),
        SendRejection::SpendLimit => {
            error("ServiceQuotaExceededException", &json!({"Reason": "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"}))
        }
        SendRejection::Price => error("ValidationException", &json!({"Reason": "PRICE_OVER_THRESHOLD"})),
        SendRejection::InvalidNumber => validation("DestinationPhoneNumber", "FIELD_VALIDATION_FAILED"),
        SendRejection::Body => validation("MessageBody", "FIELD_VALIDATION_FAILED"),
        SendRejection::Line => {
            error("ResourceNotFoundException", &json!({"ResourceType": "phone-number", "ResourceId": "unknown"}))
        }
    }
}

fn validation(field: &str, reason: &str) -> Response {
    error("ValidationException", &json!({"Reason": reason, "Fields": [{"Name": field, "Message": "is not valid"}]}))
}

fn error(kind: &str, more: &Value) -> Response {
    let mut said = json!({"__type": kind, "Message": "The request was refused."});
    if let (Some(said), Some(more)) = (said.as_object_mut(), more.as_object()) {
        said.extend(more.clone());
    }
    json_1_0(StatusCode::BAD_REQUEST, &said)
}

fn failed() -> Response {
    let said = json!({"__type": "InternalServerException", "Message": "the carriers do not answer"});
    json_1_0(StatusCode::INTERNAL_SERVER_ERROR, &said)
}

fn json_1_0(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}
