//! `Publish` of Amazon SNS, in its Query protocol, to a phone number or to the topic of inbound messages.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::PhoneNumber;
use maud::html;

use super::{Carrier, SendRejection, SendResult};
use crate::functions::INBOUND_TOPIC;

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

pub(crate) async fn publish(carrier: &Carrier, body: &[u8]) -> Response {
    let parameters: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let parameter = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    if parameter("Action") != "Publish" {
        return answer_error(
            StatusCode::BAD_REQUEST,
            "InvalidAction",
            "The carrier here only knows the action Publish.",
        );
    }
    if parameter("TopicArn") == INBOUND_TOPIC {
        return published(&carrier.publish(parameter("Message"), carrier.clock.now()).await);
    }
    let (Ok(to), Some(Ok(line))) =
        (PhoneNumber::e164(parameter("PhoneNumber")), origination(&parameters).map(|line| PhoneNumber::e164(&line)))
    else {
        return refuse(SendRejection::InvalidNumber);
    };
    match carrier.take(&to, &line, parameter("Message"), None).await {
        SendResult::Accepted { id } => published(&id),
        SendResult::Refused(refused) => refuse(refused),
        SendResult::Failed => answer_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal error"),
    }
}

fn published(id: &str) -> Response {
    xml(
        StatusCode::OK,
        &format!(
            "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{id}</MessageId></PublishResult>\
             <ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></PublishResponse>"
        ),
    )
}

/// Returns the line in the message attributes, from which the message should be sent.
fn origination(parameters: &HashMap<String, String>) -> Option<String> {
    let (name, _) = parameters.iter().find(|(_, value)| *value == "AWS.MM.SMS.OriginationNumber")?;
    parameters.get(&name.replace(".Name", ".Value.StringValue")).cloned()
}

fn refuse(refused: SendRejection) -> Response {
    let (code, message) = match refused {
        SendRejection::Throttled => ("Throttled", "Rate exceeded"),
        SendRejection::OptedOut => ("OptedOut", "The phone number has opted out"),
        SendRejection::InvalidNumber => ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: not valid"),
        SendRejection::Body => ("InvalidParameter", "Invalid parameter: Message"),
        // Amazon SNS accepts these messages, and does not send them.
        SendRejection::NotVerified
        | SendRejection::BlockedCountry
        | SendRejection::BlockedNumber
        | SendRejection::SpendLimit
        | SendRejection::Price
        | SendRejection::Line => ("AuthorizationError", "Not authorized"),
    };
    answer_error(StatusCode::BAD_REQUEST, code, message)
}

fn answer_error(status: StatusCode, code: &str, message: &str) -> Response {
    let kind = if status.is_client_error() { "Sender" } else { "Receiver" };
    let message = html! { (message) }.into_string();
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>local</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, body: &str) -> Response {
    (status, [("content-type", "text/xml")], body.to_owned()).into_response()
}
