use domain::{InvalidAppointment, InvalidDraft, InvalidLocalTime, InvalidPhoneNumber, InvalidText, SendError};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use crate::{ResponseFormat, WebResponse};

const SIGN_IN_AGAIN: &str = "sign-in-again";

/// Why a request was not done: a status and a code for programs, a sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// In how many seconds the same would be done, if that is known.
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// Also for what is another company's: as if it did not exist.
    #[must_use]
    pub fn no_conversation() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-conversation",
            "There is no such conversation, or nothing was said in it lately.",
        )
    }

    /// Also for what is beyond the retention.
    #[must_use]
    pub fn no_message() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-message", "There is no such message, or it was too long ago to be kept.")
    }

    #[must_use]
    pub fn no_company() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "no-company",
            "Your company is not served here any more. Ask your administrator.",
        )
    }

    /// Also for what is another company's: as if it did not exist.
    #[must_use]
    pub fn no_appointment() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-appointment",
            "There is no such appointment, or it was too long ago to be kept.",
        )
    }

    #[must_use]
    pub fn no_form() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-form", "There is no form of that name to keep a draft of.")
    }

    #[must_use]
    pub fn session_ended() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "session-ended", "Your session has ended. Sign in again to go on.")
    }

    /// For what was sent to the API's own address. Says nothing of what is missing.
    #[must_use]
    pub fn around_the_portal() -> Self {
        Self::new(
            // Not 403: in front of the portal that stands for a page that is not there, and whoever operates it may have it
            // refused by mistake.
            StatusCode::UNAUTHORIZED,
            "around-the-portal",
            "Switchboard is only to be reached at its portal's address. If you are there, tell whoever operates it.",
        )
    }

    /// For what failed and will be done another time.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Switchboard cannot reach its records just now. Nothing is lost; try again in a moment.",
        )
    }

    /// For what a session is not enough for. As HTML it has a link that leads to the identity provider and back.
    #[must_use]
    pub fn sign_in_again(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, SIGN_IN_AGAIN, message)
    }

    /// The answer that says so, with the code and the sentence.
    #[must_use]
    pub fn answer(&self, format: ResponseFormat) -> WebResponse {
        let body = || json!({"error": {"code": self.code, "message": self.message}});
        let shown = || match self.code {
            SIGN_IN_AGAIN => views::to_sign_in_again(&self.message),
            _ => views::problem(&self.message),
        };
        let answer = format.answer(shown, body).with_status(self.status);
        match self.retry_after {
            Some(secs) => answer.with_header("retry-after", &secs.to_string()),
            None => answer,
        }
    }
}

/// Nothing of the error itself is shown: it is logged, by name.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::SignedOut = error {
            return Self::session_ended();
        }
        if let StoreError::Contended { .. } = error {
            // Whoever writes the same thing many times at once does it to themselves, and to nobody else.
            tracing::warn!(%error, "a write gave way to others");
            return Self {
                retry_after: Some(1),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "too-many-writers",
                    "Others are changing the same thing at this moment, and what you sent was not saved. Try again in a moment.",
                )
            };
        }
        tracing::error!(%error, "the table did not do what was asked");
        Self::unavailable()
    }
}

impl From<InvalidText> for Problem {
    fn from(error: InvalidText) -> Self {
        let code = match error {
            InvalidText::Empty => "empty-text",
            InvalidText::TooLong(_) => "text-too-long",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<InvalidDraft> for Problem {
    fn from(error: InvalidDraft) -> Self {
        let code = match error {
            InvalidDraft::Fields => "bad-fields",
            InvalidDraft::TooLong => "draft-too-long",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<InvalidAppointment> for Problem {
    fn from(error: InvalidAppointment) -> Self {
        let code = match error {
            InvalidAppointment::Id => "bad-id",
            InvalidAppointment::Name => "bad-name",
            InvalidAppointment::Service => "bad-service",
            InvalidAppointment::Notes(_) => "notes-too-long",
            InvalidAppointment::Length => "bad-length",
            InvalidAppointment::Provider => "bad-provider",
            InvalidAppointment::Status => "bad-status",
            InvalidAppointment::Moment(InvalidLocalTime::UnreadableDay | InvalidLocalTime::NoSuchDay(_)) => "bad-day",
            InvalidAppointment::Moment(InvalidLocalTime::UnreadableTime) => "bad-time",
            InvalidAppointment::Moment(InvalidLocalTime::Skipped { .. }) => "no-such-time",
            InvalidAppointment::LongAgo(_) | InvalidAppointment::FarOff => "bad-start",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<InvalidPhoneNumber> for Problem {
    fn from(error: InvalidPhoneNumber) -> Self {
        let code = if matches!(error, InvalidPhoneNumber::OurOwn(_)) { "own-line" } else { "not-a-mobile-number" };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<SendError> for Problem {
    fn from(refusal: SendError) -> Self {
        let code = match refusal {
            SendError::OptedOut => "opted-out",
            SendError::InvalidNumber => "invalid-number",
            SendError::NotVerified => "number-not-verified",
            SendError::BlockedCountry => "country-blocked",
            SendError::BlockedNumber => "number-blocked",
            SendError::SpendLimit => "spend-limit",
            SendError::Price => "too-expensive",
            SendError::Body => "text-not-accepted",
            SendError::Line => "line-cannot-send",
            SendError::Throttled => "throttled",
            SendError::Unreachable => "carrier-unreachable",
            SendError::Other => "refused",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, refusal.sentence())
    }
}
