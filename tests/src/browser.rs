use reqwest::Method;
use serde_json::{Value, json};

use crate::{NOBODY_LISTENS, SendOptions, StaffClient, TestResponse};

/// A browser, identified by the endpoint of its push subscription.
#[derive(Clone, Debug)]
pub struct Browser {
    pub endpoint: String,
    pub user_agent: &'static str,
}

/// The browser's keys in the example of RFC 8291 (appendix A).
pub const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
pub const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

impl Browser {
    /// Returns a Firefox whose endpoint is unique to `name`. No push notification reaches the browser.
    #[must_use]
    pub fn firefox(name: &str) -> Self {
        Self {
            endpoint: format!("{NOBODY_LISTENS}/wpush/v2/{name}"),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        }
    }

    /// Returns the subscription as `PushSubscription.toJSON()` does.
    #[must_use]
    pub fn subscription(&self) -> Value {
        json!({"endpoint": self.endpoint, "expirationTime": null, "keys": {"p256dh": P256DH, "auth": AUTH}})
    }
}

impl StaffClient<'_> {
    /// Turns notifications on in a browser, or confirms that they are still on.
    pub async fn is_notified_in(&self, browser: &Browser) -> TestResponse {
        self.puts_subscription(browser, &browser.subscription()).await
    }

    pub async fn puts_subscription(&self, browser: &Browser, subscription: &Value) -> TestResponse {
        let request = self.request(Method::PUT, "/api/push-subscriptions").header("accept", "application/json");
        let answer = self.send(request.header("user-agent", browser.user_agent).json(subscription)).await;
        let here = subscription["endpoint"].as_str().is_some_and(|endpoint| endpoint.starts_with("http://127.0.0.1:"));
        assert!(here || answer.status >= 400, "what is kept is pushed to: a test's browser is on this machine");
        answer
    }

    /// Turns notifications on as a click on "Turn on" does.
    pub async fn turns_on(&self, browser: &Browser) -> TestResponse {
        let mut subscription = browser.subscription();
        subscription["turnedOn"] = json!(true);
        self.puts_subscription(browser, &subscription).await
    }

    /// Replaces a subscription with that of `browser`. `before` is the id or the endpoint of the old one.
    pub async fn replaces(&self, before: &str, browser: &Browser) -> TestResponse {
        let mut subscription = browser.subscription();
        subscription["replaces"] = json!(before);
        self.puts_subscription(browser, &subscription).await
    }

    /// Returns the notification settings of the member of staff, with their browsers.
    pub async fn push_settings(&self) -> Value {
        self.get("/api/push-subscriptions").await.json()
    }

    /// Returns the ids of the browsers in which the member of staff is notified.
    pub async fn browsers(&self) -> Vec<String> {
        let settings = self.push_settings().await;
        let browsers = settings["browsers"].as_array().expect("browsers").iter();
        browsers.map(|browser| browser["id"].as_str().expect("an id").to_owned()).collect()
    }

    pub async fn removes_browser(&self, id: &str) -> TestResponse {
        let request = self.request(Method::DELETE, &format!("/api/push-subscriptions/{id}"));
        self.send(request.header("accept", "application/json")).await
    }

    pub async fn tests_browser(&self, id: &str) -> TestResponse {
        self.post(&format!("/api/push-subscriptions/{id}/test"), &json!({}), SendOptions::default()).await
    }

    pub async fn sets_pushes(&self, settings: &Value) -> TestResponse {
        let request = self.request(Method::PUT, "/api/push-settings").header("accept", "application/json");
        self.send(request.json(settings)).await
    }
}
