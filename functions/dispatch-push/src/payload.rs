//! The payload of a push notification: the text that it shows, and the page that a click opens.

use std::fmt;

use domain::{
    AppointmentId, CallOutcome, Company, ConversationSummary, Customer, PushTest, Timestamp, shown_text, truncate,
};
use serde::{Serialize, Serializer};

use crate::push_changes::AddedBrowser;
use crate::push_event::{EventContent, PushEvent};

/// The maximum size of a payload, in bytes. A push service must accept 4,096 bytes of encrypted content, but some
/// accept less.
const LARGEST: usize = 2800;

/// The maximum length of the title, which is a customer's name, in bytes.
const LONGEST_TITLE: usize = 300;

/// The payload that the service worker receives, as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct NotificationPayload {
    /// The id of the push notification. Repeated push notifications of the same event have the same id.
    id: String,
    kind: &'static str,
    conversation: Option<String>,
    title: String,
    body: NotificationBody,
    at: String,
    /// The number of customers who wait for an answer.
    unanswered: u32,
}

/// The body of a push notification: the text, followed by the customer's next appointment, if any.
#[derive(Debug)]
struct NotificationBody {
    text: String,
    next: Option<String>,
}

/// The customer of an event.
pub(crate) struct EventCustomer<'a> {
    pub(crate) conversation: &'a ConversationSummary,
    pub(crate) customer: Option<&'a Customer>,
    pub(crate) company: &'a Company,
}

impl NotificationPayload {
    /// Builds the payload of an event. Without `shows_text`, the payload says only what kind of event it is. It
    /// contains neither the text nor the customer's name.
    pub(crate) fn of_news(news: &PushEvent, whom: &EventCustomer<'_>, shows_text: bool, unanswered: u32) -> Self {
        let (kind, body) = match &news.content {
            EventContent::Text(text) if shows_text => {
                ("message", NotificationBody { text: shown_text(text).to_owned(), next: next(whom) })
            }
            EventContent::Text(_) => ("message", NotificationBody::from_text("New message")),
            // The next appointment is left out, because the text contains the appointment of the call.
            EventContent::ByPhone { outcome, appointment } if shows_text => {
                ("call", NotificationBody::from_text(&call_text(*outcome, appointment.as_ref(), whom)))
            }
            EventContent::ByPhone { .. } => ("call", NotificationBody::from_text("A call needs an answer")),
            EventContent::NotDelivered { sentence, .. } if shows_text => {
                ("not-delivered", NotificationBody::from_text(sentence))
            }
            EventContent::NotDelivered { is_known: true, .. } => {
                ("not-delivered", NotificationBody::from_text("A message was not delivered"))
            }
            EventContent::NotDelivered { .. } => {
                ("not-delivered", NotificationBody::from_text("A message may not have gone out"))
            }
        };
        let title = if shows_text { name(whom) } else { "Switchboard".to_owned() };
        let conversation = Some(news.conversation.to_string());
        // A second push notification follows when a message is known to have failed. With the same id, it would count
        // as a repeat.
        let open = if news.is_known() { "" } else { "-open" };
        let (id, at) = (format!("{}{open}", news.position), news.since_when().to_string());
        Self { id, kind, conversation, title, body, at, unanswered }
    }

    /// Builds the payload of a test notification.
    pub(crate) fn of_test(test: &PushTest, unanswered: u32) -> Self {
        Self {
            id: test.nonce.clone(),
            kind: "test",
            conversation: None,
            title: "Notifications work".to_owned(),
            body: NotificationBody::from_text("This is the test that you asked for."),
            at: test.at.to_string(),
            unanswered,
        }
    }

    /// Builds the payload about an added browser, for the other browsers of the same member of staff. They then learn
    /// of a browser that was added with a stolen session.
    pub(crate) fn of_added(added: &AddedBrowser, unanswered: u32) -> Self {
        let body = format!(
            "{}. Was it not you? Remove it in the settings of notifications, and sign out everywhere.",
            added.name
        );
        Self {
            id: format!("{}-{}", added.subscription, added.at.as_millis()),
            kind: "browser-added",
            conversation: None,
            title: "Notifications are on in one more browser".to_owned(),
            body: NotificationBody::from_text(&body),
            at: added.at.to_string(),
            unanswered,
        }
    }

