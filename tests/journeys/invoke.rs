//! Lambda's Invoke API, as the AWS CLI and boto3 use it.

use serde_json::json;
use tests::TestStack;

async fn post(stack: &TestStack, function: &str, kind: Option<&str>, body: &str) -> (u16, String, String) {
    let mut request = reqwest::Client::new()
        .post(stack.url(&format!("/2015-03-31/functions/{function}/invocations")))
        .body(body.to_owned());
    if let Some(kind) = kind {
        request = request.header("x-amz-invocation-type", kind);
    }
    let answer = request.send().await.unwrap();
    let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let kind = header("x-amzn-errortype") + &header("x-amz-function-error");
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lambda_would_refuse_is_refused_as_lambda_does() {
    let stack = TestStack::open().await;
    let (status, kind, _) = post(&stack, "no-such-function", None, "{}").await;
    assert_eq!((status, kind.as_str()), (404, "ResourceNotFoundException"));
    let (status, kind, _) = post(&stack, "inbound-sms", None, "{").await;
    assert_eq!((status, kind.as_str()), (400, "InvalidRequestContentException"));
    let (status, kind, body) = post(&stack, "inbound-sms", None, "{}").await;
    assert_eq!((status, kind.as_str()), (200, "Unhandled"));
    assert!(body.contains("errorType") && body.contains("neither an SQS batch nor an SNS notification"), "{body}");
    assert_eq!(post(&stack, "inbound-sms", Some("Event"), "{\"Records\": []}").await.0, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_answers_by_name_and_none_panics_at_an_event_of_another_kind() {
    let stack = TestStack::open().await;
    for function in [
        "authorize",
        "customer-data",
        "fetch-conversation",
        "heartbeat",
        "inbound-sms",
        "list-conversations",
        "list-notifications",
        "send-reply",
        "sign-in",
    ] {
        for event in
            [json!({}), json!([]), json!(null), json!({"Records": [1, null, {"Sns": 1}]}), json!({"version": "2.0"})]
        {
            let invoked = stack.invoke(function, &event).await;
            assert_ne!(invoked.payload["errorType"], "Panic", "{function} {event}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_behind_the_api_takes_no_word_but_the_authorizers_for_who_asks() {
    let stack = TestStack::open().await;
    let mut event = json!({
        "version": "2.0", "routeKey": "GET /api/notifications", "rawPath": "/api/notifications", "rawQueryString": "",
        "headers": {"accept": "application/json", "x-company": "harbor-dental"},
        "requestContext": {"accountId": "0", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r", "routeKey": "k",
            "stage": "$default", "time": "t", "timeEpoch": 0,
            "http": {"method": "GET", "path": "/api/notifications", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "u"}},
        "isBase64Encoded": false,
    });
    let asked = stack.invoke("list-notifications", &event).await;
    assert_eq!(asked.payload["statusCode"], 401);
    for verdict in
        [json!({"session": "unknown"}), json!({"session": "ended"}), json!({"company": "harbor-dental"}), json!({})]
    {
        event["requestContext"]["authorizer"] = json!({"lambda": verdict});
        assert_eq!(stack.invoke("list-notifications", &event).await.payload["statusCode"], 401, "{verdict}");
    }
}
