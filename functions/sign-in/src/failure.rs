/// The reason why a sign-in failed. The sign-in page has a sentence for each reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// Nobody can sign in. The identity provider or an AWS service is unreachable, or the provider rejects the client's
    /// credentials.
    Unavailable,
    /// This browser did not begin the attempt, or began it too long ago.
    Stale,
    /// The identity provider's response does not prove the identity of the user.
    Refused,
    /// The identity provider confirmed the user's identity, but the user is not on the staff of a company here.
    Stranger,
}

impl FailureReason {
    /// Returns the fragment of the sign-in page for this reason.
    pub(crate) fn anchor(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Stranger => "stranger",
        }
    }
}

/// A reason with a description for operators.
///
/// The description quotes nothing from requests or responses, which can contain tokens, addresses or secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignInFailure {
    pub(crate) reason: FailureReason,
    pub(crate) what: &'static str,
}

/// The failure for a callback without a known attempt.
pub(crate) const STALE: SignInFailure =
    SignInFailure { reason: FailureReason::Stale, what: "a callback without its attempt" };

pub(crate) const fn unavailable(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Unavailable, what }
}

pub(crate) const fn rejected(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Refused, what }
}

pub(crate) const fn stranger(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Stranger, what }
}
