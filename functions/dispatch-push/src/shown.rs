//! What a browser is pushed: what its notification shows, and where a click leads.

use domain::{AppointmentId, CallOutcome, Company, Conversation, Customer, PushTest};
use serde::Serialize;

use crate::news::{News, Said};

/// In bytes. A push service takes 4,096 encrypted, some only in the name of it.
const LARGEST: usize = 2800;

/// A name in a notification's title, in bytes.
const LONGEST_TITLE: usize = 300;

#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// The same for every push of the same thing.
    id: String,
    kind: &'static str,
    conversation: Option<String>,
    title: String,
    body: String,
    at: String,
    /// How many customers wait.
    unanswered: u32,
}

/// Whom news are of.
pub(crate) struct Whom<'a> {
    pub(crate) conversation: &'a Conversation,
    pub(crate) customer: Option<&'a Customer>,
    pub(crate) company: &'a Company,
}

impl Shown {
    /// Without the text, and what was said of an appointment, where others may look at the screen.
    pub(crate) fn of_news(news: &News, whom: &Whom<'_>, shows_text: bool, unanswered: u32) -> Self {
        let number = || whom.conversation.number.shown_in(whom.company.region);
        let mut title = whom.conversation.name.clone().unwrap_or_else(number);
        cut(&mut title, LONGEST_TITLE);
        let (kind, body) = match &news.said {
            Said::Text(text) => ("message", if shows_text { text.clone() } else { "New message".to_owned() }),
            Said::ByPhone { outcome, appointment } if shows_text => {
                ("call", words(*outcome, appointment.as_ref(), whom))
            }
            Said::ByPhone { .. } => ("call", "A call needs an answer".to_owned()),
        };
        let conversation = Some(news.conversation.to_string());
        let (id, at) = (news.position.to_string(), news.position.at.to_string());
        Self { id, kind, conversation, title, body, at, unanswered }
    }

    pub(crate) fn of_test(test: &PushTest, unanswered: u32) -> Self {
        Self {
            id: test.nonce.clone(),
            kind: "test",
            conversation: None,
            title: "Notifications work".to_owned(),
            body: "This is the test that you asked for.".to_owned(),
            at: test.at.to_string(),
            unanswered,
        }
    }

    /// As JSON, with as much of the text as fits.
    pub(crate) fn payload(mut self) -> Result<Vec<u8>, serde_json::Error> {
        loop {
            let payload = serde_json::to_vec(&self)?;
            let over = payload.len().saturating_sub(LARGEST);
            if over == 0 || self.body.is_empty() {
                return Ok(payload);
            }
            // What is written in one byte here takes at least one there.
            let length = self.body.len().saturating_sub(over);
            cut(&mut self.body, length);
        }
    }
}

/// Cuts what is longer than so many bytes at the end of a character, and says so.
fn cut(text: &mut String, longest: usize) {
    const MORE: &str = "…";
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest.saturating_sub(MORE.len())));
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push_str(MORE);
        }
    }
}

fn words(outcome: CallOutcome, appointment: Option<&AppointmentId>, whom: &Whom<'_>) -> String {
    let says = match outcome {
        CallOutcome::Declined => "Declined the appointment",
        CallOutcome::AsksToReschedule => "Asks to reschedule the appointment",
        CallOutcome::Failed | CallOutcome::NoAnswer | CallOutcome::Voicemail | CallOutcome::Confirmed => {
            outcome.words()
        }
    };
    let bookings = whom.customer.map(|customer| customer.bookings.as_slice()).unwrap_or_default();
    match bookings.iter().find(|booking| Some(&booking.id) == appointment) {
        Some(booking) => {
            let (day, time) = whom.company.time_zone.local(booking.start);
            format!("{says} on {} at {time}", day.written_out())
        }
        None => says.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use serde_json::Value;

    use super::*;

    fn shown(body: &str) -> Shown {
        let test = PushTest { nonce: "nonce".to_owned(), at: Timestamp::from_millis(0) };
        Shown { body: body.to_owned(), ..Shown::of_test(&test, 3) }
    }

    fn body(text: &str) -> String {
        let payload = shown(text).payload().unwrap();
        assert!(payload.len() <= LARGEST, "{} bytes", payload.len());
        serde_json::from_slice::<Value>(&payload).unwrap()["body"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_text_is_whole_if_it_fits_and_is_otherwise_cut_between_characters() {
        assert_eq!(body("hello"), "hello");
        for long in ["x", "é", "字", "👋🏽", "\"", "\n", "\u{7}", " "] {
            let long = long.repeat(5000);
            let cut = body(&long);
            let kept = cut.strip_suffix('…').unwrap_or(&cut);
            assert!(long.starts_with(kept), "{cut}");
        }
        assert!(body(&"字".repeat(5000)).len() > 2500);
    }
}
