use serde_json::Value;

use crate::TestStack;

/// A customer's phone.
#[derive(Clone)]
pub struct CustomerPhone<'a> {
    pub stack: &'a TestStack,
    pub number: String,
}

impl CustomerPhone<'_> {
    /// Texts a line of a company's.
    pub async fn texts(&self, line: &str, text: &str) {
        let fields = [("from", self.number.as_str()), ("to", line), ("text", text)];
        let answer = self.stack.post_form("/local/handset/messages", &fields).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// What has reached it, oldest first.
    pub async fn received_messages(&self) -> Vec<Value> {
        let answer = self.stack.get(&format!("/local/carrier/messages?to={}", self.number.replace('+', "%2B"))).await;
        answer.json().as_array().expect("a list").clone()
    }

    pub async fn texts_received(&self) -> Vec<String> {
        self.received_messages().await.iter().map(|sms| sms["text"].as_str().expect("a text").to_owned()).collect()
    }

    /// How the carrier answers the next message to this phone.
    pub async fn next_is(&self, answer: &str) {
        let steered = self.stack.post_form("/local/carrier/next", &[("to", &self.number), ("answer", answer)]).await;
        assert_eq!(steered.status, 204, "{}", steered.body);
    }

    /// What becomes of messages to this phone from now on.
    pub async fn is(&self, fate: &str) {
        let decided = self.stack.post_form("/local/carrier/fates", &[("to", &self.number), ("fate", fate)]).await;
        assert_eq!(decided.status, 204, "{}", decided.body);
    }

    /// The SMS service tells what became of the newest message to this phone. It is recorded when this ends.
    pub async fn receipt(&self, event: &str, is_final: bool) {
        let fields = [("to", &*self.number), ("event", event), ("final", if is_final { "true" } else { "false" })];
        let told = self.stack.post_form("/local/carrier/receipts", &fields).await;
        assert_eq!(told.status, 204, "{}", told.body);
    }
}
