//! The data that the functions read: a company to which ten customers have sent texts.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Call, HARBOR, SmsEvent, TestStack, ago, by_queue, record};
use tokio::task::JoinSet;

pub(crate) const MARIA: &str = "+14255550182";
/// One page of notifications, with one for each customer.
const CUSTOMERS: u64 = 10;
/// The number of Maria's texts. Most are older than the texts of the other customers.
const TEXTS: u64 = 10;
/// The id of Maria's appointment.
const APPOINTMENT: &str = "A-1";
/// The open pages of the company's staff when a text arrives.
pub(crate) const PAGES: usize = 5;

/// The ids of the stored data, and the events' session.
pub(crate) struct Fixture {
    conversation: String,
    /// The input of `fetch-conversation`'s query, for contestants that get it in the event.
    query: Value,
    cookie: String,
    /// The authorizer's result for the cookie.
    verdict: Value,
    /// The authorizer's result for the cookie with a WebSocket.
    socket_verdict: Value,
    /// The `ETag` of the newest notifications.
    tag: String,
    /// The stream record of Maria's newest text.
    change: Value,
}

impl Fixture {
    pub(crate) async fn set_up(stack: &TestStack) -> Self {
        let others = (1..CUSTOMERS).map(|n| sms(&format!("other-{n}"), &format!("+142555501{n:02}"), 60 - n));
        let maria = (0..TEXTS).map(|n| sms(&format!("maria-{n}"), MARIA, 90 - n));
        let texts: Vec<_> = others.chain(maria).collect();
        assert!(stack.deliver(&by_queue(&texts)).await.is_empty());
        stack.has_appointment("harbor-dental", APPOINTMENT, Some(MARIA)).await;
        let dana = stack.dana().await;
        let conversation = dana.conversation_with(MARIA).await;
        let verdict = stack.invoke("authorize", &json!({"cookies": [dana.cookie]})).await.payload["context"].take();
        let handshake = json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:local:000000000000:local/live/$connect",
            "headers": {"Cookie": dana.cookie}, "requestContext": {"routeKey": "$connect", "eventType": "CONNECT"}});
        let socket_verdict = stack.invoke("authorize", &handshake).await.payload["context"].take();
        let feed = dana.screen("/api/notifications?limit=10").await;
        let head = stack
            .table(
                "Scan",
                json!({"FilterExpression": "sk = :h AND contains(pk, :c)",
                "ExpressionAttributeValues": {":h": {"S": "HEAD"}, ":c": {"S": conversation}}}),
            )
            .await;
        let pk = head["Items"][0]["pk"]["S"].as_str().unwrap();
        let query = json!({"pk": pk, "lowest": "EVENT#", "highest": "HEAD", "limit": 32});
        let newest = dana.messages(&conversation).await.items()[0]["id"].as_str().unwrap().to_owned();
        let keys = json!({"pk": {"S": pk}, "sk": {"S": format!("EVENT#{newest}")}});
        let image = stack.table("GetItem", json!({"Key": keys})).await["Item"].take();
        let change = json!({"Records": [{"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": {"SequenceNumber": "1", "Keys": keys, "NewImage": image}}]});
        let tag = feed.header("etag").unwrap().to_owned();
        // A stack with TLS, for which the function is built, adds this prefix to the cookie's name.
        let cookie = format!("__Host-{}", dana.cookie);
        Self { conversation, query, cookie, verdict, socket_verdict, tag, change }
    }

    /// Opens pages that read their frames until the result is dropped.
    pub(crate) async fn pages(stack: &TestStack) -> JoinSet<()> {
        let dana = stack.dana().await;
        let mut pages = JoinSet::new();
        for _ in 0..PAGES {
            let mut page = dana.goes_live().await;
            pages.spawn(async move {
                loop {
                    page.everything().await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
        pages
    }

    pub(crate) fn query(&self) -> Value {
        self.query.clone()
    }

    /// Returns the event of an API Gateway authorizer for the session cookie.
    pub(crate) fn cookie(&self) -> Value {
        json!({"version": "2.0", "type": "REQUEST", "identitySource": [self.cookie], "cookies": [self.cookie],
            "headers": {"host": "example.com"}})
    }

    pub(crate) fn page(&self) -> Value {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        self.request("GET", "/api/conversations/{conversation}/messages", &path, &[])
    }

    pub(crate) fn conversations(&self) -> Value {
        self.request("GET", "/api/conversations", "/api/conversations", &[])
    }

    pub(crate) fn history(&self) -> Value {
        let path = format!("/api/conversations/{}/history", self.conversation);
        self.request("GET", "/api/conversations/{conversation}/history", &path, &[])
    }

    pub(crate) fn refresh(&self) -> Value {
        self.request("GET", "/api/notifications", "/api/notifications", &[])
    }

    /// Returns the event of a conditional refresh that finds nothing new.
    pub(crate) fn refresh_again(&self) -> Value {
        self.request("GET", "/api/notifications", "/api/notifications", &[("if-none-match", &self.tag)])
    }

    pub(crate) fn appointment(&self) -> Value {
        let path = format!("/api/appointments/{APPOINTMENT}");
        self.request("GET", "/api/appointments/{appointment}", &path, &[])
    }

    pub(crate) fn browsers(&self) -> Value {
        self.request("GET", "/api/push-subscriptions", "/api/push-subscriptions", &[])
    }

    pub(crate) fn session(&self) -> Value {
        self.request("GET", "/api/session", "/api/session", &[])
    }

    pub(crate) fn change(&self) -> Value {
        self.change.clone()
    }

    /// Returns the event of a WebSocket that opens. The connection id differs for every `n`.
    pub(crate) fn socket(&self, n: usize) -> Value {
        json!({
            "headers": {"Host": "example.com", "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie},
            "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "stage": "live", "domainName": "example.com",
                "connectedAt": 1_773_342_238_000_u64, "connectionId": format!("bench-{n}="),
                "authorizer": self.socket_verdict},
            "isBase64Encoded": false,
        })
    }

    /// Returns the event of a reply. Its idempotency key and text differ for every `n`.
    pub(crate) fn reply(&self, n: usize) -> Value {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let key = format!("{:032x}", n + 1);
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let mut event = self.request("POST", "/api/conversations/{conversation}/messages", &path, &headers);
        event["body"] = json!(json!({"text": "Half past three is fine."}).to_string());
        event
    }

    /// Returns an API Gateway event, payload format 2.0.
    fn request(&self, method: &str, route: &str, path: &str, headers: &[(&str, &str)]) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{method} {route}"),
            "rawPath": path,
            "rawQueryString": "",
            "cookies": [self.cookie],
            "headers": {"accept": "text/html", "host": "example.com", "x-forwarded-proto": "https",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"},
            "requestContext": {
                "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "example.com", "domainPrefix": "example",
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "Mozilla/5.0"},
                "requestId": "JKJaXmPLvHcESHA=", "routeKey": format!("{method} {route}"), "stage": "$default",
                "time": "12/Mar/2026:19:03:58 +0000", "timeEpoch": 1_773_342_238_000_u64,
                "authorizer": {"lambda": self.verdict},
            },
            "pathParameters": {"conversation": self.conversation, "appointment": APPOINTMENT},
            "isBase64Encoded": false,
        });
        for (name, value) in headers {
            event["headers"][*name] = json!(value);
        }
        event
    }
}

