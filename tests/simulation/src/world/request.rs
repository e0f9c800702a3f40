//! Requests of the portal's pages and of a scheduling system.

use std::collections::HashMap;

use domain::{ConversationId, Scheme};
use serde_json::{Value, json};

use super::CUSTOMERS;

/// A request of the portal's pages.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) function: &'static str,
    pub(crate) path: String,
    pub(crate) parameters: Value,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<Value>,
    pub(crate) key: Option<String>,
}

pub(super) const READ: Request = Request {
    method: "GET",
    function: "",
    path: String::new(),
    parameters: Value::Null,
    query: Vec::new(),
    accept: "application/json",
    body: None,
    key: None,
};

impl Request {
    /// Returns API Gateway's event for the request, in payload format 2.0.
    pub(super) fn event(&self, verdict: &Value, token: &str) -> Value {
        let mut headers = json!({
            "accept": self.accept, "content-type": "application/json", "sec-fetch-site": "same-origin",
            "host": "portal.example", "x-forwarded-proto": "https",
        });
        if let Some(key) = &self.key {
            headers["idempotency-key"] = json!(key);
        }
        let query: HashMap<_, _> = self.query.iter().cloned().collect();
        let raw: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path, "rawQueryString": raw.join("&"),
            "cookies": [format!("{}={token}", web::session_cookie_name(Scheme::Https))], "headers": headers, "queryStringParameters": query, "pathParameters": self.parameters,
            "requestContext": {
                "accountId": "0", "apiId": "simulation", "domainName": "portal.example", "domainPrefix": "portal",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                    "userAgent": "a browser",
                },
                "authorizer": {"lambda": verdict}, "requestId": "r", "routeKey": "$default", "stage": "$default",
                "time": "now", "timeEpoch": 0,
            },
            "isBase64Encoded": false, "body": self.body.as_ref().map(Value::to_string),
        })
    }
}

/// Returns the request for a page of the feed.
pub(crate) fn feed(accept: &'static str, before: Option<&str>) -> Request {
    page("list-notifications", "/api/notifications".to_owned(), json!({}), accept, before)
}

/// Returns the request for a page of a conversation.
pub(crate) fn thread(conversation: ConversationId, before: Option<&str>) -> Request {
    let path = format!("/api/conversations/{conversation}/messages");
    page("fetch-conversation", path, json!({"conversation": conversation}), "application/json", before)
}

/// Returns the request for a customer's history.
pub(crate) fn history(conversation: ConversationId) -> Request {
    let path = format!("/api/conversations/{conversation}/history");
    Request {
        method: "GET",
        function: "customer-data",
        path,
        parameters: json!({"conversation": conversation}),
        ..READ
    }
}

fn page(
    function: &'static str,
    path: String,
    parameters: Value,
    accept: &'static str,
    before: Option<&str>,
) -> Request {
    let mut query = vec![("limit", if accept == "text/html" { "100" } else { "4" }.to_owned())];
    query.extend(before.map(|before| ("before", before.to_owned())));
    Request { function, path, parameters, query, accept, ..READ }
}

/// Returns the id of a customer's appointment.
pub(crate) fn appointment_of(customer: usize) -> String {
    format!("A-{customer}")
}

/// Returns a scheduling system's request that saves an appointment.
pub(super) fn appointment(customer: usize, status: &str, notes: &str) -> Request {
    let id = appointment_of(customer);
    let body = json!({
        "name": "Maria Lopez", "number": CUSTOMERS[customer], "start": "2026-12-01T17:00:00Z", "minutes": 30,
        "service": "cleaning", "notes": notes, "status": status,
    });
    let path = format!("/api/appointments/{id}");
    Request {
        method: "PUT",
        function: "edit-appointment",
        path,
        parameters: json!({"appointment": id}),
        body: Some(body),
        ..READ
    }
}