    /// Serializes the payload as JSON. Truncates the text if the payload would be too large.
    pub(crate) fn payload(mut self) -> Result<Vec<u8>, serde_json::Error> {
        loop {
            let payload = serde_json::to_vec(&self)?;
            let over = payload.len().saturating_sub(LARGEST);
            if over == 0 || self.body.text.is_empty() {
                return Ok(payload);
            }
            // Each byte of text takes at least one byte in the JSON, so removing `over` bytes is enough.
            let length = self.body.text.len().saturating_sub(over);
            self.body.text = truncate(&self.body.text, length);
        }
    }
}

impl NotificationBody {
    fn from_text(said: &str) -> Self {
        Self { text: said.to_owned(), next: None }
    }
}

impl fmt::Display for NotificationBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.next {
            Some(next) => write!(f, "{}\n{next}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Serialize for NotificationBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn name(whom: &EventCustomer<'_>) -> String {
    let number = || whom.conversation.sender.shown_in(whom.company.region);
    truncate(&whom.conversation.name.clone().unwrap_or_else(number), LONGEST_TITLE)
}

/// Returns the line about the next appointment. The line contains the full date, since staff may read the notification
/// on a later day.
fn next(whom: &EventCustomer<'_>) -> Option<String> {
    let next = whom.conversation.next.as_ref()?;
    Some(format!("Next appointment: {}", day_and_time(next.start, whom.company)))
}

fn day_and_time(at: Timestamp, company: &Company) -> String {
    let (day, time) = company.time_zone.local(at);
    format!("{} at {time}", day.written_out())
}

fn call_text(outcome: CallOutcome, appointment: Option<&AppointmentId>, whom: &EventCustomer<'_>) -> String {
    let says = match outcome {
        CallOutcome::Declined => "Declined the appointment",
        CallOutcome::AsksToReschedule => "Asks to reschedule the appointment",
        CallOutcome::Failed
        | CallOutcome::NoAnswer
        | CallOutcome::Answered
        | CallOutcome::Voicemail
        | CallOutcome::Confirmed => outcome.words(),
    };
    let bookings = whom.customer.map(|customer| customer.bookings.as_slice()).unwrap_or_default();
    match bookings.iter().find(|booking| Some(&booking.id) == appointment) {
        Some(booking) => format!("{says} on {}", day_and_time(booking.start, whom.company)),
        None => says.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const NEXT: &str = "Next appointment: Monday, 30 November 2026 at 15:00";

    fn body(said: &str, next: Option<&str>) -> String {
        let test = PushTest { nonce: "nonce".to_owned(), at: Timestamp::from_millis(0) };
        let mut shown = NotificationPayload::of_test(&test, 3);
        shown.body = NotificationBody { text: said.to_owned(), next: next.map(str::to_owned) };
        let payload = shown.payload().unwrap();
        assert!(payload.len() <= LARGEST, "{} bytes", payload.len());
        serde_json::from_slice::<Value>(&payload).unwrap()["body"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_text_is_whole_if_it_fits_and_is_otherwise_cut_between_characters() {
        assert_eq!(body("hello", None), "hello");
        for long in ["x", "é", "字", "👋🏽", "\"", "\n", "\u{7}", " "] {
            let long = long.repeat(5000);
            let cut = body(&long, None);
            let kept = cut.strip_suffix('…').unwrap_or(&cut);
            assert!(long.starts_with(kept), "{cut}");
        }
        assert!(body(&"字".repeat(5000), None).len() > 2500);
    }

    #[test]
    fn the_next_appointment_stands_below_the_text_and_is_whole_however_long_that_is() {
        assert_eq!(body("hello", Some(NEXT)), format!("hello\n{NEXT}"));
        for long in ["x", "字", "\"", "\u{7}", "\n"] {
            let cut = body(&long.repeat(5000), Some(NEXT));
            assert!(cut.ends_with(&format!("\n{NEXT}")), "{cut}");
        }
        assert!(body(&"字".repeat(5000), Some(NEXT)).len() > 2500);
    }
}