/// Returns the event of an inbound message. The message id differs for every `n`.
pub(crate) fn inbound(n: usize) -> Value {
    by_queue(&[sms(&format!("inbound-{n}"), MARIA, 0)])
}

/// Returns a contact-flow event in which the customer pressed 1. Every `n` is a separate call.
pub(crate) fn confirmed(n: usize) -> Value {
    Call::new(&format!("call-{n}"), HARBOR, MARIA, APPOINTMENT).pressed("1")
}

/// Returns an SQS event with End User Messaging's delivery receipt for a delivered message.
pub(crate) fn receipt() -> Value {
    let context =
        json!({"company": "harbor-dental", "conversation": "0".repeat(32), "message": format!("{:013}-{:032x}", 1, 1)});
    let event = json!({
        "eventType": "TEXT_DELIVERED", "eventTimestamp": 1_700_000_000_000_u64, "isFinal": true,
        "destinationPhoneNumber": MARIA, "messageId": "of-the-carrier", "context": context,
    });
    json!({"Records": [record("receipt", &json!({"Message": event.to_string()}).to_string())]})
}

fn sms(id: &str, from: &str, seconds: u64) -> SmsEvent {
    SmsEvent::new(id, from, HARBOR, "Could we move it to half past three?").with_time(ago(seconds))
}
