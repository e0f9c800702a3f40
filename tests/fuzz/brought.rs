//! Events that carry fuzzed input to the functions.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::{Value, json};
use tests::record;

/// The functions that receive fuzzed JSON as their whole event.
pub(crate) const FUNCTIONS: [&str; 5] =
    ["authorize", "confirmation-call", "delivery-receipt", "inbound-sms", "live-connection"];

/// A route of the API that takes input.
pub(crate) struct InputLocation {
    function: &'static str,
    method: &'static str,
    path: &'static str,
}

pub(crate) const FORMS: [InputLocation; 5] = [
    InputLocation { function: "send-reply", method: "POST", path: "/api/messages" },
    InputLocation { function: "send-reply", method: "POST", path: CONVERSATIONS },
    InputLocation { function: "edit-appointment", method: "PUT", path: "/api/appointments/{appointment}" },
    InputLocation { function: "push-subscriptions", method: "PUT", path: "/api/push-subscriptions" },
    InputLocation { function: "push-subscriptions", method: "PUT", path: "/api/push-settings" },
];

/// The parameters of queries and paths.
pub(crate) const PARAMETERS: [(InputLocation, &str); 6] = [
    (InputLocation { function: "list-notifications", method: "GET", path: "/api/notifications" }, "before"),
    (InputLocation { function: "list-conversations", method: "GET", path: "/api/conversations" }, "limit"),
    (InputLocation { function: "fetch-conversation", method: "GET", path: CONVERSATIONS }, "after"),
    (InputLocation { function: "fetch-conversation", method: "GET", path: CONVERSATIONS }, "conversation"),
    (InputLocation { function: "edit-appointment", method: "GET", path: "/api/appointments" }, "day"),
    (
        InputLocation { function: "edit-appointment", method: "GET", path: "/api/appointments/{appointment}" },
        "appointment",
    ),
];

const CONVERSATIONS: &str = "/api/conversations/{conversation}/messages";

/// The conversation in the path where the path is not fuzzed.
const CONVERSATION: &str = "00112233445566778899aabbccddeeff";

impl InputLocation {
    pub(crate) fn form(&self, body: &[u8]) -> (&'static str, Value) {
        self.with_body("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn json(&self, body: &[u8]) -> (&'static str, Value) {
        self.with_body("application/json", body)
    }

    fn with_body(&self, kind: &str, body: &[u8]) -> (&'static str, Value) {
        let mut request = self.request(CONVERSATION, &[]);
        request["headers"]["content-type"] = json!(kind);
        request["body"] = json!(STANDARD.encode(body));
        request["isBase64Encoded"] = json!(true);
        (self.function, request)
    }

    /// Returns a request with `word`, cut to 3,000 characters, as a parameter. API Gateway limits an address to 10 KB.
    pub(crate) fn with_parameter(&self, parameter: &str, word: &str) -> (&'static str, Value) {
        let word: &str = &word.chars().take(3000).collect::<String>();
        let mut request = self.request(CONVERSATION, &[(parameter, word)]);
        request["pathParameters"][parameter] = json!(word);
        (self.function, request)
    }

    fn request(&self, word: &str, query: &[(&str, &str)]) -> Value {
        let (key, path) = (format!("{} {}", self.method, self.path), self.path);
        let parameters: BTreeMap<_, _> = query.iter().copied().collect();
        let query = Url::parse_with_params("http://localhost/", query).unwrap();
        json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": query.query(),
            "cookies": ["__Host-switchboard=00ff"], "headers": {"sec-fetch-site": "same-origin", "accept": "text/html"},
            "queryStringParameters": parameters,
            "pathParameters": {"conversation": word, "appointment": word, "subscription": word},
            "requestContext": {
                "accountId": "0", "apiId": "local", "domainName": "localhost", "domainPrefix": "local",
                "http": {"method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
                "requestId": "1", "routeKey": key, "stage": "$default", "time": "", "timeEpoch": 1,
                "authorizer": {"lambda": {
                    "session": "live", "id": "dana", "name": "Dana Whitfield", "company": "harbor-dental",
                    "company_name": "Harbor Dental", "region": "US", "is_administrator": true,
                }},
            },
            "isBase64Encoded": false,
        })
    }
}

/// Returns the request of a sign-in callback, from a browser with a cookie.
pub(crate) fn callback(cookie: &str) -> (&'static str, Value) {
    let to = InputLocation { function: "sign-in", method: "GET", path: "/api/sign-in/callback" };
    let mut request = to.request("", &[("state", "00ff"), ("code", "00ff")]);
    request["cookies"] = json!([cookie]);
    (to.function, request)
}

/// Returns an authorizer's event that contains the cookie in both places where API Gateway passes cookies.
pub(crate) fn cookie(cookie: &str) -> Value {
    json!({"cookies": [cookie], "headers": {"Cookie": cookie}})
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Returns an event with at most 10 records, the batch size of the event source mappings.
pub(crate) fn batch(text: &str) -> Value {
    let mut event = json(text);
    if let Some(Value::Array(records)) = event.get_mut("Records") {
        records.truncate(10);
    }
    event
}

pub(crate) fn by_queue(body: &str) -> Value {
    json!({"Records": [record("1", body)]})
}

pub(crate) fn by_topic(message: &str) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message, "Timestamp": message}}]})
}

/// Returns the event of a frame that a page sends.
pub(crate) fn frame(body: &str) -> Value {
    json!({
        "requestContext": {
            "connectionId": "abc=", "eventType": "MESSAGE", "routeKey": "$default",
            "authorizer": {
                "company": "harbor-dental", "staff": "dana", "session": "00ff",
                "began": "1795186000000", "ends": "1795190000000",
            },
        },
        "body": body, "isBase64Encoded": false,
    })
}
