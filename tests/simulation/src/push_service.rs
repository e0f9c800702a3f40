//! A push service and its browsers, which decrypt their push notifications.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ece::EcKeyComponents;
use serde_json::{Value, json};

/// The host of a push service that the egress policy allows.
pub(crate) const HOST: &str = "fcm.googleapis.com";

/// The key pair and secret of every browser, from section 5 of RFC 8291, so that no key is random.
const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const PUBLIC: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";

#[derive(Clone, Default)]
pub(crate) struct PushService {
    /// The payloads of the push notifications, by the path of the endpoint.
    pushed: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
}

/// Returns a browser's subscription as `PushSubscription.toJSON()` does.
pub(crate) fn subscription(browser: &str) -> Value {
    json!({"endpoint": format!("https://{HOST}{}", path(browser)), "keys": {"p256dh": PUBLIC, "auth": SECRET}})
}

fn path(browser: &str) -> String {
    format!("/fcm/send/{browser}")
}

impl PushService {
    /// Answers a push, and stores its payload.
    pub(crate) fn answer(&self, path: &str, body: &[u8]) -> StatusCode {
        let Some(read) = read(body) else { return StatusCode::BAD_REQUEST };
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).entry(path.to_owned()).or_default().push(read);
        StatusCode::CREATED
    }

    /// Returns the push notifications of a browser, in the order in which they arrived.
    pub(crate) fn pushed_to(&self, browser: &str) -> Vec<Value> {
        let pushed = self.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        pushed.get(&path(browser)).cloned().unwrap_or_default()
    }
}

fn read(body: &[u8]) -> Option<Value> {
    let [private, public, secret] = [PRIVATE, PUBLIC, SECRET].map(|text| URL_SAFE_NO_PAD.decode(text));
    let keys = EcKeyComponents::new(private.ok()?, public.ok()?);
    serde_json::from_slice(&ece::decrypt(&keys, &secret.ok()?, body).ok()?).ok()
}
