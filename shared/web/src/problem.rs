use domain::{InvalidAppointment, InvalidDraft, InvalidLocalTime, InvalidPhoneNumber, InvalidText, SendError};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use crate::{ResponseFormat, WebResponse};

const SIGN_IN_AGAIN: &str = "sign-in-again";

/// Why a request failed: a status and a code for API clients, and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// The seconds after which the same request would succeed, if known.
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// Returns the problem for a conversation that does not exist or belongs to another company. The response is the
    /// same in both cases.
    #[must_use]
    pub fn no_conversation() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-conversation",
            "There is no such conversation, or nothing was said in it lately.",
        )
    }

    /// Returns the problem for a message that does not exist or is older than the retention.
    #[must_use]
    pub fn no_message() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-message", "There is no such message, or it was too long ago to be kept.")
    }

    /// Returns the problem for a session whose company is no longer served.
    #[must_use]
    pub fn no_company() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "no-company",
            "Your company is not served here any more. Ask your administrator.",
        )
    }

    /// Returns the problem for an appointment that does not exist or belongs to another company. The response is the
    /// same in both cases.
    #[must_use]
    pub fn no_appointment() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-appointment",
            "There is no such appointment, or it was too long ago to be kept.",
        )
    }

    /// Returns the problem for a draft name that belongs to no form.
    #[must_use]
    pub fn no_form() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-form", "There is no form of that name to keep a draft of.")
    }

    /// Returns the problem for a session that has ended.
    #[must_use]
    pub fn session_ended() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "session-ended", "Your session has ended. Sign in again to go on.")
    }

    /// Returns the problem for a request that was sent to the API's address instead of the portal's.
    ///
    /// The sentence does not say what the request lacks.
    #[must_use]
    pub fn around_the_portal() -> Self {
        Self::new(
            // The status is not 403, because CloudFront replaces a 403 by the site's page for missing pages. A wrong
            // configuration can also cause this problem, and that page would hide it.
            StatusCode::UNAUTHORIZED,
            "around-the-portal",
            "Switchboard is only to be reached at its portal's address. If you are there, tell whoever operates it.",
        )
    }

    /// Returns the problem for a temporary failure. The same request can succeed later.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Switchboard cannot reach its records just now. Nothing is lost; try again in a moment.",
        )
    }

    /// Returns the problem for an action that needs a more recent sign-in.
    ///
    /// As HTML, the problem has a link that leads to the identity provider and back.
    #[must_use]
    pub fn sign_in_again(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, SIGN_IN_AGAIN, message)
    }

    /// Builds the response with the code and the sentence.
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

/// The response contains no details of the error. The error's name is logged.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::SignedOut = error {
            return Self::session_ended();
        }
        if let StoreError::Contended { .. } = error {
            // Contention comes from one user's simultaneous writes to one item, and affects no other user. So it is
            // logged as a warning only.
            tracing::warn!(%error, "a write was abandoned: too many conflicts");
            return Self {
                retry_after: Some(1),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "too-many-writers",
                    "Others are changing the same thing at this moment, and what you sent was not saved. Try again in a moment.",
                )
            };
        }
        tracing::error!(%error, "a table operation failed");
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
