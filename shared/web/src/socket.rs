//! The handshakes and frames of WebSockets, as events of API Gateway's WebSocket API.

use domain::{Timestamp, TokenHash};
use serde_json::{Value, json};
use store::ConnectionOwner;

/// Returns the authorizer's context for the session that opens a WebSocket.
///
/// API Gateway allows no nested values here. It passes each value as a string, with every frame.
#[must_use]
pub fn socket_context(holder: &ConnectionOwner) -> Value {
    json!({
        "company": holder.company,
        "staff": holder.staff,
        "session": holder.session.to_string(),
        "began": holder.began.as_millis().to_string(),
        "ends": holder.ends.as_millis().to_string(),
    })
}

/// Returns the owner of the WebSocket that an event is about; `None` if the authorizer did not run.
#[must_use]
pub fn socket_holder(event: &Value) -> Option<ConnectionOwner> {
    let context = event.pointer("/requestContext/authorizer")?;
    let word = |name: &str| context.get(name).and_then(Value::as_str);
    let moment = |name| word(name).and_then(|millis| millis.parse().ok()).map(Timestamp::from_millis);
    Some(ConnectionOwner {
        company: word("company")?.parse().ok()?,
        staff: word("staff")?.parse().ok()?,
        session: TokenHash::new(word("session")?.to_owned()),
        began: moment("began")?,
        ends: moment("ends")?,
    })
}

/// Returns whether a handshake may come from one of the portal's own pages.
///
/// A browser sends a user's cookie with the handshake of every page, and WebSockets have no same-origin policy. So only
/// this check keeps another site's page from reading messages.
///
/// If the browser sends no `Sec-Fetch-Site`, its `Origin` must have the host of the request. `X-Portal-Host`, which
/// CloudFront sets, contains that host. Without CloudFront, it is in `Host`. A client that sends neither header is not
/// a browser, so it cannot send another user's session cookie.
#[must_use]
pub fn own_handshake(event: &Value) -> bool {
    let header = |name: &str| {
        let headers = event.get("headers").and_then(Value::as_object)?;
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, None) => true,
        (None, Some(origin)) => {
            let from = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let asked = header("x-portal-host").or_else(|| header("host"));
            from.is_some() && from == asked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &Value) -> bool {
        own_handshake(&json!({"headers": headers}))
    }

    #[test]
    fn only_a_page_of_the_host_that_was_asked_opens_a_socket() {
        assert!(from(&json!({"Sec-Fetch-Site": "same-origin", "Origin": "https://p.example", "Host": "api.example"})));
        assert!(from(&json!({"origin": "https://p.example", "x-portal-host": "p.example", "host": "api.example"})));
        assert!(from(&json!({"Origin": "http://127.0.0.1:8080", "Host": "127.0.0.1:8080"})));
        assert!(from(&json!({"Host": "127.0.0.1:8080"})), "no browser");
        for foreign in [
            json!({"Sec-Fetch-Site": "cross-site", "Origin": "https://p.example", "Host": "p.example"}),
            json!({"Sec-Fetch-Site": "same-site", "Origin": "https://p.example", "Host": "p.example"}),
            json!({"Sec-Fetch-Site": "none"}),
            json!({"Origin": "https://evil.example", "Host": "p.example"}),
            json!({"Origin": "https://evil.example", "X-Portal-Host": "p.example", "Host": "evil.example"}),
            json!({"Origin": "https://p.example.evil.example", "Host": "p.example"}),
            json!({"Origin": "null", "Host": "p.example"}),
            json!({"Origin": "", "Host": ""}),
        ] {
            assert!(!from(&foreign), "{foreign}");
        }
    }

    #[test]
    fn a_holder_comes_through_the_gateway_whole() {
        let holder = ConnectionOwner {
            company: "harbor-dental".parse().unwrap(),
            staff: "dana".parse().unwrap(),
            session: TokenHash::new("ab".repeat(32)),
            began: Timestamp::from_millis(1_732_250_000_123),
            ends: Timestamp::from_millis(1_732_293_200_123),
        };
        let context = socket_context(&holder);
        assert!(context.as_object().unwrap().values().all(Value::is_string));
        assert_eq!(socket_holder(&json!({"requestContext": {"authorizer": context}})), Some(holder));
        assert_eq!(socket_holder(&json!({"requestContext": {}})), None);
    }
}
