use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{HARBOR, TestResponse, TestStack};

/// A client of a signed-in member of staff, with the session's cookie.
#[derive(Clone)]
pub struct StaffClient<'a> {
    pub stack: &'a TestStack,
    pub cookie: String,
}

/// The options for sending a message.
#[derive(Clone, Copy, Default)]
pub struct SendOptions<'a> {
    pub key: Option<&'a str>,
}

impl StaffClient<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.stack.http.request(method, self.stack.url(path)).header("cookie", &self.cookie)
    }

    pub async fn send(&self, request: RequestBuilder) -> TestResponse {
        let answer = TestResponse::read(request.send().await.expect("an answer")).await;
        assert_ne!(answer.status, 403, "CloudFront puts a page of the site in the place of that: {}", answer.body);
        answer
    }

    /// Requests JSON, as an API client does.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send(self.request(Method::GET, path).header("accept", "application/json")).await
    }

    /// Requests an HTML fragment, as a page does.
    pub async fn screen(&self, path: &str) -> TestResponse {
        self.send(self.request(Method::GET, path).header("accept", "text/html")).await
    }

    pub async fn notifications(&self) -> TestResponse {
        self.get("/api/notifications").await
    }

    /// Returns all items of a list, page by page, newest first.
    pub async fn everything(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path).await;
            items.extend(page.items());
            next = page.next();
        }
        items
    }

    /// Returns the id of the conversation with a number. Panics if there is none.
    pub async fn conversation_with(&self, number: &str) -> String {
        let conversations = self.everything("/api/conversations?limit=100").await;
        let found = conversations.iter().find(|conversation| conversation["number"] == number);
        found.expect("a conversation with that number")["conversation"].as_str().expect("its id").to_owned()
    }

    /// Sends a text from a customer to Harbor Dental. Returns the id of the customer's conversation.
    pub async fn hears_from(&self, number: &str) -> String {
        self.stack.phone(number).texts(HARBOR, "hello").await;
        self.conversation_with(number).await
    }

    pub async fn messages(&self, conversation: &str) -> TestResponse {
        self.get(&format!("/api/conversations/{conversation}/messages")).await
    }

    pub async fn replies(&self, conversation: &str, text: &str) -> TestResponse {
        self.replies_with(conversation, text, SendOptions::default()).await
    }

    pub async fn replies_with(&self, conversation: &str, text: &str, send: SendOptions<'_>) -> TestResponse {
        self.post(&format!("/api/conversations/{conversation}/messages"), &json!({"text": text}), send).await
    }

    /// Sends a message of the conversation again.
    pub async fn sends_again(&self, message: &Value) -> TestResponse {
        let conversation = message["conversation"].as_str().expect("its conversation");
        let path = format!("/api/conversations/{conversation}/messages");
        self.post(&path, &json!({"again": message["id"]}), SendOptions::default()).await
    }

    pub async fn writes_first(&self, to: &str, text: &str) -> TestResponse {
        self.post("/api/messages", &json!({"to": to, "text": text}), SendOptions::default()).await
    }

    /// Returns the person's own sessions. The session of this client comes first.
    pub async fn own_sessions(&self) -> Vec<Value> {
        self.get("/api/sessions").await.items()
    }

    pub async fn ends_session(&self, id: &str) -> TestResponse {
        self.send(self.request(Method::DELETE, &format!("/api/sessions/{id}")).header("accept", "application/json"))
            .await
    }

    pub async fn ends_sessions(&self, which: &str) -> TestResponse {
        self.send(self.request(Method::DELETE, &format!("/api/sessions{which}")).header("accept", "application/json"))
            .await
    }

    /// Saves the draft of a form, as its page does.
    pub async fn saves_draft(&self, name: &str, draft: &Value) -> TestResponse {
        let request = self.request(Method::PUT, &draft_of(name)).header("accept", "application/json");
        self.send(request.json(draft)).await
    }

    pub async fn deletes_draft(&self, name: &str) -> TestResponse {
        self.send(self.request(Method::DELETE, &draft_of(name)).header("accept", "application/json")).await
    }

    /// Returns the fields of a saved draft, or null.
    pub async fn draft(&self, name: &str) -> Value {
        let kept = self.get(&draft_of(name)).await;
        assert_eq!(kept.status, 200, "{}", kept.body);
        kept.json()["fields"].clone()
    }

    pub async fn post(&self, path: &str, body: &Value, send: SendOptions<'_>) -> TestResponse {
        let mut request = self.request(Method::POST, path).header("accept", "application/json").json(body);
        if let Some(key) = send.key {
            request = request.header("idempotency-key", key);
        }
        self.send(request).await
    }
}

fn draft_of(name: &str) -> String {
    format!("/api/drafts/{name}")
}
