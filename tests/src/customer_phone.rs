use serde_json::Value;

use crate::TestStack;

/// A customer's phone.
#[derive(Clone)]
pub struct CustomerPhone<'a> {
    pub stack: &'a TestStack,
    pub number: String,
}

impl CustomerPhone<'_> {
    /// Sends a text to a company's line.
    pub async fn texts(&self, line: &str, text: &str) {
        let fields = [("from", self.number.as_str()), ("to", line), ("text", text)];
        let answer = self.stack.post_form("/local/handset/messages", &fields).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// Returns the messages that have reached the phone, oldest first.
    pub async fn received_messages(&self) -> Vec<Value> {
        let answer = self.stack.get(&format!("/local/carrier/messages?to={}", self.number.replace('+', "%2B"))).await;
        answer.json().as_array().expect("a list").clone()
    }

    pub async fn texts_received(&self) -> Vec<String> {
        self.received_messages().await.iter().map(|sms| sms["text"].as_str().expect("a text").to_owned()).collect()
    }

    /// Sets how the carrier answers the next message to this phone.
    pub async fn next_is(&self, answer: &str) {
        let steered = self.stack.post_form("/local/carrier/next", &[("to", &self.number), ("answer", answer)]).await;
        assert_eq!(steered.status, 204, "{}", steered.body);
    }

    /// Sets the outcome of future messages to this phone.
    pub async fn is(&self, fate: &str) {
        let decided = self.stack.post_form("/local/carrier/fates", &[("to", &self.number), ("fate", fate)]).await;
        assert_eq!(decided.status, 204, "{}", decided.body);
    }

    /// Publishes a delivery receipt for the newest message to this phone. Returns when the receipt is recorded.
    pub async fn receipt(&self, event: &str, is_final: bool) {
        let fields = [("to", &*self.number), ("event", event), ("final", if is_final { "true" } else { "false" })];
        let told = self.stack.post_form("/local/carrier/receipts", &fields).await;
        assert_eq!(told.status, 204, "{}", told.body);
    }
}
