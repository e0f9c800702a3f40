use serde_json::Value;

use crate::House;

/// A customer's phone.
#[derive(Clone)]
pub struct Phone<'a> {
    pub house: &'a House,
    pub number: String,
}

impl Phone<'_> {
    /// Texts a line of a company's.
    pub async fn texts(&self, line: &str, text: &str) {
        let fields = [("from", self.number.as_str()), ("to", line), ("text", text)];
        let answer = self.house.post_form("/local/handset/messages", &fields).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// What has reached it, oldest first.
    pub async fn received(&self) -> Vec<Value> {
        let answer = self.house.get(&format!("/local/carrier/messages?to={}", self.number.replace('+', "%2B"))).await;
        answer.json().as_array().expect("a list").clone()
    }

    pub async fn texts_received(&self) -> Vec<String> {
        self.received().await.iter().map(|sms| sms["text"].as_str().expect("a text").to_owned()).collect()
    }

    /// How the carrier answers the next message to this phone.
    pub async fn next_is(&self, answer: &str) {
        let steered = self.house.post_form("/local/carrier/next", &[("to", &self.number), ("answer", answer)]).await;
        assert_eq!(steered.status, 204, "{}", steered.body);
    }
}
