/// Why a sign-in failed. The sign-in page has a sentence for each reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// The identity provider, or something we need for the request, is unreachable or rejects our client. Nobody can
    /// sign in.
    Unavailable,
    /// This browser began no such attempt, or began it too long ago.
    Stale,
    /// The identity provider's answer does not prove who the person is.
    Refused,
    /// The identity provider knows the person, but no company here does.
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
/// It has nothing of the requests or responses, which can contain tokens, addresses or secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignInFailure {
    pub(crate) reason: FailureReason,
    pub(crate) what: &'static str,
}

/// A callback without a known attempt.
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
